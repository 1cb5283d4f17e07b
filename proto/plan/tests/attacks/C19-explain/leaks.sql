-- Statements that print counts or schemas (catalogue case C19).

-- case: explain | statement | month period
explain select person_id, admission_date as month from hospital_spell

-- case: explain_analyze | statement | month period
explain analyze select person_id, admission_date as month from hospital_spell

-- case: explain_verbose | statement | month period
explain verbose select person_id, admission_date as month from hospital_spell

-- case: describe | statement | month period
describe hospital_spell

-- case: show | statement | month period
show tables
