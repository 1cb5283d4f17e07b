-- long_term_condition: one row per person and condition, by the codes of the region's codelist.
-- Reads condition_occurrence, concept; and the node's own codelist.
with
recorded as (
  select
    cast(person_id as varchar) as person_id,
    cast(condition_start_date as date) as start_date,
    cast(condition_source_concept_id as bigint) as source_concept_id,
    cast(condition_concept_id as bigint) as concept_id,
    trim(cast(condition_source_value as varchar)) as source_value
  from condition_occurrence
),
-- The codes of the list with their OMOP concepts, where the vocabulary knows them.
listed as (
  select
    trim(codelist.condition) as condition,
    trim(codelist.definition_id) as definition_id,
    trim(codelist.code_system) as code_system,
    trim(codelist.code) as code,
    cast(concept.concept_id as bigint) as concept_id
  from codelist
  left join concept
    on concept.concept_code = trim(codelist.code)
    and case concept.vocabulary_id when 'Read' then 'READ2' else concept.vocabulary_id end = trim(codelist.code_system)
    and cast(concept.concept_id as bigint) <> 0
),
-- A condition that OMOP's vocabulary could not map still has the code that was recorded. Only SNOMED CT's are long enough
-- not to be taken for another system's.
found as (
  select recorded.person_id, recorded.start_date, listed.condition, listed.definition_id
  from recorded join listed on listed.concept_id = recorded.source_concept_id
  union all
  select recorded.person_id, recorded.start_date, listed.condition, listed.definition_id
  from recorded join listed on listed.concept_id = recorded.concept_id
  union all
  select recorded.person_id, recorded.start_date, listed.condition, listed.definition_id
  from recorded join listed on listed.code = recorded.source_value and listed.code_system = 'SNOMED'
)
select
  person_id,
  condition,
  min(start_date) as onset_date,
  -- The end of an OMOP occurrence is not the end of a long-term condition, and nothing else in OMOP is.
  null as resolved_date,
  min(definition_id) as definition_id
from found
group by person_id, condition
