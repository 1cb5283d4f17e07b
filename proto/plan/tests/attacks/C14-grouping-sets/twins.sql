-- Totals are declared; the node makes them.

-- case: group_of_each | level level
select person_id, primary_diagnosis_code as level from hospital_spell group by person_id, primary_diagnosis_code
