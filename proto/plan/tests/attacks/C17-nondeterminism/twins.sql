-- Time is a parameter.

-- case: before_a_given_day | month period
select person_id, admission_date as month from hospital_spell where admission_date < $from_end
