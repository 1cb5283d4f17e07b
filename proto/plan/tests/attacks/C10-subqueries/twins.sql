-- Subqueries about the same person.

-- case: exists_of_the_same | month period
select s.person_id, s.admission_date as month from hospital_spell s where exists (select 1 from long_term_condition l where l.person_id = s.person_id and l.condition = 'copd')

-- case: not_exists_of_the_same | month period
select s.person_id, s.admission_date as month from hospital_spell s where not exists (select 1 from hospital_spell o where o.person_id = s.person_id and o.admission_date < s.admission_date)

-- case: in_persons | month period
select person_id, admission_date as month from hospital_spell where person_id in (select person_id from long_term_condition where condition = 'smi')
