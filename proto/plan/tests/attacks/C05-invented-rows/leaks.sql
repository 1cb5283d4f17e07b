-- Invented rows (catalogue case C5).

-- case: values_in_from | clause | month period
select person_id, admission_date as month from hospital_spell union all select v.a, v.b from (values (1, date '2024-01-01')) as v(a, b)

-- case: values_alone | clause | month period
values (1, date '2024-01-01')

-- case: invented_people | clause | month period
select person_id, admission_date as month from hospital_spell union all select 7 as person_id, date '2024-01-01' as month

-- case: invented_person_from_table | identifying | month period
select person_id, admission_date as month from hospital_spell union all select 7, admission_date from hospital_spell

-- case: person_of_another_column | identifying | month period
select person_id, admission_date as month from hospital_spell union all select length_of_stay_days, admission_date from hospital_spell

-- case: table_statement | syntax | month period
table hospital_spell

-- case: perhaps_nobody | person | month period
select person_id, admission_date as month from hospital_spell union all select b.person_id, a.admission_date from hospital_spell a left join person b on b.person_id = a.person_id

-- case: person_beside_key_of_text | identifying | level level
select person_id, primary_diagnosis_code as level from hospital_spell union all select spell_id, primary_diagnosis_code from hospital_spell
