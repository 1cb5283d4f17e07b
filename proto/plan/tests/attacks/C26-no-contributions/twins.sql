-- The person of the other side of a join.

-- case: person_of_the_right | month period
select p.person_id, s.admission_date as month from hospital_spell s join person p on p.person_id = s.person_id
