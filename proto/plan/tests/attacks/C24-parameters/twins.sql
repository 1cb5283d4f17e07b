-- A parameter is a value, and text in quotes is text.

-- case: declared_parameters | month period
select person_id, admission_date as month from hospital_spell where admission_date >= $from and length_of_stay_days > $n and treatment_function_code = $choice

-- case: a_quote_in_quotes | month period
select person_id, admission_date as month from hospital_spell where treatment_function_code = '3'' or ''1''=''1'
