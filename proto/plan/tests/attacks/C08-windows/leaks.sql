-- Window functions (catalogue case C8).

-- case: row_number | function | units sum
select person_id, row_number() over (order by admission_date) as units from hospital_spell

-- case: aggregate_over_window | clause | units sum
select person_id, count(*) over (partition by primary_diagnosis_code) as units from hospital_spell

-- case: lag_of_neighbour | function | month period
select person_id, lag(admission_date) over (order by person_id) as month from hospital_spell

-- case: qualify | clause | month period
select person_id, admission_date as month from hospital_spell qualify count(*) over () = 1

-- case: named_window | clause | units sum
select person_id, sum(length_of_stay_days) over w as units from hospital_spell window w as (order by person_id)
