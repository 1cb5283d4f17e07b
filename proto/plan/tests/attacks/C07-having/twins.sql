-- HAVING over the rows of one person.

-- case: exactly_once | month period
select person_id, min(admission_date) as month from hospital_spell group by person_id having count(*) = 1

-- case: at_least_n_times | level level
select person_id, primary_diagnosis_code as level from hospital_spell group by person_id, primary_diagnosis_code having count(distinct spell_id) >= $n
