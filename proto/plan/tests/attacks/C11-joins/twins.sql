-- Joins on the person.

-- case: self_join_of_the_same | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id and a.site_code = b.site_code

-- case: record_key_of_the_same | month period
select d.person_id, s.admission_date as month from spell_diagnosis d join hospital_spell s on s.spell_id = d.spell_id and s.person_id = d.person_id

-- case: optional_record | level level
select p.person_id, case when s.person_id is null then 'never' else 'admitted' end as level from person p left join hospital_spell s on s.person_id = p.person_id
