-- HAVING over groups of people (catalogue case C7).

-- case: having_without_person | grouping | month period
select admission_date as month from hospital_spell group by admission_date having count(*) = 1

-- case: having_over_people | grouping | month period
select s.person_id, s.admission_date as month from hospital_spell s join (select treatment_function_code from hospital_spell group by treatment_function_code having count(distinct person_id) = 1) r on r.treatment_function_code = s.treatment_function_code
