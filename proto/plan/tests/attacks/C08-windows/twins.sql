-- What windows are wanted for, within one person.

-- case: readmission | month period
select a.person_id, b.admission_date as month from hospital_spell a join hospital_spell b on a.person_id = b.person_id and b.admission_date > a.discharge_date and b.admission_date <= a.discharge_date + interval '30 days'

-- case: times_of_each | units sum
select person_id, count(*) as units from hospital_spell group by person_id
