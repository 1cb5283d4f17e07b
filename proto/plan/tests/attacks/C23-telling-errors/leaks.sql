-- Errors that depend on a value (catalogue case C23).

-- case: cast_text_to_number | cast | units sum
select person_id, cast(primary_diagnosis_code as bigint) as units from hospital_spell

-- case: cast_text_to_date | cast | month period
select person_id, cast(primary_diagnosis_code as date) as month from hospital_spell

-- case: double_colon | cast | units sum
select person_id, primary_diagnosis_code::int as units from hospital_spell

-- case: cast_number_to_text | cast | level level
select person_id, cast(length_of_stay_days as varchar) as level from hospital_spell

-- case: implied_cast | cast | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = 12

-- case: implied_cast_to_date | cast | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = admission_date

-- case: narrowing_cast | cast | units sum
select person_id, cast(length_of_stay_days as smallint) as units from hospital_spell

-- case: float_to_int | cast | units sum
select person_id, cast(numeric_value as bigint) as units from clinical_event

-- case: decimal_narrowed | cast | units sum
select person_id, cast(cost_gbp as decimal(4, 2)) as units from hospital_spell

-- case: nanoseconds | cast | month period
select person_id, cast(admission_date as timestamp) as month from hospital_spell

-- case: try_cast | expression | units sum
select person_id, try_cast(primary_diagnosis_code as int) as units from hospital_spell

-- case: to_timestamp | function | month period
select person_id, to_timestamp(primary_diagnosis_code) as month from hospital_spell

-- case: to_date | function | month period
select person_id, to_date(primary_diagnosis_code) as month from hospital_spell

-- case: division | expression | units sum
select person_id, 1 / length_of_stay_days as units from hospital_spell

-- case: modulo | expression | units sum
select person_id, 1 % length_of_stay_days as units from hospital_spell

-- case: division_by_zero_literal | expression | month period
select person_id, admission_date as month from hospital_spell where 1 / 0 = 1

-- case: regex_operator | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code ~ '(('

-- case: regex_function | function | month period
select person_id, admission_date as month from hospital_spell where regexp_like(primary_diagnosis_code, '((')

-- case: similar_to | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code similar to 'J.*'

-- case: like_in_the_middle | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code like '%J%'

-- case: like_one_letter | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code like 'J_%'

-- case: like_everything | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code like '%'

-- case: like_column | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code like treatment_function_code

-- case: like_parameter | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code like $choice

-- case: ilike | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code ilike 'j%'

-- case: substr_negative_length | expression | level level
select person_id, substr(primary_diagnosis_code, 1, length_of_stay_days) as level from hospital_spell

-- case: left_of_column_length | expression | level level
select person_id, left(primary_diagnosis_code, length_of_stay_days) as level from hospital_spell

-- case: decimal_overflow | expression | units sum
select person_id, cost_gbp * cost_gbp * cost_gbp * cost_gbp as units from hospital_spell

-- case: date_plus_days_of_column | cast | month period
select person_id, admission_date + length_of_stay_days as month from hospital_spell

-- case: repeat | function | level level
select person_id, repeat('a', 100000000) as level from hospital_spell

-- case: power | function | units sum
select person_id, power(length_of_stay_days, 99) as units from hospital_spell

-- case: sum_of_floats | aggregate | units sum
select person_id, sum(numeric_value) as units from clinical_event group by person_id

-- case: date_part_epoch | expression | month period
select person_id, admission_date as month from hospital_spell where date_part('epoch', admission_date) = 1

-- case: date_part_of_text | cast | month period
select person_id, admission_date as month from hospital_spell where date_part('year', primary_diagnosis_code) = 1

-- case: day_beyond_time_of_some | expression | month period
select person_id, case when primary_diagnosis_code = 'J44' then admission_date + interval '300000 years' else admission_date end as month from hospital_spell

-- case: day_before_time_of_some | expression | month period
select person_id, case when primary_diagnosis_code = 'J44' then admission_date - interval '2147483647 days' else admission_date end as month from hospital_spell

-- case: moment_beyond_time_of_some | expression | month period
select person_id, case when primary_diagnosis_code = 'J44' then arrival_datetime + interval '300000 years' else arrival_datetime end as month from ed_attendance

-- case: last_day_of_the_calendar | expression | month period
select person_id, case when primary_diagnosis_code = 'J44' then date '+262142-12-31' else admission_date end + interval '1 year' as month from hospital_spell

-- case: last_day_of_the_calendar_implied | unplannable | month period
select person_id, coalesce(discharge_date, '+262142-12-31') + interval '1 year' as month from hospital_spell
