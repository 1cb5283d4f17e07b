//! What holds for every generated region, in memory and in its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::calendar::DAYS;
use super::draw::mix;
use super::event::UNTRACED;
use super::provider::{Kind, PROVIDERS};
use super::truth::Question;
use super::{Population, Spec, generate, shown};

fn region(seed: u64, people: u32) -> Population {
    generate(&Spec { seed, people })
}

/// A number that changes with any event of the region.
fn fingerprint(population: &Population) -> u64 {
    let mut hash = 0;
    for provider in population.providers() {
        let records = population.records(provider);
        for s in &records.spells {
            hash = mix(&[hash, u64::from(s.person), u64::from(s.day), u64::from(s.pence), s.diagnosis as u64]);
        }
        for c in &records.costs {
            hash = mix(&[hash, u64::from(c.person), u64::from(c.month), u64::from(c.pence)]);
        }
        for (_, rows) in records.row_counts() {
            hash = mix(&[hash, rows as u64]);
        }
    }
    hash
}

#[test]
fn one_seed_makes_one_region() {
    let first = fingerprint(&region(1, 3_000));
    assert_eq!(first, fingerprint(&region(1, 3_000)), "threads may not matter");
    assert_ne!(first, fingerprint(&region(2, 3_000)));
    // The same on every machine: change this number only together with what the region shows.
    assert_eq!(first, 15_625_774_196_257_474_700, "the region changed");
}

#[test]
fn the_region_shows_what_is_stated() {
    for seed in [Spec::default().seed, 77] {
        for figure in shown::figures(&region(seed, 500_000)) {
            assert!(figure.holds(), "seed {seed}: {} is {}, not {:?}", figure.name, figure.shown, figure.stated);
        }
    }
}

#[test]
fn events_happen_to_registered_people_in_order() {
    let population = region(3, 4_000);
    for provider in population.providers() {
        let records = population.records(provider);
        let check = |rows: Vec<(u32, u16)>| {
            let traced: Vec<_> = rows.into_iter().filter(|(person, _)| *person != UNTRACED).collect();
            assert!(traced.is_sorted(), "{} is not sorted", provider.code);
            for (number, day) in traced {
                let person = &population.people()[number as usize];
                assert!(person.is_known_to(provider.index()), "{} does not know whom it met", provider.code);
                assert!((person.from..person.to).contains(&day) && day < DAYS, "{} met nobody there", provider.code);
            }
        };
        check(records.gp_appointments.iter().map(|r| (r.person, r.day)).collect());
        check(records.spells.iter().map(|r| (r.person, r.day)).collect());
        check(records.outpatients.iter().map(|r| (r.person, r.day)).collect());
        check(records.attendances.iter().map(|r| (r.person, r.day)).collect());
        check(records.incidents.iter().map(|r| (r.person, r.day)).collect());
        check(records.urgent_contacts.iter().map(|r| (r.person, r.day)).collect());
        check(records.contacts.iter().map(|r| (r.person, r.day)).collect());
    }
}

#[test]
fn every_provider_has_records_even_in_a_small_region() {
    let population = region(4, 2_000);
    assert_eq!(population.providers().len(), PROVIDERS);
    for provider in population.providers() {
        assert!(population.known_people(provider).next().is_some(), "{} knows nobody", provider.code);
    }
}

#[test]
fn providers_other_than_the_practice_know_a_part_of_the_conditions() {
    let population = region(5, 20_000);
    for kind in Kind::ALL {
        let (mut known, mut all) = (0, 0);
        for provider in population.providers().iter().filter(|p| p.kind == kind) {
            for (number, person) in population.known_people(provider) {
                all += person.conditions().len();
                known += population.known_conditions(provider, number).count();
            }
        }
        let share = known as f64 / f64::from(all);
        assert!((share - kind.knows_conditions()).abs() < 0.06, "{kind:?} knows {share}");
    }
}

#[test]
fn conditions_begin_in_a_life_and_mostly_before_the_window() {
    let population = region(8, 5_000);
    let (mut before, mut all) = (0, 0);
    for provider in population.providers().iter().filter(|p| p.kind == Kind::Gp) {
        for (number, person) in population.known_people(provider) {
            for (_, course) in population.known_conditions(provider, number) {
                assert!(course.onset_date32 >= person.born().date32());
                assert!(course.onset_date32 < super::calendar::date32(DAYS));
                assert!(course.resolved_date32.is_none_or(|day| day > course.onset_date32));
                all += 1;
                before += u32::from(course.onset_date32 < super::calendar::START_DATE32);
            }
        }
    }
    let share = f64::from(before) / f64::from(all);
    assert!((share - 15.0 / 16.0).abs() < 0.02, "{share} began before the window");
}

#[test]
fn files_hold_what_memory_holds() {
    let population = region(6, 2_500);
    let dir = tempfile::tempdir().unwrap();
    let rows = population.write_all(dir.path(), |_| ()).unwrap();
    let mut read = 0;
    let mut seen = BTreeMap::new();
    for provider in population.providers() {
        let tables = read_tables(&population, provider, dir.path());
        let known: BTreeSet<String> = texts(&tables["person"], "person_id").collect();
        assert_eq!(known.len(), population.known_people(provider).count());
        for (name, batch) in &tables {
            read += batch.num_rows() as u64;
            assert!(texts(batch, "person_id").all(|id| known.contains(&id)), "{name} of {}", provider.code);
        }
        let opted_out = tables["person"].column_by_name("opted_out").unwrap().as_boolean().true_count();
        let told = |n: u32| population.told_by(n) == Some(super::left_out::ToldBy::PersonTable);
        assert_eq!(opted_out, population.known_people(provider).filter(|(n, _)| told(*n)).count());
        for id in known {
            *seen.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!(rows, read);
    // Seven letters over 10,000 people may meet by chance, but hardly ever.
    assert!(seen.values().filter(|n| **n > 1).count() <= 2, "ids of two providers match");
}

#[test]
fn a_hospitals_files_have_its_dates_and_money() {
    let population = region(7, 2_000);
    let dir = tempfile::tempdir().unwrap();
    let provider = population.provider("H00001").unwrap();
    population.write(provider, dir.path()).unwrap();
    let tables = read_tables(&population, provider, dir.path());
    let records = population.records(provider);
    let twins: Vec<usize> =
        (0..records.spells.len()).filter(|n| population.restricted_twin_of_spell(provider, *n).is_some()).collect();
    assert!(!twins.is_empty());
    let written: Vec<_> = (0..records.spells.len())
        .flat_map(|n| std::iter::repeat_n(&records.spells[n], 1 + usize::from(twins.contains(&n))))
        .collect();
    let spells = &tables["hospital_spell"];
    assert_eq!(spells.num_rows(), written.len());
    let days = spells.column_by_name("admission_date").unwrap().as_primitive::<Date32Type>();
    assert!(days.values().iter().zip(&written).all(|(date, row)| *date == super::calendar::date32(row.day)));
    let cost = spells.column_by_name("cost_gbp").unwrap();
    assert_eq!(cost.data_type(), &DataType::Decimal128(12, 2));
    let pence: i128 = cost.as_primitive::<Decimal128Type>().values().iter().sum();
    assert_eq!(pence, written.iter().map(|row| i128::from(row.pence)).sum());
    let still_in = spells.column_by_name("discharge_date").unwrap().null_count();
    assert_eq!(still_in, written.iter().filter(|row| row.stay.is_none()).count());
    let ids: BTreeSet<String> = texts(spells, "spell_id").collect();
    assert!(texts(&tables["spell_diagnosis"], "spell_id").all(|id| ids.contains(&id)));
    assert!(texts(&tables["spell_procedure"], "spell_id").all(|id| ids.contains(&id)));
}

#[test]
fn truths_speak_the_templates_words() {
    let population = region(9, 5_000);
    let parameters = [("from", "2024-04"), ("to", "2025-03"), ("at", "2025-03"), ("n", "2")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for id in [
        "frequent-emergency-users",
        "long-term-condition-activity",
        "long-term-condition-cost",
        "emergency-admissions-75-plus",
        "depression-with-long-term-condition",
        "respiratory-emergency-admissions",
        "stroke-length-of-stay",
    ] {
        let path = format!("{}/../templates/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        let template: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let question = Question::parse(id, &parameters).unwrap();
        let mut kinds: Vec<&str> =
            template["runs_at"].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
        kinds.sort_unstable();
        let mut runs_at: Vec<&str> = question.runs_at().iter().map(|kind| kind.code()).collect();
        runs_at.sort_unstable();
        assert_eq!(runs_at, kinds, "{id}");
        let dimensions = template["dimension"].as_array().unwrap();
        let mut cells = 0;
        for provider in population.providers() {
            let truth = question.truth(&population, provider);
            for (levels, figures) in truth.cells() {
                cells += 1;
                assert!(figures.people > 0 && figures.rows >= figures.people, "{id}");
                assert_eq!(levels.len(), dimensions.len(), "{id}");
                for (level, dimension) in levels.iter().zip(dimensions) {
                    let declared = dimension["levels"].as_array().is_none_or(|all| {
                        all.iter().chain(dimension.get("other")).any(|name| name.as_str() == Some(level))
                    });
                    assert!(declared, "{id} declares no level `{level}`");
                }
                let opted_out = |person: u32| population.people()[person as usize].opted_out();
                assert!(!truth.persons(levels).into_iter().any(opted_out), "{id} counts someone who opted out");
            }
        }
        assert!(cells > 0, "{id} has no cells");
    }
}

/// Every table of a provider, checked against the schema of core-1.
fn read_tables(
    population: &Population,
    provider: &super::Provider,
    dir: &std::path::Path,
) -> BTreeMap<&'static str, RecordBatch> {
    let folder = dir.join(&provider.code).join(super::TABLES_FOLDER);
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, provider.kind.tables().len(), "{} of {}", provider.code, population.people().len());
    let read = |name: &'static str| {
        let file = File::open(folder.join(format!("{name}.parquet"))).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let schema = plan::model::table(name).unwrap().source_schema();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        let batch = match batches.first() {
            Some(first) => arrow::compute::concat_batches(&first.schema(), &batches).unwrap(),
            None => RecordBatch::new_empty(schema.clone()),
        };
        // The person table alone has a column more, by which people are found in lists of opt-outs.
        let more = usize::from(name == "person" && batch.num_rows() > 0);
        assert_eq!(batch.schema().fields().len(), schema.fields().len() + more, "{name}");
        assert!(batch.schema().fields().iter().zip(schema.fields()).all(|(a, b)| a == b), "{name}");
        (name, batch)
    };
    provider.kind.tables().iter().map(|name| read(name)).collect()
}

/// The texts of a column that are there.
fn texts(batch: &RecordBatch, column: &str) -> impl Iterator<Item = String> + use<> {
    let values = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
    (0..values.len())
        .filter(|row| values.is_valid(*row))
        .map(|row| values.value(row).to_owned())
        .collect::<Vec<_>>()
        .into_iter()
}
