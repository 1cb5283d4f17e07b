-- SQL within the caps.

-- case: sixty_alternatives | month period
select person_id, admission_date as month from hospital_spell where critical_care_days = 0{{60: or critical_care_days = 1}}

-- case: a_hundred_terms | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days < 1{{100:+1}}

-- case: two_thousand_values | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days in (0{{1999:,1}})

-- case: ten_parts | month period
select person_id, admission_date as month from hospital_spell{{9: union all select person_id, admission_date from hospital_spell}}
