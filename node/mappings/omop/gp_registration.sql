-- gp_registration: one row per OMOP observation period. For general practices only.
-- Reads observation_period; and the node's own site.
select
  cast(observation_period.person_id as varchar) as person_id,
  nullif(trim(site.gp_practice_code), '') as gp_practice_code,
  cast(observation_period.observation_period_start_date as date) as registration_start_date,
  cast(observation_period.observation_period_end_date as date) as registration_end_date,
  null as registration_type_code
from observation_period
cross join site
