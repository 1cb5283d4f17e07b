-- One row picked out (catalogue case C16).

-- case: order_and_limit | clause | month period
select person_id, admission_date as month from hospital_spell order by admission_date limit 1

-- case: limit | clause | month period
select person_id, admission_date as month from hospital_spell limit 1

-- case: offset | clause | month period
select person_id, admission_date as month from hospital_spell offset 5

-- case: fetch | clause | month period
select person_id, admission_date as month from hospital_spell fetch first 1 rows only

-- case: limit_inside | clause | month period
select person_id, month from (select person_id, admission_date as month from hospital_spell limit 1) x

-- case: distinct_on | clause | month period
select distinct on (person_id) person_id, admission_date as month from hospital_spell

-- case: order_alone | clause | month period
select person_id, admission_date as month from hospital_spell order by 2
