//! A grammar of contribution SQL over stays, persons and their conditions. It produces sense for the most part, and now and
//! then puts in a part that no statement may have: then the whole statement is hostile, and must be refused.

use proptest::prelude::*;
use proptest::sample::select;

/// One in so many parts is hostile.
const HOSTILE_ONE_IN: u32 = 16;

/// A statement with the columns that its template declares.
#[derive(Clone, Debug)]
pub struct Statement {
    pub sql: String,
    pub is_hostile: bool,
    pub shape: Shape,
}

/// Which columns there are beside the person and the level.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub month: bool,
    pub units: bool,
}

impl Shape {
    /// The columns as the attacks' files declare them.
    pub fn outputs(self) -> String {
        let columns = [("level level", true), ("month period", self.month), ("units sum", self.units)];
        columns.into_iter().filter(|(_, is_there)| *is_there).map(|(column, _)| column).collect::<Vec<_>>().join(", ")
    }
}

/// Statements of every form.
pub fn statement() -> impl Strategy<Value = Statement> {
    let shape = (any::<bool>(), any::<bool>()).prop_map(|(month, units)| Shape { month, units });
    shape.prop_flat_map(|shape| {
        let head = part(&[""], &["explain ", "explain analyze ", "prepare q as "]);
        let tail = part(
            &[""],
            &[" limit 3", " order by 1", " offset 2", " fetch first 1 rows only", " for update", "; drop table person"],
        );
        (head, query(shape), tail).prop_map(move |(head, query, tail)| {
            let Part { text, is_hostile } = fill("{}{}{}", &[&head, &query, &tail]);
            Statement { sql: text, is_hostile, shape }
        })
    })
}

/// A piece of a statement.
#[derive(Clone, Debug)]
struct Part {
    text: String,
    is_hostile: bool,
}

type Parts = BoxedStrategy<Part>;

fn part(sense: &[&'static str], hostile: &[&'static str]) -> Parts {
    let of = |texts: &[&'static str], is_hostile: bool| {
        select(texts.to_vec()).prop_map(move |text| Part { text: text.to_owned(), is_hostile })
    };
    prop_oneof![HOSTILE_ONE_IN - 1 => of(sense, false), 1 => of(hostile, true)].boxed()
}

/// The pattern with a part for each `{}`.
fn fill(pattern: &str, parts: &[&Part]) -> Part {
    let mut text = String::new();
    let mut parts_left = parts.iter();
    for (n, piece) in pattern.split("{}").enumerate() {
        if n > 0 {
            text += &parts_left.next().unwrap().text;
        }
        text += piece;
    }
    Part { text, is_hostile: parts.iter().any(|part| part.is_hostile) }
}

fn query(shape: Shape) -> Parts {
    let columns = match (shape.month, shape.units) {
        (false, false) => "x.person_id, x.level",
        (true, false) => "x.person_id, x.level, x.month",
        (false, true) => "x.person_id, x.level, x.units",
        (true, true) => "x.person_id, x.level, x.month, x.units",
    };
    let set = part(&[" union all ", " union "], &[" intersect ", " except "]);
    let outer = part(
        &[
            "x.level <> '11'",
            "x.level is not null",
            "true",
            "x.person_id in (select person_id from long_term_condition)",
        ],
        &[
            "x.person_id = 3",
            "x.person_id in (1, 2)",
            "x.level = (select max(admission_method_code) from hospital_spell)",
        ],
    );
    prop_oneof![
        6 => one(shape),
        1 => (one(shape), set, one(shape)).prop_map(|(a, set, b)| fill("{}{}{}", &[&a, &set, &b])),
        1 => (one(shape), outer).prop_map(move |(inner, filter)| {
            fill(&format!("select {columns} from ({{}}) x where {{}}"), &[&inner, &filter])
        }),
        1 => one(shape).prop_map(move |inner| fill(&format!("with x as ({{}}) select {columns} from x"), &[&inner])),
    ]
    .boxed()
}

fn one(shape: Shape) -> Parts {
    prop_oneof![3 => plain(shape), 3 => joined(shape), 2 => optional(shape), 1 => halved(shape), 3 => grouped(shape)]
        .boxed()
}

/// The list of columns: the person, the level, and what the shape adds.
fn columns(shape: Shape, person: Parts, level: Parts, month: Parts, units: Parts) -> Parts {
    (person, level, month, units)
        .prop_map(move |(person, level, month, units)| {
            let mut all = fill("{} as person_id, {} as level", &[&person, &level]);
            if shape.month {
                all = fill("{}, {} as month", &[&all, &month]);
            }
            if shape.units {
                all = fill("{}, {} as units", &[&all, &units]);
            }
            all
        })
        .boxed()
}

const LEVEL: [&str; 5] = [
    "a.admission_method_code",
    "coalesce(a.primary_diagnosis_code, 'none')",
    "left(a.primary_diagnosis_code, 3)",
    "case when a.length_of_stay_days >= $n then 'yes' when a.length_of_stay_days is null then null else '11' end",
    "'21'",
];
const NO_LEVEL: [&str; 8] = [
    "a.spell_id",
    "a.primary_diagnosis_code || a.spell_id",
    "md5(a.primary_diagnosis_code)",
    "cast(a.length_of_stay_days as varchar)",
    "cast(count(*) over () as varchar)",
    "(select max(primary_diagnosis_code) from hospital_spell)",
    "array_agg(a.primary_diagnosis_code)",
    "upper(a.primary_diagnosis_code)",
];

fn month() -> Parts {
    part(
        &["a.admission_date", "a.admission_date - interval '1 month'", "coalesce(a.discharge_date, a.admission_date)"],
        &[
            "now()",
            "to_date(a.primary_diagnosis_code)",
            "max(a.admission_date) over ()",
            "a.admission_date + interval '300000 years'",
        ],
    )
}

fn units() -> Parts {
    part(
        &["a.length_of_stay_days", "1", "a.length_of_stay_days * 2 - 3", "coalesce(a.length_of_stay_days, 0)"],
        &[
            "cast(a.person_id as bigint)",
            "length(a.spell_id)",
            "row_number() over (order by a.admission_date)",
            "unnest(range(0, a.length_of_stay_days))",
            "a.length_of_stay_days / 2",
            "cast(a.primary_diagnosis_code as bigint)",
        ],
    )
}

const NO_PERSON: [&str; 5] = ["7", "a.person_id + 0", "cast(a.person_id as bigint)", "$n", "a.length_of_stay_days"];

fn filter() -> Parts {
    let single = part(
        &[
            "true",
            "a.primary_diagnosis_code like 'J%'",
            "a.primary_diagnosis_code in ('J44', 'I64')",
            "a.admission_date >= $from",
            "a.length_of_stay_days > $n",
            "not (a.admission_method_code = '31')",
            "a.person_id in (select person_id from long_term_condition where condition = 'copd')",
            "a.person_id not in (select person_id from long_term_condition)",
            "a.person_id in (select o.person_id from hospital_spell o group by o.person_id having count(*) >= $n)",
            "exists (select 1 from long_term_condition c where c.person_id = a.person_id and c.condition = 'diabetes')",
            "not exists (select 1 from hospital_spell o where o.person_id = a.person_id and o.admission_date < a.admission_date)",
        ],
        &[
            "a.spell_id = 'S1'",
            "a.person_id = 3",
            "random() < 0.5",
            "1 / 0 = 1",
            "a.primary_diagnosis_code ~ '(('",
            "exists (select 1 from long_term_condition c where c.condition = 'copd')",
            "exists (select 1 from hospital_spell o where o.person_id <> a.person_id and o.spell_id = a.spell_id)",
            "a.primary_diagnosis_code in (select primary_diagnosis_code from hospital_spell)",
            "a.spell_id in (select spell_id from spell_procedure)",
            "a.length_of_stay_days = (select max(length_of_stay_days) from hospital_spell)",
        ],
    );
    let both = (single.clone(), select(vec!["{} and {}", "({} or {})"]), single.clone())
        .prop_map(|(a, both, b)| fill(both, &[&a, &b]));
    prop_oneof![3 => single, 1 => both].boxed()
}

/// One table.
fn plain(shape: Shape) -> Parts {
    let columns = columns(shape, part(&["a.person_id"], &NO_PERSON), part(&LEVEL, &NO_LEVEL), month(), units());
    let padding = part(
        &[""],
        &[
            " cross join generate_series(1, 20) g",
            " join generate_series(1, 20) g on true",
            " cross join person z",
            ", person z",
            " join unnest([1, 2]) as u(x) on true",
            " tablesample bernoulli (10)",
        ],
    );
    (part(&["", "distinct "], &["distinct on (a.person_id) "]), columns, padding, filter())
        .prop_map(|(distinct, columns, padding, filter)| {
            fill("select {}{} from hospital_spell a{} where {}", &[&distinct, &columns, &padding, &filter])
        })
        .boxed()
}

/// What ties the rows of `a` and `b`.
fn tie() -> Parts {
    part(
        &[
            "a.person_id = b.person_id",
            "b.person_id = a.person_id and true",
            "a.person_id = b.person_id and a.length_of_stay_days > $n",
        ],
        &[
            "true",
            "a.person_id <> b.person_id",
            "a.person_id <= b.person_id",
            "a.person_id = b.person_id or a.length_of_stay_days = 2",
            "not (a.person_id = b.person_id)",
            "coalesce(a.person_id = b.person_id, true)",
        ],
    )
}

/// Inner joins: rows are multiplied, within one person.
fn joined(shape: Shape) -> Parts {
    let columns = columns(
        shape,
        part(&["a.person_id", "b.person_id"], &["coalesce(a.person_id, b.person_id)", "7", "a.person_id + 0"]),
        part(&LEVEL, &NO_LEVEL),
        month(),
        units(),
    );
    let other = select(vec!["person", "long_term_condition", "hospital_spell"]);
    (columns, part(&["join"], &["right join", "full join"]), other, tie(), filter())
        .prop_map(|(columns, join, other, tie, filter)| {
            fill(
                &format!("select {{}} from hospital_spell a {{}} {other} b on {{}} where {{}}"),
                &[&columns, &join, &tie, &filter],
            )
        })
        .boxed()
}

/// Left joins: whose condition is there, and whose is not.
fn optional(shape: Shape) -> Parts {
    let level = part(
        &["case when b.person_id is null then '11' else 'yes' end", "coalesce(b.condition, '21')", LEVEL[0]],
        &NO_LEVEL,
    );
    let person = part(&["a.person_id"], &["b.person_id", "coalesce(b.person_id, a.person_id)"]);
    (columns(shape, person, level, month(), units()), tie(), filter())
        .prop_map(|(columns, tie, filter)| {
            fill(
                "select {} from hospital_spell a left join long_term_condition b on {} where {}",
                &[&columns, &tie, &filter],
            )
        })
        .boxed()
}

/// Semi and anti joins.
fn halved(shape: Shape) -> Parts {
    let columns = columns(shape, part(&["a.person_id"], &NO_PERSON), part(&LEVEL, &NO_LEVEL), month(), units());
    let kind = part(&["left semi join", "left anti join"], &["right semi join", "right anti join"]);
    (columns, kind, tie())
        .prop_map(|(columns, kind, tie)| {
            fill("select {} from hospital_spell a {} long_term_condition b on {}", &[&columns, &kind, &tie])
        })
        .boxed()
}

/// Grouping within one person.
fn grouped(shape: Shape) -> Parts {
    let columns = columns(
        shape,
        part(&["a.person_id"], &["min(a.person_id)", "7"]),
        part(
            &[
                "max(a.admission_method_code)",
                "min(a.primary_diagnosis_code)",
                "case when count(*) >= $n then 'yes' else '11' end",
                "'21'",
            ],
            &[
                "string_agg(a.primary_diagnosis_code, ',')",
                "first_value(a.admission_method_code)",
                "min(a.spell_id)",
                "median(a.admission_method_code)",
            ],
        ),
        part(
            &["min(a.admission_date)", "max(a.admission_date)"],
            &["any_value(a.admission_date)", "nth_value(a.admission_date, 2)"],
        ),
        part(
            &[
                "count(*)",
                "sum(a.length_of_stay_days)",
                "max(a.length_of_stay_days)",
                "count(distinct a.spell_id)",
                "sum(case when a.admission_method_code = '21' then 1 else 0 end)",
            ],
            &[
                "avg(a.length_of_stay_days)",
                "sum(distinct a.length_of_stay_days)",
                "count(*) filter (where a.spell_id = 'S1')",
                "bit_xor(a.length_of_stay_days)",
                "approx_percentile_cont(a.length_of_stay_days, 0.5)",
            ],
        ),
    );
    let keys = part(
        &["a.person_id", "a.person_id, a.admission_method_code"],
        &["a.admission_method_code", "rollup (a.person_id)", "grouping sets ((a.person_id), ())", "all"],
    );
    let having = part(
        &["true", "count(*) >= $n", "count(distinct a.spell_id) = 1", "sum(a.length_of_stay_days) > 5"],
        &["max(a.person_id) > 4", "min(a.spell_id) = 'S1'", "a.person_id = 3", "stddev(a.length_of_stay_days) > 1"],
    );
    (columns, filter(), keys, having)
        .prop_map(|(columns, filter, keys, having)| {
            fill("select {} from hospital_spell a where {} group by {} having {}", &[&columns, &filter, &keys, &having])
        })
        .boxed()
}
