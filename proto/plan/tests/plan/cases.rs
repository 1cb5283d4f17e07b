//! Files of SQL cases, and what the cases declare.

use std::fs;
use std::path::{Path, PathBuf};

use plan::{Checked, LookupSchema, Output, OutputKind, Parameter, ParameterKind, PlanError};

/// One case: its name, the columns of its header after the name, and its SQL.
pub struct Case {
    pub name: String,
    pub header: Vec<String>,
    pub sql: String,
}

/// Every case under `tests/<folder>`.
pub fn cases(folder: &str) -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests").join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let cases: Vec<Case> = files.iter().flat_map(|file| read(file)).collect();
    assert!(!cases.is_empty());
    cases
}

/// The folder of this crate.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap();
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    text.split("\n-- case: ")
        .skip(1)
        .map(|block| {
            let (header, sql) = block.split_once('\n').unwrap();
            let mut header = header.split('|').map(|part| part.trim().to_owned());
            let name = format!("{stem}/{}", header.next().unwrap());
            Case { name, header: header.collect(), sql: sql.to_owned() }
        })
        .collect()
}

/// `month period, units sum` as output columns.
pub fn outputs(text: &str) -> Vec<Output> {
    text.split(',')
        .map(|column| {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            let kind = match kind {
                "level" => OutputKind::Level,
                "period" => OutputKind::Period,
                "sum" => OutputKind::Sum,
                other => panic!("no kind of output is called {other}"),
            };
            Output::new(name, kind)
        })
        .collect()
}

/// The parameters that every case may use.
pub fn parameters() -> Vec<Parameter> {
    vec![
        Parameter::new("from", ParameterKind::Date),
        Parameter::new("from_end", ParameterKind::Date),
        Parameter::new("n", ParameterKind::Integer),
        Parameter::new("choice", ParameterKind::Text),
    ]
}

/// The look-ups that every case may use.
pub fn lookups() -> Vec<LookupSchema> {
    let lookup = |name: &str, columns: &[&str]| LookupSchema {
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    vec![
        lookup("practice_locality", &["gp_practice_code", "locality"]),
        lookup("area_locality", &["lsoa_code", "locality"]),
        lookup("people_codes", &["code", "grouped"]),
        lookup("practice_list_size", &["row", "provider", "age_band", "people"]),
    ]
}

/// Checks a case's SQL under the common declarations.
pub fn check(sql: &str, declared: &str) -> Result<Checked, PlanError> {
    plan::check(sql, &parameters(), &outputs(declared), &lookups())
}
