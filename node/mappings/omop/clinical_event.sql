-- clinical_event: one row per OMOP condition, observation, procedure and measurement that has a national code.
-- Reads condition_occurrence, observation, procedure_occurrence, measurement, concept; and the node's own site.
with
event as (
  select
    'c' || cast(condition_occurrence_id as varchar) as event_id,
    cast(person_id as varchar) as person_id,
    cast(condition_start_date as date) as event_date,
    'condition' as event_type,
    cast(condition_source_concept_id as bigint) as source_concept_id,
    cast(condition_concept_id as bigint) as concept_id,
    trim(cast(condition_source_value as varchar)) as source_value,
    cast(null as double) as numeric_value,
    cast(null as varchar) as unit,
    cast(condition_end_date as date) as end_date,
    cast(visit_occurrence_id as varchar) as contact_id
  from condition_occurrence
  union all
  select
    'o' || cast(observation_id as varchar),
    cast(person_id as varchar),
    cast(observation_date as date),
    'observation',
    cast(observation_source_concept_id as bigint),
    cast(observation_concept_id as bigint),
    trim(cast(observation_source_value as varchar)),
    cast(value_as_number as double),
    cast(unit_source_value as varchar),
    cast(null as date),
    cast(visit_occurrence_id as varchar)
  from observation
  union all
  select
    'm' || cast(measurement_id as varchar),
    cast(person_id as varchar),
    cast(measurement_date as date),
    'observation',
    cast(measurement_source_concept_id as bigint),
    cast(measurement_concept_id as bigint),
    trim(cast(measurement_source_value as varchar)),
    cast(value_as_number as double),
    cast(unit_source_value as varchar),
    cast(null as date),
    cast(visit_occurrence_id as varchar)
  from measurement
  union all
  select
    'p' || cast(procedure_occurrence_id as varchar),
    cast(person_id as varchar),
    cast(procedure_date as date),
    'procedure',
    cast(procedure_source_concept_id as bigint),
    cast(procedure_concept_id as bigint),
    trim(cast(procedure_source_value as varchar)),
    cast(null as double),
    cast(null as varchar),
    cast(null as date),
    cast(visit_occurrence_id as varchar)
  from procedure_occurrence
),
-- The vocabularies that core-1 knows, by its names for them.
national as (
  select
    cast(concept_id as bigint) as concept_id,
    case vocabulary_id when 'Read' then 'READ2' else vocabulary_id end as code_system,
    case when vocabulary_id in ('ICD10', 'OPCS4') then replace(concept_code, '.', '') else concept_code end as code
  from concept
  where vocabulary_id in ('SNOMED', 'ICD10', 'OPCS4', 'Read') and cast(concept_id as bigint) <> 0
),
-- The code as recorded, if the vocabulary knows it; else the one it was mapped to; else the source value, where it has
-- the form of a SNOMED CT identifier (6 to 18 digits). What has none of these cannot be asked for, and is left out.
coded as (
  select
    event.*,
    coalesce(
      source.code_system,
      standard.code_system,
      case
        when character_length(event.source_value) between 6 and 18
          and translate(event.source_value, '0123456789', '') = ''
          then 'SNOMED'
      end
    ) as code_system,
    coalesce(source.code, standard.code, event.source_value) as code
  from event
  left join national as source on source.concept_id = event.source_concept_id
  left join national as standard on standard.concept_id = event.concept_id
)
select
  coded.event_id,
  coded.person_id,
  coded.event_date,
  coded.event_type,
  coded.code_system,
  coded.code,
  coded.numeric_value,
  coded.unit,
  coded.end_date,
  case when nullif(trim(site.gp_practice_code), '') is not null then 'gp' end as setting,
  coded.contact_id
from coded
cross join site
where coded.code_system is not null
