-- SQL that would exhaust the stack, the memory or the planner (catalogue case C25).
-- `{{5000: or a}}` stands for ` or a`, five thousand times.

-- case: five_thousand_alternatives | too-large | month period
select person_id, admission_date as month from hospital_spell where critical_care_days = 0{{5000: or a=1}}

-- case: five_thousand_terms | too-large | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days < 1{{5000:+1}}

-- case: three_thousand_terms | too-large | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days < 1{{3000:+1}}

-- case: alternatives_that_fit_the_text | too-large | month period
select person_id, admission_date as month from hospital_spell where critical_care_days = 0{{400: or critical_care_days = 1}}

-- case: two_hundred_subqueries_in_where | too-large | month period
select person_id, admission_date as month from hospital_spell where {{200:person_id in (select person_id from person where }}true{{200:)}}

-- case: two_hundred_subqueries_in_from | too-large | month period
{{200:select person_id, month from (}}select person_id, admission_date as month from hospital_spell{{200:) q}}

-- case: two_hundred_parentheses | too-large | month period
select person_id, admission_date as month from hospital_spell where {{200:(}}true{{200:)}}

-- case: a_hundred_thousand_values | too-large | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days in (0{{100000:,1}})

-- case: values_that_fit_the_text | too-large | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days in (0{{2500:,1}})

-- case: nots | too-large | month period
select person_id, admission_date as month from hospital_spell where {{2000:not }}true

-- case: casts | too-large | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days = 1{{1200:::int}}

-- case: unions | too-large | month period
select person_id, admission_date as month from hospital_spell{{60: union all select person_id, admission_date from hospital_spell}}

-- case: joins | too-large | month period
select s.person_id, s.admission_date as month from hospital_spell s join person p1 on p1.person_id = s.person_id join person p2 on p2.person_id = s.person_id join person p3 on p3.person_id = s.person_id join person p4 on p4.person_id = s.person_id join person p5 on p5.person_id = s.person_id join person p6 on p6.person_id = s.person_id join person p7 on p7.person_id = s.person_id join person p8 on p8.person_id = s.person_id join person p9 on p9.person_id = s.person_id

-- case: more_text_than_a_template_holds | too-large | month period
select person_id, admission_date as month from hospital_spell{{70000: }}
