-- person: one row per OMOP person.
-- Reads person, death, care_site; and the node's own site, opt_out.
with
deceased as (
  select cast(person_id as bigint) as person_id, min(cast(death_date as date)) as death_date
  from death
  group by 1
),
objected as (
  select distinct cast(person_id as bigint) as person_id
  from opt_out
),
known as (
  select
    cast(person_id as bigint) as person_id,
    -- A birth without a month counts from January.
    make_date(cast(year_of_birth as int), cast(coalesce(month_of_birth, 1) as int), 1) as birth_month,
    cast(gender_concept_id as bigint) as gender_concept_id,
    upper(trim(cast(race_source_value as varchar))) as race_source_value,
    upper(trim(cast(ethnicity_source_value as varchar))) as ethnicity_source_value,
    cast(care_site_id as bigint) as care_site_id
  from person
)
select
  cast(known.person_id as varchar) as person_id,
  known.birth_month,
  case
    when known.gender_concept_id = 8507 then '1'
    when known.gender_concept_id = 8532 then '2'
    when known.gender_concept_id in (8521, 8570) then '9'
    else 'X'
  end as gender_code,
  -- Only what is a national code already: concepts of race are coarser than the ethnic category and are not turned back.
  case
    when known.race_source_value in (
      'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R', 'S', 'Z', '99')
      then known.race_source_value
    when known.ethnicity_source_value in (
      'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R', 'S', 'Z', '99')
      then known.ethnicity_source_value
  end as ethnic_category_code,
  deceased.death_date,
  null as lsoa_code,
  null as imd_decile,
  -- A practice's own list is its own; elsewhere the person's care site in OMOP is that of primary care.
  coalesce(
    nullif(trim(site.gp_practice_code), ''),
    nullif(trim(cast(care_site.care_site_source_value as varchar)), '')
  ) as usual_gp_practice_code,
  objected.person_id is not null as opted_out
from known
cross join site
left join deceased on deceased.person_id = known.person_id
left join objected on objected.person_id = known.person_id
left join care_site on cast(care_site.care_site_id as bigint) = known.care_site_id
-- A birth that is still to come is an error of the record. The person and all their records are left out.
where known.birth_month <= current_date
