-- outpatient_appointment: one row per OMOP outpatient visit. For hospitals; a practice maps these to gp_appointment.
-- Reads visit_occurrence; and the node's own site.
with visit as (
  select
    cast(visit_occurrence_id as varchar) as visit_occurrence_id,
    cast(person_id as varchar) as person_id,
    cast(visit_concept_id as bigint) as visit_concept_id,
    cast(visit_start_date as date) as visit_start_date
  from visit_occurrence
)
select
  visit.visit_occurrence_id as appointment_id,
  visit.person_id,
  trim(site.provider_code) as provider_code,
  visit.visit_start_date as appointment_date,
  null as treatment_function_code,
  -- OMOP holds the visits that took place: 5, seen.
  '5' as attendance_status_code,
  null as first_attendance_code,
  null as cost_gbp
from visit
cross join site
where visit.visit_concept_id in (9202, 8756, 581477, 5083)
