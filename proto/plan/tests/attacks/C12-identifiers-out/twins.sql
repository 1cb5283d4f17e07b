-- Places that are large enough to be declared.

-- case: locality_of_a_practice | level level
select p.person_id, l.locality as level from person p join practice_locality l on l.gp_practice_code = p.usual_gp_practice_code

-- case: locality_of_a_small_area | level level
select p.person_id, a.locality as level from person p join area_locality a on a.lsoa_code = p.lsoa_code
