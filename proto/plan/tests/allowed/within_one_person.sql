-- Contribution SQL that must pass.

-- case: n or more times | level level
select person_id, case when times >= 4 then 'often' else 'seldom' end as level from (select person_id, count(*) as times from ed_attendance where arrival_date >= $from group by person_id having count(*) >= $n) often

-- case: first admission | month period
select person_id, min(admission_date) as month from hospital_spell group by person_id

-- case: same cause | level level
select person_id, primary_diagnosis_code as level from hospital_spell group by person_id, primary_diagnosis_code having count(distinct spell_id) >= 2

-- case: distinct | level level
select distinct person_id, condition as level from long_term_condition

-- case: distinct of group | units sum
select person_id, sum(length_of_stay_days) as units from hospital_spell group by person_id

-- case: money per person | units sum
select person_id, sum(cost_gbp) as units from activity_cost group by person_id

-- case: union all | month period, level level
select person_id, admission_date as month, 'admission' as level from hospital_spell union all select person_id, arrival_date, 'attendance' from ed_attendance union all select person_id, call_date, outcome from ambulance_incident

-- case: union | month period
select person_id, admission_date as month from hospital_spell union select person_id, arrival_date from ed_attendance

-- case: having exactly one | month period
select person_id, max(arrival_date) as month from ed_attendance group by person_id having count(*) = 1

-- case: common table expressions | level level
with a as (select person_id, condition from long_term_condition where resolved_date is null), b as (select person_id, count(*) as n from a group by person_id) select b.person_id, case when b.n > 2 then 'many' else 'few' end as level from b
