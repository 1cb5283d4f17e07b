-- Metadata (catalogue case C20).

-- case: information_schema | table | level level
select table_name as level, person_id from information_schema.tables

-- case: pg_catalog | table | level level
select person_id, relname as level from pg_class

-- case: metadata_table | table | level level
select notes as level, person_id from table_coverage

-- case: qualified_table | table | month period
select person_id, admission_date as month from datafusion.public.hospital_spell
