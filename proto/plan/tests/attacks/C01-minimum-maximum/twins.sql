-- Minimum and maximum within one person.

-- case: first_admission_of_each | month period
select person_id, min(admission_date) as month from hospital_spell group by person_id

-- case: last_code_of_each_at_a_place | level level
select s.person_id, max(s.primary_diagnosis_code) as level from hospital_spell s group by s.person_id, s.site_code
