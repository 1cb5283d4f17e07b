-- Further inventions.

-- case: cte_hides_core_table | table | month period
with person as (select person_id, admission_date as birth_month from hospital_spell) select person_id, birth_month as month from person

-- case: intersect | clause | month period
select person_id, admission_date as month from hospital_spell intersect select person_id, arrival_date from ed_attendance

-- case: except | clause | month period
select person_id, admission_date as month from hospital_spell except select person_id, arrival_date from ed_attendance

-- case: in_list_of_columns | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code in (treatment_function_code)

-- case: wildcard_except | syntax | month period
select * except (spell_id) from hospital_spell

-- case: for_update | clause | month period
select person_id, admission_date as month from hospital_spell for update

-- case: at_time_zone | expression | month period
select person_id, admission_datetime at time zone 'UTC' as month from hospital_spell

-- case: interval_of_column | expression | month period
select person_id, admission_date - interval (length_of_stay_days) day as month from hospital_spell

-- case: interval_times_column | unplannable | month period
select person_id, admission_date - length_of_stay_days * interval '1 day' as month from hospital_spell

-- case: collate | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code collate "C" = 'J44'

-- case: any_of_array | expression | month period
select person_id, admission_date as month from hospital_spell where primary_diagnosis_code = any (array['J44'])

-- case: struct_row | expression | month period
select person_id, admission_date as month from hospital_spell where (primary_diagnosis_code, site_code) = ('J44', 'X')

-- case: lookup_left_of_left_join | join | month period
select s.person_id, s.admission_date as month from practice_locality l left join hospital_spell s on s.site_code = l.gp_practice_code

-- case: lookup_chain | join | month period
select s.person_id, s.admission_date as month from hospital_spell s join (select a.gp_practice_code from practice_locality a join people_codes b on b.code = a.locality) l on l.gp_practice_code = s.site_code

-- case: other_person_by_semi_join | join | month period
select a.person_id, a.admission_date as month from hospital_spell a left semi join hospital_spell b on a.primary_diagnosis_code = b.primary_diagnosis_code

-- case: other_person_by_anti_join | join | month period
select a.person_id, a.admission_date as month from hospital_spell a left anti join hospital_spell b on a.site_code = b.site_code

-- case: outer_column_outside_where | subquery | month period
select person_id, admission_date as month from hospital_spell s where exists (select s.primary_diagnosis_code from person p where p.person_id = s.person_id)

-- case: two_levels_out | column | month period
select person_id, admission_date as month from hospital_spell s where exists (select 1 from person p where p.person_id = s.person_id and exists (select 1 from long_term_condition l where l.person_id = p.person_id and l.onset_date > s.admission_date))

-- case: aggregate_in_exists | grouping | month period
select person_id, admission_date as month from hospital_spell s where exists (select count(*) from hospital_spell o where o.person_id = s.person_id)

-- case: homoglyph | syntax | month period
select person_id, admission_date as month from hospital_spell where рrimary_diagnosis_code = 'J44'

-- case: hidden_direction | syntax | month period
select person_id, admission_date as month from hospital_spell -- ‮everything is fine

-- case: unknown_table | table | month period
select person_id, month from patients

-- case: unknown_column | column | level level
select person_id, nhs_number as level from person

-- case: undeclared_lookup | table | level level
select person_id, locality as level from lsoa_locality

-- case: ceil | function | units sum
select person_id, ceil(numeric_value) as units from clinical_event

-- case: position | function | units sum
select person_id, position('J' in primary_diagnosis_code) as units from hospital_spell

-- case: trim | function | level level
select person_id, trim(primary_diagnosis_code) as level from hospital_spell

-- case: upper | function | level level
select person_id, upper(primary_diagnosis_code) as level from hospital_spell

-- case: nullif | function | level level
select person_id, nullif(primary_diagnosis_code, 'J44') as level from hospital_spell

-- case: count_of_everybody_beside | grouping | month period
select s.person_id, s.admission_date as month from hospital_spell s join (select count(*) as n from hospital_spell) c on c.n > 10

-- case: with_inside_a_query | clause | month period
select person_id, month from (with a as (select person_id, admission_date as month from hospital_spell) select person_id, month from a) x

-- case: tied_to_perhaps_nobody | subquery | month period
select s.person_id, s.admission_date as month from hospital_spell s where exists (select 1 from hospital_spell a left join person b on b.person_id = a.person_id where b.person_id = s.person_id)

-- case: lookup_of_lookup_by_value | join | level level
select p.person_id, c.grouped as level from person p join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code join people_codes c on c.grouped = l.locality

-- case: lookup_key_met_twice | join | level level
select p.person_id, l.locality as level from person p join (select a.gp_practice_code, a.locality from practice_locality a join hospital_spell s on s.site_code = a.gp_practice_code) l on l.gp_practice_code = p.usual_gp_practice_code
