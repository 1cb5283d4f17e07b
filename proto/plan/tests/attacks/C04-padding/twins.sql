-- Joins that multiply rows of one person and of nobody else.

-- case: procedures_of_a_stay | month period
select s.person_id, s.admission_date as month from hospital_spell s join spell_procedure p on p.person_id = s.person_id and p.spell_id = s.spell_id

-- case: locality_by_key | month period, level level
select s.person_id, s.admission_date as month, l.locality as level from hospital_spell s join person p on p.person_id = s.person_id join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code
