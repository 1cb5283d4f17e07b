-- ed_attendance: one row per OMOP emergency-room visit, also where it led straight into a stay (262).
-- Reads visit_occurrence, care_site; and the node's own site.
with visit as (
  select
    cast(visit_occurrence_id as varchar) as visit_occurrence_id,
    cast(person_id as varchar) as person_id,
    cast(visit_concept_id as bigint) as visit_concept_id,
    cast(visit_start_date as date) as visit_start_date,
    cast(visit_start_datetime as timestamp(6)) as visit_start_datetime,
    cast(visit_end_datetime as timestamp(6)) as visit_end_datetime,
    cast(care_site_id as bigint) as care_site_id
  from visit_occurrence
)
select
  visit.visit_occurrence_id as attendance_id,
  visit.person_id,
  trim(site.provider_code) as provider_code,
  nullif(trim(cast(care_site.care_site_source_value as varchar)), '') as site_code,
  null as department_type_code,
  null as attendance_category_code,
  visit.visit_start_date as arrival_date,
  -- Midnight sharp is what OMOP writes where only the day is known.
  nullif(visit.visit_start_datetime, date_trunc('day', visit.visit_start_datetime)) as arrival_datetime,
  null as arrival_mode_code,
  null as acuity_code,
  null as chief_complaint_code,
  null as primary_diagnosis_code,
  -- An end of 262 is that of the stay. An end before the arrival, or more than seven days after it, is an error of the
  -- record: the attendance counts, its end is not known.
  case
    when visit.visit_concept_id <> 262
      and visit.visit_end_datetime >= visit.visit_start_datetime
      and visit.visit_end_datetime <= visit.visit_start_datetime + interval '7 days'
      then nullif(visit.visit_end_datetime, date_trunc('day', visit.visit_end_datetime))
  end as departure_datetime,
  null as discharge_destination_code,
  null as discharge_status_code,
  -- After a visit of its own (9203) nothing says whether a stay followed.
  case when visit.visit_concept_id = 262 then true end as admitted,
  null as cost_gbp
from visit
cross join site
left join care_site on cast(care_site.care_site_id as bigint) = visit.care_site_id
where visit.visit_concept_id in (9203, 262, 8870, 581381)
