-- Labels made of values (catalogue case C13).

-- case: concat_operator | expression | level level
select person_id, primary_diagnosis_code || spell_id as level from hospital_spell

-- case: concat_function | function | level level
select person_id, concat(primary_diagnosis_code, spell_id) as level from hospital_spell
