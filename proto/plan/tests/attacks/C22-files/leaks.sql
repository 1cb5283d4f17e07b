-- Files and the network (catalogue case C22).

-- case: read_csv | function | month period
select person_id, month from read_csv('/etc/passwd')

-- case: read_parquet | function | month period
select person_id, month from read_parquet('s3://bucket/key')

-- case: parquet_metadata | function | month period
select person_id, month from parquet_metadata('person.parquet')

-- case: path_as_table | table | month period
select person_id, month from "/etc/passwd"

-- case: quoted_path_as_table | table | month period
select person_id, month from '/etc/passwd'

-- case: url_as_table | table | month period
select person_id, month from "http://example.org/x.parquet"

-- case: input_file_name | function | level level
select person_id, input_file_name() as level from person
