-- Values encoded as numbers of rows (catalogue case C6).

-- case: unnest_in_select | function | units sum
select person_id, unnest(range(0, length_of_stay_days)) as units from hospital_spell

-- case: unnest_in_from | clause | units sum
select person_id, x as units from hospital_spell join unnest([1, 2]) as u(x) on true

-- case: lateral_series | join | units sum
select s.person_id, g.value as units from hospital_spell s cross join lateral generate_series(0, s.length_of_stay_days) g
