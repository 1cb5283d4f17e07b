-- spell_diagnosis: one row per ICD-10 diagnosis of an OMOP inpatient visit.
-- Reads visit_occurrence, condition_occurrence, concept.
with spell as (
  select cast(visit_occurrence_id as bigint) as visit_occurrence_id
  from visit_occurrence
  where cast(visit_concept_id as bigint) in (9201, 262, 8717, 8971, 581379)
)
select
  cast(spell.visit_occurrence_id as varchar) as spell_id,
  cast(condition_occurrence.person_id as varchar) as person_id,
  cast(row_number() over (
    partition by spell.visit_occurrence_id
    order by
      -- Primary diagnosis, primary discharge diagnosis, primary admission diagnosis; then as recorded.
      case cast(condition_occurrence.condition_status_concept_id as bigint)
        when 32902 then 1 when 32903 then 2 when 32901 then 3 else 4 end,
      cast(condition_occurrence.condition_occurrence_id as bigint)
  ) as smallint) as position,
  replace(concept.concept_code, '.', '') as icd10_code
from condition_occurrence
join spell on spell.visit_occurrence_id = cast(condition_occurrence.visit_occurrence_id as bigint)
join concept on cast(concept.concept_id as bigint) = cast(condition_occurrence.condition_source_concept_id as bigint)
where concept.vocabulary_id = 'ICD10'
