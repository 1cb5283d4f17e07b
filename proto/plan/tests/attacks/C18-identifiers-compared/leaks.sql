-- Identifiers compared, in WHERE and elsewhere (catalogue case C18).

-- case: person_is_number | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id = 4711

-- case: person_below_number | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id < 4711

-- case: person_in_list | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id in (1, 2, 3)

-- case: person_between | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id between 1 and 3

-- case: person_is_parameter | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id = $n

-- case: person_arithmetic | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id - 4711 = 0

-- case: person_cast | identifying | month period
select person_id, admission_date as month from hospital_spell where cast(person_id as bigint) = 4711

-- case: person_against_column | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id = length_of_stay_days

-- case: person_case | identifying | level level
select person_id, case person_id when 4711 then 'him' else 'other' end as level from person

-- case: record_key | identifying | month period
select person_id, admission_date as month from hospital_spell where spell_id = 'S1'

-- case: record_key_prefix | identifying | month period
select person_id, admission_date as month from hospital_spell where spell_id like 'S1%'

-- case: record_key_in_list | identifying | month period
select person_id, admission_date as month from hospital_spell where spell_id in ('S1', 'S2')

-- case: small_area | identifying | month period
select person_id, death_date as month from person where lsoa_code = 'E01000001'

-- case: small_area_parameter | identifying | month period
select person_id, death_date as month from person where lsoa_code = $choice

-- case: small_area_prefix | identifying | month period
select person_id, death_date as month from person where substr(lsoa_code, 1, 9) = 'E01000001'

-- case: small_area_case | identifying | month period
select person_id, death_date as month from person where case when lsoa_code is null then 'x' else lsoa_code end = 'E01000001'

-- case: care_home | identifying | month period
select person_id, start_date as month from residence_period where cqc_location_id = '1-101'

-- case: record_key_against_code | identifying | month period
select person_id, admission_date as month from hospital_spell where spell_id = primary_diagnosis_code

-- case: having_on_person | identifying | month period
select person_id, min(admission_date) as month from hospital_spell group by person_id having person_id = 4711

-- case: join_on_literal_person | identifying | month period
select a.person_id, b.admission_date as month from person a join hospital_spell b on a.person_id = b.person_id and b.person_id = 4711

-- case: person_via_lookup | identifying | month period
select person_id, admission_date as month from hospital_spell s join people_codes l on l.code = s.spell_id

-- case: opted_out | identifying | month period
select person_id, death_date as month from person where opted_out

-- case: person_is_true_trick | identifying | month period
select person_id, admission_date as month from hospital_spell where (person_id = 4711) is not true

-- case: person_via_distinct_from | identifying | month period
select person_id, admission_date as month from hospital_spell where person_id is not distinct from 4711
