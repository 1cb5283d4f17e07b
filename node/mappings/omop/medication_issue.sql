-- medication_issue: one row per OMOP drug exposure with a code of the dictionary of medicines and devices (dm+d).
-- Reads drug_exposure, concept. Exposures known only by RxNorm or another vocabulary are left out.
with product as (
  select cast(concept_id as bigint) as concept_id, concept_code
  from concept
  where vocabulary_id = 'dm+d'
)
select
  cast(drug_exposure.person_id as varchar) as person_id,
  cast(drug_exposure.drug_exposure_start_date as date) as issue_date,
  coalesce(source.concept_code, standard.concept_code) as dmd_code,
  cast(drug_exposure.quantity as double) as quantity
from drug_exposure
left join product as source on source.concept_id = cast(drug_exposure.drug_source_concept_id as bigint)
left join product as standard on standard.concept_id = cast(drug_exposure.drug_concept_id as bigint)
where coalesce(source.concept_code, standard.concept_code) is not null
