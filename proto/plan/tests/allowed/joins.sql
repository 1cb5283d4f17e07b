-- Contribution SQL that must pass.

-- case: person and spell | month period, level level
select s.person_id, s.admission_date as month, p.gender_code as level from hospital_spell s join person p on p.person_id = s.person_id

-- case: using | month period, level level
select person_id, admission_date as month, gender_code as level from hospital_spell join person using (person_id)

-- case: person of the right side | month period
select p.person_id, s.admission_date as month from hospital_spell s join person p on p.person_id = s.person_id

-- case: person and record key | month period, level level
select s.person_id, s.admission_date as month, d.icd10_code as level from hospital_spell s join spell_diagnosis d on d.person_id = s.person_id and d.spell_id = s.spell_id and d.position <= 3

-- case: person and record key with using | month period, level level
select person_id, admission_date as month, icd10_code as level from hospital_spell join spell_diagnosis using (person_id, spell_id)

-- case: readmission within 30 days | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id and a.spell_id <> b.spell_id and b.admission_date > a.discharge_date and b.admission_date <= a.discharge_date + interval '30 days'

-- case: age at the event | month period
select s.person_id, s.admission_date as month from hospital_spell s join person p on p.person_id = s.person_id and p.birth_month <= s.admission_date - interval '75 years'

-- case: left join and its absence | level level
select p.person_id, case when c.person_id is null then 'no' else 'yes' end as level from person p left join (select distinct person_id from long_term_condition where condition = 'depression') c on c.person_id = p.person_id

-- case: anti join by left join | month period
select s.person_id, s.admission_date as month from hospital_spell s left join care_plan c on c.person_id = s.person_id where c.person_id is null

-- case: two left joins | level level
select p.person_id, case when c.plan_type is null then 'none' else 'plan' end as level from person p left join care_plan c using (person_id) left join residence_period r on r.person_id = p.person_id where r.is_care_home

-- case: semi join | month period
select s.person_id, s.admission_date as month from hospital_spell s left semi join long_term_condition l on l.person_id = s.person_id and l.condition = 'diabetes'

-- case: anti join | month period
select s.person_id, s.admission_date as month from hospital_spell s left anti join long_term_condition l on l.person_id = s.person_id

-- case: joins in parentheses | month period
select s.person_id, s.admission_date as month from hospital_spell s join (person p join care_plan c on c.person_id = p.person_id) on p.person_id = s.person_id

-- case: locality | month period, level level
select s.person_id, s.admission_date as month, l.locality as level from hospital_spell s join person p on p.person_id = s.person_id join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code

-- case: locality or elsewhere | level level
select p.person_id, coalesce(l.locality, 'elsewhere') as level from person p left join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code

-- case: look-up first | level level
select p.person_id, l.locality as level from practice_locality l join person p on l.gp_practice_code = p.usual_gp_practice_code where l.locality <> 'mdg-01'

-- case: look-up of a small area | level level
select p.person_id, a.locality as level from person p join area_locality a on a.lsoa_code = p.lsoa_code

-- case: look-up of a look-up | level level
select p.person_id, c.grouped as level from person p join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code join people_codes c on c.code = l.locality

-- case: look-up narrowed before the join | level level
select p.person_id, l.locality as level from person p join (select gp_practice_code, locality from practice_locality where locality like 'mdg%') l on l.gp_practice_code = p.usual_gp_practice_code
