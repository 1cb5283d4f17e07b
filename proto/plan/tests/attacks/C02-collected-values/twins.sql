-- One value of each person in place of all of them.

-- case: one_code_of_each | level level
select person_id, min(primary_diagnosis_code) as level from hospital_spell group by person_id

-- case: every_code_of_each_once | level level
select distinct person_id, primary_diagnosis_code as level from hospital_spell
