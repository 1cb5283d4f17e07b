-- Statements that write, and more than one statement (catalogue case C21).

-- case: create_external_table | syntax | month period
create external table t stored as csv location '/etc/passwd'

-- case: create_table_as | statement | month period
create table t as select * from person

-- case: copy_to | statement | month period
copy (select * from person) to '/tmp/person.csv'

-- case: insert | statement | month period
insert into person select * from person

-- case: update | statement | month period
update person set opted_out = false

-- case: delete | statement | month period
delete from person

-- case: set | statement | month period
set datafusion.execution.time_zone = 'UTC'

-- case: prepare | statement | month period
prepare q as select person_id, admission_date as month from hospital_spell

-- case: execute | statement | month period
execute q

-- case: drop | statement | month period
drop table person

-- case: two_statements | statement | month period
select person_id, admission_date as month from hospital_spell; drop table person

-- case: two_selects | statement | month period
select person_id, admission_date as month from hospital_spell; select person_id, admission_date as month from hospital_spell

-- case: nothing | statement | month period
-- only a remark

-- case: select_into | clause | month period
select person_id, admission_date as month into elsewhere from hospital_spell

-- case: cte_that_writes | statement | month period
with x as (insert into person select * from person) select person_id, birth_month as month from person
