-- Minimum and maximum over other people (catalogue case C1).

-- case: max_over_everybody | grouping | month period
select max(person_id) as person_id, max(admission_date) as month from hospital_spell

-- case: min_person_per_place | grouping | month period
select min(s.person_id) as person_id, min(s.admission_date) as month from hospital_spell s group by s.site_code

-- case: min_of_person_in_own_group | identifying | month period
select person_id, m as month from (select person_id, min(person_id) as x, min(admission_date) as m from hospital_spell group by person_id) where x = 1
