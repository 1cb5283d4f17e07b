-- Padding: rows of one person multiplied (catalogue case C4).

-- case: padding_by_cross_join | join | month period
select s.person_id, s.admission_date as month from hospital_spell s cross join spell_procedure p

-- case: padding_by_series | function | month period
select s.person_id, s.admission_date as month from hospital_spell s join generate_series(1, 20) g on true

-- case: padding_by_list_of_tables | join | month period
select s.person_id, s.admission_date as month from hospital_spell s, person p where p.person_id = s.person_id

-- case: padding_by_join_on_true | join | month period
select s.person_id, s.admission_date as month from hospital_spell s join person p on true

-- case: padding_by_lookup | join | month period
select s.person_id, s.admission_date as month from hospital_spell s join practice_locality l on l.locality = 'mdg-01'

-- case: padding_by_lookup_value | join | month period
select s.person_id, s.admission_date as month from hospital_spell s join practice_locality l on l.locality = s.site_code

-- case: padding_by_lookup_union | join | month period
select s.person_id, s.admission_date as month from hospital_spell s join (select gp_practice_code from practice_locality union all select gp_practice_code from practice_locality) l on l.gp_practice_code = s.site_code
