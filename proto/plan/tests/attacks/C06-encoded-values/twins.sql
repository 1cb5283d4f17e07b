-- An amount is summed by the node, capped for each person.

-- case: days_as_days | units sum
select person_id, length_of_stay_days as units from hospital_spell
