-- Answers that differ from run to run (catalogue case C17).

-- case: random | function | month period
select person_id, admission_date as month from hospital_spell where random() < 0.5

-- case: now | function | month period
select person_id, admission_date as month from hospital_spell where admission_date < now()

-- case: current_date | function | month period
select person_id, admission_date as month from hospital_spell where admission_date < current_date

-- case: uuid | function | level level
select person_id, uuid() as level from hospital_spell

-- case: version | function | level level
select person_id, version() as level from hospital_spell

-- case: tablesample | clause | month period
select person_id, admission_date as month from hospital_spell tablesample bernoulli (10)
