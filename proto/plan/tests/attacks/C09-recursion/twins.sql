-- WITH, and nothing that calls itself.

-- case: in_two_steps | month period
with a as (select person_id, admission_date from hospital_spell), b as (select person_id, min(admission_date) as month from a group by person_id) select person_id, month from b
