-- Contribution SQL that must pass.

-- case: person in persons | month period
select person_id, admission_date as month from hospital_spell where person_id in (select person_id from long_term_condition where condition = 'diabetes')

-- case: person not in persons | month period
select person_id, admission_date as month from hospital_spell where person_id not in (select person_id from ambulance_incident)

-- case: person in frequent persons | month period
select person_id, arrival_date as month from ed_attendance where person_id in (select person_id from ed_attendance group by person_id having count(*) >= $n)

-- case: exists | month period
select s.person_id, s.admission_date as month from hospital_spell s where exists (select 1 from long_term_condition l where l.person_id = s.person_id and l.condition = 'copd' and l.onset_date <= s.admission_date)

-- case: not exists | month period
select s.person_id, s.admission_date as month from hospital_spell s where not exists (select 1 from care_plan c where s.person_id = c.person_id and c.plan_type = 'pcsp')

-- case: exists with record key | month period
select s.person_id, s.admission_date as month from hospital_spell s where exists (select 1 from spell_procedure x where x.person_id = s.person_id and x.spell_id = s.spell_id and x.opcs4_code like 'E85%')

-- case: tied record key in | month period
select s.person_id, s.admission_date as month from hospital_spell s where s.spell_id in (select x.spell_id from spell_procedure x where x.person_id = s.person_id)

-- case: either of two | month period
select s.person_id, s.admission_date as month from hospital_spell s where exists (select 1 from long_term_condition l where l.person_id = s.person_id and l.condition = 'copd') or s.primary_diagnosis_code like 'J4%'

-- case: codes of a look-up | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code in (select code from people_codes where grouped = 'stroke')
