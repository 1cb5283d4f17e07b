-- A condition inside a sum, within one person and on what may be asked.

-- case: sum_of_a_case | units sum
select person_id, sum(case when primary_diagnosis_code like 'J%' then 1 else 0 end) as units from hospital_spell group by person_id
