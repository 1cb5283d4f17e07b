-- Parameters and literals (catalogue case C24).

-- case: undeclared_parameter | parameter | month period
select person_id, admission_date as month from hospital_spell where admission_date > $nobody

-- case: numbered_parameter | parameter | month period
select person_id, admission_date as month from hospital_spell where admission_date > $1

-- case: question_mark | syntax | month period
select person_id, admission_date as month from hospital_spell where admission_date > ?

-- case: huge_float | expression | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days < 1e400

-- case: not_a_number_cast | cast | month period
select person_id, admission_date as month from hospital_spell where cast($choice as double) > 1

-- case: escaped_literal | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = E'J\\x34'

-- case: dollar_quoted_literal | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = $$J44$$

-- case: session_variable | expression | month period
select person_id, admission_date as month from hospital_spell where length_of_stay_days = @@version
