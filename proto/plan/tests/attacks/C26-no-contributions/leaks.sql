-- Output that is not contributions (catalogue case C26).

-- case: no_person | output | month period
select admission_date as month from hospital_spell

-- case: person_is_literal | person | month period
select 1 as person_id, admission_date as month from hospital_spell

-- case: person_is_parameter | person | month period
select $n as person_id, admission_date as month from hospital_spell

-- case: person_renamed_number | person | month period
select length_of_stay_days as person_id, admission_date as month from hospital_spell

-- case: person_count | person | month period
select p as person_id, month from (select person_id, count(*) as p, min(admission_date) as month from hospital_spell group by person_id) x

-- case: person_coalesced | identifying | month period
select coalesce(a.person_id, b.person_id) as person_id, a.admission_date as month from hospital_spell a left join person b on a.person_id = b.person_id

-- case: person_computed | identifying | month period
select person_id + 0 as person_id, admission_date as month from hospital_spell

-- case: rows_of_a_lookup | person | level level
select gp_practice_code as person_id, locality as level from practice_locality

-- case: distinct_without_person | grouping | level level
select distinct primary_diagnosis_code as level from hospital_spell

-- case: union_distinct_without_person | grouping | level level
select primary_diagnosis_code as level from hospital_spell union select icd10_code from spell_diagnosis

-- case: too_many_columns | output | month period
select person_id, admission_date as month, treatment_function_code as more from hospital_spell

-- case: missing_column | output | month period
select person_id from hospital_spell

-- case: text_for_a_date | output | month period
select person_id, primary_diagnosis_code as month from hospital_spell

-- case: number_for_a_level | output | level level
select person_id, length_of_stay_days as level from hospital_spell

-- case: float_for_a_sum | output | units sum
select person_id, numeric_value as units from clinical_event

-- case: long_decimal_for_a_sum | output | units sum
select person_id, cost_gbp * 1.001 as units from hospital_spell

-- case: boolean_for_a_sum | output | units sum
select person_id, admitted as units from ed_attendance
