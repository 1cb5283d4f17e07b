-- Labels that the template writes itself.

-- case: written_labels | level level
select person_id, case when primary_diagnosis_code like 'J%' then 'respiratory' else 'other' end as level from hospital_spell
