-- Aggregates with a condition of their own (catalogue case C15).

-- case: filter_clause | aggregate | units sum
select person_id, count(*) filter (where spell_id = 'S1') as units from hospital_spell group by person_id

-- case: case_on_record_key | identifying | units sum
select person_id, sum(case when spell_id = 'S1' then 1 else 0 end) as units from hospital_spell group by person_id

-- case: distinct_sum | aggregate | units sum
select person_id, sum(distinct length_of_stay_days) as units from hospital_spell group by person_id
