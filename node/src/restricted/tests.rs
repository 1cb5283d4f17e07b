//! Restricted codes and the records that go with them.

use std::fs;

use arrow::array::AsArray as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use plan::model;
use proptest::prelude::*;

use super::{CodeList, CodeSystem};
use crate::fixture::{SECRET, Site, csv, now, told};
use crate::snapshot::{Manifest, Snapshot, take};

#[test]
fn codes_and_whatever_lies_below_them() {
    let list = CodeList::built_in();
    let check = |system: CodeSystem, code: &str, restricted: bool| {
        assert_eq!(list.holds(Some(system), code), restricted, "{system:?} {code}");
    };
    use CodeSystem::{Ctv3, Icd10, Opcs4, Read2, Snomed};
    for (system, code) in [
        (Icd10, "A54"),
        (Icd10, "A549"),
        (Icd10, "A54.9"),
        (Icd10, "a549 "),
        (Icd10, "A54.4\u{2020} M73.0*"),
        (Icd10, "B24-X"),
        (Icd10, "B20X"),
        (Icd10, "Z21X"),
        (Icd10, "Z312"),
        (Icd10, "N981"),
        (Icd10, "F640"),
        (Icd10, "O987"),
        (Opcs4, "Q131"),
        (Opcs4, "X15.2"),
        (Opcs4, "Y961"),
        (Read2, "A788."),
        (Read2, "A788000"),
        (Snomed, "86406008"),
    ] {
        check(system, code, true);
    }
    for (system, code) in [
        (Icd10, "A49"),
        (Icd10, "A65"),
        (Icd10, "A5"),
        (Icd10, "Z31"),
        (Icd10, "Z310"),
        (Icd10, "O98"),
        (Icd10, "O980"),
        (Icd10, "I10X"),
        (Icd10, ""),
        (Opcs4, "Q12"),
        (Opcs4, "Q381"),
        (Opcs4, "A54"),
        (Read2, "A789."),
        (Read2, "a788."),
        (Ctv3, "A788."),
        (Snomed, "864060080"),
        (Snomed, "8640600"),
        (Snomed, "HIV"),
    ] {
        check(system, code, false);
    }
    // A system that nobody knows: rather left out than let through.
    assert!(list.holds(None, "B24X") && !list.holds(None, "I10X"));
}

/// A hospital of forty people with diagnoses and procedures; the stays are the fixture's, in pairs per person.
fn site(diagnoses: &[(usize, usize, &str)], procedures: &[(usize, usize, &str)]) -> Site {
    let mut site = Site::new();
    let row = |column: &'static str| {
        move |(n, (spell, person, code)): (usize, &(usize, usize, &str))| {
            vec![
                ("spell_id", format!("s{spell}")),
                ("person_id", format!("p{person:02}")),
                ("position", (n + 1).to_string()),
                (column, (*code).to_owned()),
            ]
        }
    };
    for (table, column, rows) in
        [("spell_diagnosis", "icd10_code", diagnoses), ("spell_procedure", "opcs4_code", procedures)]
    {
        let rows: Vec<_> = rows.iter().enumerate().map(row(column)).collect();
        site.write(&format!("{table}.csv"), &csv(model::table(table).unwrap(), &rows));
        site.config += &format!("\n[sources.{table}]\ncsv = \"{table}.csv\"\nfrom = \"2024-01-01\"\n");
    }
    site
}

/// The spells that a table of the snapshot still holds.
fn spells(site: &Site, table: &str) -> Vec<String> {
    let config = if site.path("signing.pk8").exists() { site.read() } else { site.enrolled() };
    take(&config, now()).unwrap();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    let file = fs::File::open(&snapshot.tables()[table].path).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap);
    let of = |batch: arrow::array::RecordBatch| {
        let ids = batch.column_by_name("spell_id").unwrap().as_string::<i32>().clone();
        ids.iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
    };
    batches.flat_map(of).collect()
}

#[test]
fn a_restricted_diagnosis_takes_its_spell_with_it() {
    // Spells 0 and 1 are person 0's, 2 and 3 person 1's.
    let diagnoses = [(0, 0, "I10X"), (0, 0, "A54.9"), (0, 0, "E119"), (1, 0, "I10X"), (2, 1, "I10X")];
    let site = site(&diagnoses, &[(0, 0, "U05.1"), (1, 0, "U05.1"), (3, 1, "Q13.1")]);
    let left = spells(&site, "hospital_spell");
    assert!(!left.contains(&"s0".to_owned()) && !left.contains(&"s3".to_owned()));
    assert_eq!(left.len(), 2 * 38 - 2, "two of the forty opted out");
    assert_eq!(spells(&site, "spell_diagnosis"), ["s1", "s2"]);
    assert_eq!(spells(&site, "spell_procedure"), ["s1"]);
    let config = site.read();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    let path = config.folder.join("snapshot").join(snapshot.id().to_string()).join("manifest.json");
    let manifest: Manifest = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let left_out = |table: &str| manifest.tables.iter().find(|entry| entry.table == table).unwrap().left_out.restricted;
    assert_eq!((left_out("hospital_spell"), left_out("spell_diagnosis"), left_out("spell_procedure")), (2, 3, 2));
    assert_eq!((manifest.restricted.version, manifest.restricted.additions_sha256), (1, None));
}

#[test]
fn a_record_key_that_another_person_bears_as_well_is_not_theirs() {
    // Person 5 has, by a faulty mapping, a diagnosis under spell 0 of person 0.
    let site = site(&[(0, 5, "A549"), (0, 0, "I10X")], &[]);
    assert_eq!(spells(&site, "spell_diagnosis"), ["s0"]);
    assert!(spells(&site, "hospital_spell").contains(&"s0".to_owned()));
}

#[test]
fn additions_add_and_never_take_away() {
    let check = |text: &str, restricted: &[(CodeSystem, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("additions.csv");
        fs::write(&file, text).unwrap();
        let list = CodeList::with_additions(&file).unwrap();
        for (system, code) in restricted {
            assert!(list.holds(Some(*system), code), "{text}: {code}");
        }
        assert!(list.holds(Some(CodeSystem::Icd10), "A549"), "the software's own list stays");
        assert!(list.has_additions() && list.name().additions_sha256.is_some());
    };
    check("system,code\nSNOMED,123456789\n", &[(CodeSystem::Snomed, "123456789")]);
    check("icd10, J45 # asthma\n\n", &[(CodeSystem::Icd10, "J459")]);
    check("\"CTV3\",\"Xa1bc\"\nREAD2,H33..\n", &[(CodeSystem::Ctv3, "Xa1bc"), (CodeSystem::Read2, "H3300")]);
    check("ICD10,A54\n", &[]);
}

#[test]
fn additions_that_cannot_be_are_named_by_line() {
    let check = |text: &str, words: &[&str]| {
        let mut site = Site::new();
        site.write("additions.csv", text);
        site.config += "\n[restricted]\nadditions = \"additions.csv\"\n";
        site.write("node.toml", &site.config);
        crate::init(&site.path("node.toml")).unwrap();
        let error = told(&crate::Config::read(&site.path("node.toml")).map(|_| ()).unwrap_err());
        assert!(error.contains("restricted.additions"), "{error}");
        assert!(words.iter().all(|word| error.contains(word)) && !error.contains(SECRET), "{text}: {error}");
    };
    check("", &["adds no code"]);
    check("# nothing\n", &["adds no code"]);
    check(&format!("ICD10,J45\n{SECRET}\n"), &["lines 2", "system,code"]);
    check(&format!("ICD9,{SECRET}\nICD10,\nICD10,J\nSNOMED,12\n"), &["lines 1, 2, 3, 4"]);
    // Nothing takes a code from the list.
    check("-ICD10,A54\n", &["lines 1"]);
}

#[test]
fn every_own_code_is_one_of_its_system() {
    for (system, code) in super::codes::built_in() {
        assert_eq!(system.normal(code).as_deref(), Some(code), "{system:?} {code}");
        assert!(CodeList::built_in().holds(Some(system), code));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_row_of_a_record_with_a_restricted_code_is_ever_in_a_snapshot(
        diagnoses in prop::collection::vec((0usize..76, 0usize..6), 0..60),
        procedures in prop::collection::vec((0usize..76, 0usize..4), 0..30),
    ) {
        const ICD: [&str; 6] = ["I10X", "E119", "J440", "A549", "Z21X", "N981"];
        const OPCS: [&str; 4] = ["U051", "K634", "Q131", "X151"];
        let own = |codes: &'static [&'static str], rows: &[(usize, usize)]| -> Vec<(usize, usize, &'static str)> {
            rows.iter().map(|&(spell, code)| (spell, spell / 2, codes[code])).collect()
        };
        let (diagnoses, procedures) = (own(&ICD, &diagnoses), own(&OPCS, &procedures));
        let restricted: std::collections::BTreeSet<String> = diagnoses
            .iter().filter(|row| ICD[3..].contains(&row.2))
            .chain(procedures.iter().filter(|row| OPCS[2..].contains(&row.2)))
            .map(|row| format!("s{}", row.0)).collect();
        let site = site(&diagnoses, &procedures);
        for (table, all) in [("hospital_spell", 76), ("spell_diagnosis", diagnoses.len()), ("spell_procedure", procedures.len())] {
            let left = spells(&site, table);
            prop_assert!(left.iter().all(|spell| !restricted.contains(spell)), "{}", table);
            if table == "hospital_spell" {
                prop_assert_eq!(left.len(), all - restricted.len());
            }
        }
    }
}
