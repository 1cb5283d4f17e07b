-- Identifiers released as dimensions or sums (catalogue case C12).

-- case: group_by_record_key | grouping | level level
select spell_id as level from hospital_spell group by spell_id

-- case: record_key_as_dimension | identifying | level level
select person_id, spell_id as level from hospital_spell

-- case: small_area_as_dimension | identifying | level level
select person_id, lsoa_code as level from person

-- case: care_home_as_dimension | identifying | level level
select person_id, cqc_location_id as level from residence_period

-- case: part_of_small_area | identifying | level level
select person_id, left(lsoa_code, 5) as level from person

-- case: person_as_dimension | identifying | level level
select person_id, person_id as level from person

-- case: person_as_sum | identifying | units sum
select person_id, cast(person_id as bigint) as units from person

-- case: hash_of_place | function | level level
select person_id, md5(lsoa_code) as level from person

-- case: small_area_by_group | identifying | level level
select person_id, lsoa_code as level from person group by person_id, lsoa_code

-- case: record_key_through_union | identifying | level level
select person_id, primary_diagnosis_code as level from hospital_spell union all select person_id, spell_id from hospital_spell

-- case: record_key_through_minimum | identifying | level level
select person_id, min(spell_id) as level from hospital_spell group by person_id

-- case: small_area_through_case | identifying | level level
select person_id, case when imd_decile = 1 then lsoa_code else 'x' end as level from person

-- case: small_area_through_coalesce | identifying | level level
select person_id, coalesce(lsoa_code, 'x') as level from person
