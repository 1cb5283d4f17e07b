-- Subqueries that read other people (catalogue case C10).

-- case: exists_of_another | subquery | month period
select person_id, admission_date as month from hospital_spell s where exists (select 1 from hospital_spell o where o.primary_diagnosis_code = s.primary_diagnosis_code)

-- case: exists_uncorrelated | subquery | month period
select person_id, admission_date as month from hospital_spell where exists (select 1 from long_term_condition where condition = 'smi')

-- case: not_exists_uncorrelated | subquery | month period
select person_id, admission_date as month from hospital_spell where not exists (select 1 from long_term_condition where condition = 'smi')

-- case: exists_unequal_person | subquery | month period
select person_id, admission_date as month from hospital_spell s where exists (select 1 from hospital_spell o where o.person_id <> s.person_id and o.primary_diagnosis_code = s.primary_diagnosis_code)

-- case: exists_or_person | subquery | month period
select person_id, admission_date as month from hospital_spell s where exists (select 1 from hospital_spell o where o.person_id = s.person_id or o.primary_diagnosis_code = 'F209')

-- case: in_values_of_others | subquery | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code in (select primary_diagnosis_code from hospital_spell where treatment_function_code = '300')

-- case: in_record_keys_of_others | subquery | month period
select person_id, admission_date as month from hospital_spell where spell_id in (select spell_id from spell_procedure)

-- case: in_person_against_number | identifying | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days in (select person_id from person)

-- case: person_in_number | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id in (select length_of_stay_days from hospital_spell)

-- case: scalar_subquery | subquery | month period
select person_id, (select max(admission_date) from hospital_spell) as month from hospital_spell

-- case: scalar_subquery_compared | subquery | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days = (select max(length_of_stay_days) from hospital_spell)

-- case: correlated_scalar | subquery | month period
select person_id, admission_date as month from hospital_spell s where (select count(*) from hospital_spell o where o.person_id = s.person_id) > 1

-- case: exists_in_select | subquery | level level
select person_id, case when exists (select 1 from long_term_condition l where l.person_id = s.person_id) then 'yes' else 'no' end as level from hospital_spell s

-- case: lateral | clause | month period
select s.person_id, o.month from hospital_spell s join lateral (select max(admission_date) as month from hospital_spell o where o.site_code = s.site_code) o on true

-- case: any_of_subquery | expression | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days >= all (select length_of_stay_days from hospital_spell)

-- case: exists_through_lookup | subquery | month period
select person_id, admission_date as month from hospital_spell where exists (select 1 from practice_locality where locality = 'mdg-01')
