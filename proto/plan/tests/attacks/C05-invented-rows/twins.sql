-- Unions of contributions.

-- case: two_tables | month period
select person_id, admission_date as month from hospital_spell union all select person_id, arrival_date from ed_attendance

-- case: with_what_the_record_says | level level
select person_id, 'stay' as level from hospital_spell union all select person_id, primary_diagnosis_code from hospital_spell
