-- Recursion (catalogue case C9).

-- case: recursive | clause | month period
with recursive r as (select person_id, admission_date as month from hospital_spell union all select person_id, month from r) select person_id, month from r
