-- Aggregates that reveal or mix values (catalogue case C3).

-- case: median | function | units sum
select person_id, median(length_of_stay_days) as units from hospital_spell group by person_id

-- case: bit_xor | function | units sum
select person_id, bit_xor(length_of_stay_days) as units from hospital_spell group by person_id

-- case: avg_over_everybody | function | units sum
select avg(length_of_stay_days) as units, person_id from hospital_spell group by person_id

-- case: sum_over_everybody | grouping | units sum
select sum(length_of_stay_days) as units from hospital_spell

-- case: percentile | function | units sum
select person_id, approx_percentile_cont(length_of_stay_days, 0.5) as units from hospital_spell group by person_id
