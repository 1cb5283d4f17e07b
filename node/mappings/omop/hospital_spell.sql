-- hospital_spell: one row per OMOP inpatient visit.
-- Reads visit_occurrence, condition_occurrence, concept, care_site; and the node's own site, admission_method.
with
visit as (
  select
    cast(visit_occurrence_id as bigint) as visit_occurrence_id,
    cast(person_id as varchar) as person_id,
    cast(visit_concept_id as bigint) as visit_concept_id,
    cast(visit_start_date as date) as visit_start_date,
    cast(visit_start_datetime as timestamp(6)) as visit_start_datetime,
    -- An end before the start is an error of the record, and not known.
    case
      when cast(visit_end_date as date) >= cast(visit_start_date as date) then cast(visit_end_date as date)
    end as visit_end_date,
    trim(cast(visit_source_value as varchar)) as visit_source_value,
    cast(care_site_id as bigint) as care_site_id
  from visit_occurrence
  where cast(visit_concept_id as bigint) in (9201, 262, 8717, 8971, 581379)
),
translated as (
  select trim(visit_source_value) as visit_source_value, max(trim(admission_method_code)) as admission_method_code
  from admission_method
  group by 1
),
spell as (
  select
    visit.*,
    -- OMOP's visit concepts lose the METHOD OF ADMISSION. It is known where the provider translates its source values; a
    -- visit that began in the emergency room (262) came through this hospital's emergency department (21); any other
    -- may have been planned or not: 99, not known.
    coalesce(
      translated.admission_method_code,
      case when visit.visit_concept_id = 262 then '21' else '99' end
    ) as admission_method_code
  from visit
  left join translated on translated.visit_source_value = visit.visit_source_value
),
diagnosis as (
  select
    cast(condition_occurrence.visit_occurrence_id as bigint) as visit_occurrence_id,
    replace(concept.concept_code, '.', '') as icd10_code,
    row_number() over (
      partition by cast(condition_occurrence.visit_occurrence_id as bigint)
      order by
        -- Primary diagnosis, primary discharge diagnosis, primary admission diagnosis; then as recorded.
        case cast(condition_occurrence.condition_status_concept_id as bigint)
          when 32902 then 1 when 32903 then 2 when 32901 then 3 else 4 end,
        cast(condition_occurrence.condition_occurrence_id as bigint)
    ) as position
  from condition_occurrence
  join concept on cast(concept.concept_id as bigint) = cast(condition_occurrence.condition_source_concept_id as bigint)
  where concept.vocabulary_id = 'ICD10'
)
select
  cast(spell.visit_occurrence_id as varchar) as spell_id,
  spell.person_id,
  trim(site.provider_code) as provider_code,
  nullif(trim(cast(care_site.care_site_source_value as varchar)), '') as site_code,
  spell.visit_start_date as admission_date,
  -- Midnight sharp is what OMOP writes where only the day is known.
  nullif(spell.visit_start_datetime, date_trunc('day', spell.visit_start_datetime)) as admission_datetime,
  spell.visit_end_date as discharge_date,
  spell.admission_method_code,
  null as source_of_admission_code,
  null as patient_classification_code,
  null as discharge_method_code,
  null as discharge_destination_code,
  diagnosis.icd10_code as primary_diagnosis_code,
  null as treatment_function_code,
  null as hrg_code,
  null as critical_care_days,
  cast(spell.visit_end_date as int) - cast(spell.visit_start_date as int) as length_of_stay_days,
  null as cost_gbp,
  case
    when spell.admission_method_code in ('11', '12', '13') then 'elective'
    when spell.admission_method_code in ('21', '22', '23', '24', '25', '28', '2A', '2B', '2C', '2D') then 'emergency'
    when spell.admission_method_code in ('31', '32') then 'maternity'
    else 'other'
  end as admission_group
from spell
cross join site
left join care_site on cast(care_site.care_site_id as bigint) = spell.care_site_id
left join diagnosis on diagnosis.visit_occurrence_id = spell.visit_occurrence_id and diagnosis.position = 1
