-- A table of the region is signed and named.

-- case: signed_lookup | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code in (select code from people_codes)
