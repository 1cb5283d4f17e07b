-- Contribution SQL that must pass.

-- case: bare | month period
select person_id, admission_date as month from hospital_spell

-- case: other order of columns | month period, level level
select primary_diagnosis_code as level, admission_date as month, person_id from hospital_spell

-- case: quoted names | month period
select "person_id", "admission_date" as "month" from "hospital_spell"

-- case: trailing semicolon and remark | month period
select person_id, admission_date as month from hospital_spell; -- all of them

-- case: parameters | month period
select person_id, admission_date as month from hospital_spell where admission_date >= $from and admission_date < $from_end and treatment_function_code = $choice and length_of_stay_days > $n

-- case: list and prefix | month period
select person_id, admission_date as month from hospital_spell where admission_method_code in ('21', '22', '2A') and primary_diagnosis_code like 'J%' and not treatment_function_code like '42%'

-- case: timestamp to period | month period
select person_id, arrival_datetime as month from ed_attendance

-- case: sum of money | units sum
select person_id, cost_gbp as units from activity_cost

-- case: sum of money reckoned | units sum
select person_id, cost_gbp + cost_gbp - 10.25 as units from activity_cost

-- case: weekly cost | units sum
select person_id, unit_cost as units from social_care_event where planned_units_per_week * 2 > 1.5

-- case: constant dimension | level level, units sum
select person_id, 'all' as level, 1 as units from ed_attendance

-- case: age by date arithmetic | level level
select person_id, case when birth_month <= $from - interval '75 years' then 'old' else 'young' end as level from person

-- case: age by parts | level level
select person_id, case when date_part('year', $from) - date_part('year', birth_month) >= 75 then 'old' else 'young' end as level from person

-- case: extract | level level
select person_id, case when extract(month from admission_date) between 4 and 9 then 'summer' else 'winter' end as level from hospital_spell

-- case: days between dates | level level
select person_id, case when event_end_date - event_start_date <= 28 then 'four weeks' else 'longer' end as level from social_care_event

-- case: parts of codes | level level
select person_id, left(primary_diagnosis_code, 1) as level from hospital_spell where substr(primary_diagnosis_code, 1, 3) <> 'I64' and substring(primary_diagnosis_code from 1 for 2) = 'I6'

-- case: nulls and booleans | month period
select person_id, arrival_date as month from ed_attendance where admitted is not true and acuity_code is null and coalesce(admitted, false) is distinct from true

-- case: deprivation | level level
select person_id, case when imd_decile <= 2 then 'q1' when imd_decile is null then 'unknown' else 'rest' end as level from person

-- case: widening casts | units sum
select person_id, cast(length_of_stay_days as bigint) * 2 as units from hospital_spell where admission_date >= date '2024-01-01' and cast(cost_gbp as decimal(14, 2)) > 100
