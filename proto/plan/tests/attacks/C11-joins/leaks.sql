-- Joins that read other people (catalogue case C11).

-- case: self_join_on_code | join | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.primary_diagnosis_code = b.primary_diagnosis_code

-- case: self_join_on_place | join | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.site_code = b.site_code and a.admission_date = b.admission_date

-- case: self_join_on_other_person | join | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id <> b.person_id and a.site_code = b.site_code

-- case: join_on_record_key_alone | join | month period
select d.person_id, s.admission_date as month from spell_diagnosis d join hospital_spell s on s.spell_id = d.spell_id

-- case: join_on_equal_or_true | join | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id or true

-- case: join_on_computed_person | identifying | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id + 1

-- case: join_of_neighbours_home | join | month period
select a.person_id, b.death_date as month from person a join person b on a.lsoa_code = b.lsoa_code

-- case: right_join | join | month period
select a.person_id, b.admission_date as month from person a right join hospital_spell b on a.person_id = b.person_id

-- case: full_join | join | month period
select a.person_id, b.admission_date as month from person a full join hospital_spell b on a.person_id = b.person_id

-- case: natural_join | join | month period
select person_id, admission_date as month from person natural join hospital_spell

-- case: optional_person_as_person | person | month period
select b.person_id, a.admission_date as month from hospital_spell a left join person b on a.person_id = b.person_id

-- case: join_through_optional_person | join | month period
select a.person_id, c.admission_date as month from person a left join long_term_condition b on a.person_id = b.person_id join hospital_spell c on c.person_id = b.person_id
