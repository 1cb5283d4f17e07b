-- Sums within one person; medians come from the counts of bins.

-- case: sum_of_each | units sum
select person_id, sum(length_of_stay_days) as units from hospital_spell group by person_id

-- case: bins_of_a_median | level level
select person_id, case when length_of_stay_days < 2 then '0-1' when length_of_stay_days < 7 then '2-6' else '7+' end as level from hospital_spell
