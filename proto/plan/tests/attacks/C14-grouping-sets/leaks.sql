-- Grouping without the person, by the back door (catalogue case C14).

-- case: cube | clause | month period
select person_id, admission_date as month from hospital_spell group by cube (person_id, admission_date)

-- case: rollup | clause | month period
select person_id, admission_date as month from hospital_spell group by rollup (person_id, admission_date)

-- case: grouping_sets | clause | month period
select person_id, admission_date as month from hospital_spell group by grouping sets ((person_id), (admission_date))

-- case: group_by_all | clause | month period
select person_id, admission_date as month from hospital_spell group by all
