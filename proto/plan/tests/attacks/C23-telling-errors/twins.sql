-- Reckoning that has a result for every record. An amount that comes out below nought counts as nought.

-- case: age_at_the_event | month period
select s.person_id, s.admission_date as month from hospital_spell s join person p on p.person_id = s.person_id and p.birth_month <= s.admission_date - interval '75 years'

-- case: open_end | month period
select person_id, coalesce(discharge_date, date '9999-12-31') as month from hospital_spell

-- case: days_beyond_the_first | units sum
select person_id, length_of_stay_days - 1 as units from hospital_spell

-- case: cost_above_a_price | units sum
select person_id, cost_gbp - 1000.00 as units from hospital_spell
