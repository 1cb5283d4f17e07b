//! Cases of SQL in files. Each attack has a folder under `tests/attacks`: `leaks.sql` must be refused, and `twins.sql`,
//! where there is one, is honest SQL that looks like it and must pass. More honest SQL lies in `tests/allowed`.
//!
//! The integration tests read the same files and send them to a node.

use std::fs;
use std::path::{Path, PathBuf};

/// One case: its name, the columns of its header after the name, and its SQL.
pub struct Case {
    pub name: String,
    pub header: Vec<String>,
    pub sql: String,
}

/// The look-ups that every case may use: names, and columns of which the first is the key.
pub const LOOKUPS: [(&str, &[&str]); 4] = [
    ("practice_locality", &["gp_practice_code", "locality"]),
    ("area_locality", &["lsoa_code", "locality"]),
    ("people_codes", &["code", "grouped"]),
    ("practice_list_size", &["row", "provider", "age_band", "people"]),
];

/// What must be refused. The header holds the rule that refuses it and its output columns. `root` is the folder of the
/// crate `plan`.
pub fn leaks(root: &Path) -> Vec<Case> {
    cases(listed(&root.join("tests/attacks")).iter().map(|folder| folder.join("leaks.sql")))
}

/// What must pass. The header holds its output columns.
pub fn honest(root: &Path) -> Vec<Case> {
    let twins = listed(&root.join("tests/attacks")).into_iter().map(|folder| folder.join("twins.sql"));
    cases(twins.filter(|file| file.exists()).chain(listed(&root.join("tests/allowed"))))
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn cases(files: impl Iterator<Item = PathBuf>) -> Vec<Case> {
    let cases: Vec<Case> = files.flat_map(|file| read(&file)).collect();
    assert!(!cases.is_empty());
    cases
}

fn read(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap();
    let folder = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    text.split("\n-- case: ")
        .skip(1)
        .map(|block| {
            let (header, sql) = block.split_once('\n').unwrap();
            let mut header = header.split('|').map(|part| part.trim().to_owned());
            let name = format!("{folder}/{}", header.next().unwrap());
            Case { name, header: header.collect(), sql: repeated(sql) }
        })
        .collect()
}

/// Text with `{{3:ab}}` written out as `ababab`.
fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("{{") else { return text.to_owned() };
    let (times, rest) = rest.split_once(':').unwrap();
    let (part, after) = rest.split_once("}}").unwrap();
    format!("{before}{}{}", part.repeat(times.parse().unwrap()), repeated(after))
}
