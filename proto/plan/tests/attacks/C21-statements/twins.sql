-- One statement, with its full stop.

-- case: one_statement | month period
select person_id, admission_date as month from hospital_spell;
