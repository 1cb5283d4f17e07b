-- Keys compared with one another within one person, and whether a key is there.

-- case: another_stay_of_the_same | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id and a.spell_id <> b.spell_id

-- case: a_small_area_is_known | level level
select person_id, case when lsoa_code is null then 'unknown' else 'known' end as level from person
