//! Snapshots: who is in them, in which order, and that nothing but the frozen bytes is ever read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom};

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::UInt32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::fixture::{Site, now};

fn batches(snapshot: &Snapshot, table: &str) -> Vec<RecordBatch> {
    let file = File::open(&snapshot.tables()[table].path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// The person numbers and another text column of a table, row by row.
fn rows(snapshot: &Snapshot, table: &str, column: &str) -> Vec<(u32, String)> {
    let rows = |batch: &RecordBatch| {
        let persons = batch.column_by_name("person_id").unwrap().as_primitive::<UInt32Type>().clone();
        let texts = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
        persons.values().iter().zip(texts.iter()).map(|(&n, text)| (n, text.unwrap().to_owned())).collect::<Vec<_>>()
    };
    batches(snapshot, table).iter().flat_map(rows).collect()
}

fn taken(config: &Config) -> Snapshot {
    take(config, now()).unwrap();
    Snapshot::load(&config.folder, &config.provider).unwrap()
}

fn manifest(config: &Config, snapshot: &Snapshot) -> Manifest {
    let path = config.folder.join(FOLDER).join(snapshot.id().to_string()).join(MANIFEST);
    Manifest::parse(&fs::read(path).unwrap()).unwrap()
}

fn stay(person: &str, method: &str) -> (String, String, String, i32) {
    (person.to_owned(), "2024-04-01".to_owned(), method.to_owned(), 1)
}

#[test]
fn people_are_numbered_densely_in_the_order_of_their_ids_without_those_who_opted_out() {
    let site = Site::new();
    let people = [("d", false), ("b", true), ("a", false), ("c", false)];
    site.people(&people.map(|(id, out)| (id.to_owned(), out)));
    site.spells(&[
        stay("c", "21"),
        stay("a", "22"),
        stay("b", "23"),
        stay("zz", "24"),
        stay("a", "25"),
        stay("d", "28"),
    ]);
    let config = site.enrolled();
    let snapshot = taken(&config);
    // a, c, d are 0, 1, 2; b opted out; zz is not in the person table; the source's order holds within a person.
    let expected = [(0, "22"), (0, "25"), (1, "21"), (2, "28")].map(|(n, method)| (n, method.to_owned()));
    assert_eq!(rows(&snapshot, "hospital_spell", "admission_method_code"), expected);
    let manifest = manifest(&config, &snapshot);
    let of = |table: &str| manifest.tables.iter().find(|entry| entry.table == table).unwrap();
    assert_eq!(of("hospital_spell").left_out, LeftOut { opted_out: 1, unknown: 1, ..LeftOut::default() });
    assert_eq!((of("person").rows, of("person").left_out.opted_out), (3, 1));
    assert_eq!((snapshot.taken_at(), snapshot.opt_outs()), (now(), OptOuts::Both));
}

#[test]
fn a_person_keeps_the_number_through_every_snapshot() {
    let site = Site::new();
    let config = site.enrolled();
    let numbers = |people: &[(&str, bool)], spells: &[&str]| {
        site.people(&people.iter().map(|(id, out)| ((*id).to_owned(), *out)).collect::<Vec<_>>());
        site.spells(&spells.iter().map(|id| stay(id, id)).collect::<Vec<_>>());
        rows(&taken(&config), "hospital_spell", "admission_method_code")
    };
    let is = |expected: &[(u32, &str)]| expected.iter().map(|(n, id)| (*n, (*id).to_owned())).collect::<Vec<_>>();
    let first = numbers(&[("b", false), ("d", false)], &["b", "d"]);
    assert_eq!(first, is(&[(0, "b"), (1, "d")]));
    // One leaves, one comes whose id sorts before, one has opted out; then the first comes back.
    let second = numbers(&[("a", false), ("c", true), ("d", false)], &["a", "c", "d"]);
    assert_eq!(second, is(&[(1, "d"), (2, "a")]));
    let third = numbers(&[("a", false), ("b", false), ("c", false), ("d", true)], &["a", "b", "c", "d"]);
    assert_eq!(third, is(&[(0, "b"), (2, "a"), (3, "c")]));
}

#[test]
fn a_list_of_numbers_that_is_lost_or_damaged_lets_no_snapshot_be_taken() {
    let check = |change: fn(&Path), words: &str| {
        let site = Site::new();
        let config = site.enrolled();
        let before = taken(&config);
        change(&config.folder);
        let error = take(&config, now()).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("restore"), "{error}");
        assert_eq!(current(&config.folder.join(FOLDER)).unwrap(), Some(before.id()));
    };
    check(|folder| fs::remove_file(folder.join("numbers.sealed")).unwrap(), "which number");
    check(|folder| fs::write(folder.join("numbers.sealed"), [7; 400]).unwrap(), "damaged");
    check(|folder| fs::write(folder.join("contributors.key"), [7; 32]).unwrap(), "another key");
    check(|folder| fs::remove_file(folder.join("contributors.key")).unwrap(), "key");
    let site = Site::new();
    let sealed = fs::read({
        let config = site.enrolled();
        taken(&config);
        config.folder.join("numbers.sealed")
    })
    .unwrap();
    assert!(!sealed.windows(3).any(|bytes| bytes == b"p07"), "no id stands in the open");
}

#[test]
fn records_of_nobody_are_left_out_and_counted() {
    let mut site = Site::new();
    site.config += "\n[sources.ambulance_incident]\ncsv = \"ambulance.csv\"\nfrom = \"2024-01-01\"\n";
    let table = plan::model::table("ambulance_incident").unwrap();
    let incident = |person: &str| vec![("person_id", person.to_owned())];
    site.write("ambulance.csv", &crate::fixture::csv(table, &[incident("p01"), incident(""), incident("p00")]));
    let config = site.enrolled();
    let snapshot = taken(&config);
    let numbers: Vec<u32> = rows(&snapshot, "ambulance_incident", "outcome").into_iter().map(|row| row.0).collect();
    assert_eq!(numbers, [0, 1]);
    let entry = manifest(&config, &snapshot).tables.into_iter().find(|entry| entry.table == "ambulance_incident");
    assert_eq!(entry.unwrap().left_out.untraced, 1);
}

#[test]
fn opt_outs_that_are_not_applied_are_declared() {
    let mut site = Site::new();
    site.config = site.config.replace("population = 400", "population = 400\nopt_outs = \"none\"");
    let snapshot = taken(&site.enrolled());
    assert_eq!((snapshot.opt_outs(), snapshot.tables()["person"].rows), (OptOuts::None, 40));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_of_the_source_freezes_to_the_same_rows_in_the_order_of_persons(
        stays in prop::collection::vec((0u32..45, 0u32..1000), 0..120), out in prop::collection::btree_set(0u32..40, 0..10),
    ) {
        let site = Site::new();
        site.people(&(0..40).map(|n| (format!("p{n:02}"), out.contains(&n))).collect::<Vec<_>>());
        let stays: Vec<_> = stays.iter().map(|(person, code)| stay(&format!("p{person:02}"), &format!("m{code}"))).collect();
        site.spells(&stays);
        let snapshot = taken(&site.enrolled());
        let numbers: BTreeMap<String, u32> =
            (0..40).filter(|n| !out.contains(n)).enumerate().map(|(place, n)| (format!("p{n:02}"), place as u32)).collect();
        let mut expected: Vec<(u32, String)> =
            stays.iter().filter_map(|stay| Some((*numbers.get(&stay.0)?, stay.2.clone()))).collect();
        expected.sort_by_key(|row| row.0);
        prop_assert_eq!(rows(&snapshot, "hospital_spell", "admission_method_code"), expected);
    }
}

#[test]
fn a_person_table_that_cannot_be() {
    let check = |people: &[(&str, bool)], words: &str| {
        let site = Site::new();
        site.people(&people.iter().map(|(id, out)| ((*id).to_owned(), *out)).collect::<Vec<_>>());
        let config = site.enrolled();
        let error = take(&config, now()).unwrap_err().to_string();
        assert!(error.contains("person") && error.contains(words), "{error}");
        assert!(matches!(Snapshot::load(&config.folder, &config.provider), Err(IntegrityError::Absent { .. })));
        let left: Vec<_> = fs::read_dir(config.folder.join(FOLDER)).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    };
    check(&[("a", false), ("b", false), ("a", true)], "two rows");
    check(&[("a", true)], "nobody");
    check(&[], "nobody");
}

#[test]
fn a_failed_snapshot_leaves_the_one_before() {
    let site = Site::new();
    let config = site.enrolled();
    let before = taken(&config).id();
    site.write("hospital_spell.csv", "nonsense");
    assert!(take(&config, now()).is_err());
    assert_eq!(Snapshot::load(&config.folder, &config.provider).unwrap().id(), before);
}

#[test]
fn each_snapshot_has_an_identity_of_its_own_and_only_two_are_kept() {
    let site = Site::new();
    let config = site.enrolled();
    let ids: BTreeSet<SnapshotId> = (0..4).map(|_| taken(&config).id()).collect();
    assert_eq!(ids.len(), 4);
    let folders = fs::read_dir(config.folder.join(FOLDER)).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir());
    assert_eq!(folders.count(), 2);
}

/// Changes one thing in a snapshot, and sees it refused at loading, or at the next question.
fn check_tamper(change: impl Fn(&Path), noticed_at_once: bool) {
    let site = Site::new();
    let config = site.enrolled();
    let snapshot = taken(&config);
    assert!(snapshot.unchanged(["person", "hospital_spell"]).is_ok());
    change(&snapshot.tables()["hospital_spell"].path);
    if noticed_at_once {
        assert!(snapshot.unchanged(["person", "hospital_spell"]).is_err());
        assert!(snapshot.unchanged(["person"]).is_ok());
    }
    assert!(Snapshot::load(&config.folder, &config.provider).is_err());
}

#[test]
fn nothing_but_the_frozen_bytes_is_read() {
    check_tamper(|path| drop(fs::remove_file(path)), true);
    check_tamper(|path| OpenOptions::new().write(true).open(path).unwrap().set_len(100).unwrap(), true);
    let flip = |path: &Path| {
        let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut byte = [0];
        file.seek(SeekFrom::Start(50)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(50)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    };
    check_tamper(flip, true);
    // A thief of time who also restores the modification time is found out at the next start.
    let flip_quietly = |path: &Path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        flip(path);
        OpenOptions::new().write(true).open(path).unwrap().set_modified(modified).unwrap();
    };
    check_tamper(flip_quietly, false);
    check_tamper(|path| fs::write(path.with_file_name(MANIFEST), "{}").unwrap(), false);
    check_tamper(|path| fs::write(path.ancestors().nth(2).unwrap().join(CURRENT), "../../etc").unwrap(), false);
}

#[test]
fn another_providers_snapshot_is_refused() {
    let site = Site::new();
    let config = site.enrolled();
    taken(&config);
    let other = "Y00002".parse().unwrap();
    assert!(matches!(Snapshot::load(&config.folder, &other), Err(IntegrityError::Foreign { .. })));
}
