-- One row of each person.

-- case: first_of_each | month period
select a.person_id, min(a.admission_date) as month from hospital_spell a group by a.person_id
