-- spell_procedure: one row per OPCS-4 procedure of an OMOP inpatient visit, in the order recorded.
-- Reads visit_occurrence, procedure_occurrence, concept.
with spell as (
  select cast(visit_occurrence_id as bigint) as visit_occurrence_id
  from visit_occurrence
  where cast(visit_concept_id as bigint) in (9201, 262, 8717, 8971, 581379)
)
select
  cast(spell.visit_occurrence_id as varchar) as spell_id,
  cast(procedure_occurrence.person_id as varchar) as person_id,
  cast(row_number() over (
    partition by spell.visit_occurrence_id
    order by cast(procedure_occurrence.procedure_occurrence_id as bigint)
  ) as smallint) as position,
  replace(concept.concept_code, '.', '') as opcs4_code
from procedure_occurrence
join spell on spell.visit_occurrence_id = cast(procedure_occurrence.visit_occurrence_id as bigint)
join concept on cast(concept.concept_id as bigint) = cast(procedure_occurrence.procedure_source_concept_id as bigint)
where concept.vocabulary_id = 'OPCS4'
