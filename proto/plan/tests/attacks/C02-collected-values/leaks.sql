-- Aggregates that collect values (catalogue case C2).

-- case: array_agg | function | month period
select person_id, array_agg(admission_date) as month from hospital_spell group by person_id

-- case: string_agg | function | level level
select person_id, string_agg(primary_diagnosis_code, ',') as level from hospital_spell group by person_id

-- case: first_value | function | month period
select person_id, first_value(admission_date order by admission_date) as month from hospital_spell group by person_id

-- case: any_value | function | month period
select person_id, any_value(admission_date) as month from hospital_spell group by person_id

-- case: nth_value | function | month period
select person_id, nth_value(admission_date, 2) as month from hospital_spell group by person_id
