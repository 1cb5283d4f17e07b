-- gp_appointment: one row per OMOP visit to a practice, by telephone or at home. For general practices only.
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
  nullif(trim(site.gp_practice_code), '') as gp_practice_code,
  visit.visit_start_date as appointment_date,
  -- Telehealth (5083) may be by telephone or online, and 9202 anything.
  case
    when visit.visit_concept_id = 581477 then 'face_to_face'
    when visit.visit_concept_id = 581476 then 'home_visit'
  end as mode,
  null as hcp_type,
  -- OMOP holds the visits that took place.
  'attended' as status,
  null as duration_minutes
from visit
cross join site
where visit.visit_concept_id in (9202, 581477, 581476, 5083)
