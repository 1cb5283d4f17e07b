//! Files that an operator got wrong: each error names the file and says what to do, and quotes nothing of a row.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};

use super::ledger;
use super::whole::{nothing_is_told, told};
use crate::world::{HOSPITALS, World, answer_to, edit, person, spells, write_table};

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_node_configuration_is_refused() {
    let world = World::new().await;
    let file = world.node_config("RYA");
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, words) in [
        ("provider = \"RYA\"", "provider = \"rya\"", "A-Z and 0-9"),
        ("provider = \"RYA\"", "provider = \"RYA\nname", "RYA"),
        ("kind = \"hospital\"", "kind = \"clinic\"", "clinic"),
        ("population = 5000\n", "", "population"),
        ("population = 5000", "population = -1", "-1"),
        ("population = 5000", "population = 5000\nthresholds = 1", "thresholds"),
        ("\"https://", "\"http://", "`coordinator.address`: write it like"),
        ("profile = \"nhs-sde\"", "profile = \"none\"", "`policy.profile`: write one of \"nhs-sde\""),
        ("profile = \"nhs-sde\"", "threshold = 10", "`policy`: give either"),
        ("profile = \"nhs-sde\"", "threshold = 1\nrounding = 5", "`policy.threshold`"),
        ("profile = \"nhs-sde\"", "threshold = 10\nrounding = 1", "`policy.rounding`"),
        ("profile = \"nhs-sde\"", "profile = \"nhs-sde\"\nsuppression = \"off\"", "suppression"),
        ("zeros = \"shown\"", "zeros = \"raw\"", "raw"),
        ("quantum_ms = 1", "quantum_ms = 0", "`limits.quantum_ms`: write a number from"),
        ("quantum_ms = 1", "memory_mb = 1", "`limits.memory_mb`: write a number from"),
        ("file = \"../../trust-root.json\"", "file = \"absent.json\"", "`trust_root.file`"),
        ("sha256 = \"", "sha256 = \"0", "64 lower-case hexadecimal digits"),
        ("[sources.hospital_spell]", "[sources.hospital_spells]", "`sources.hospital_spells`: is no table of core-1"),
        ("[sources.person]", "[sources.care_plan]", "`sources.person`: is missing"),
        ("from = \"2023-04-01\"\n", "", "`sources.hospital_spell.from`: is missing"),
        ("from = \"2023-04-01\"", "from = \"1 April\"", "write a date like"),
        ("to = \"2025-03-31\"", "to = \"2022-03-31\"", "lies before"),
        ("parquet = \"tables/person.parquet\"", "csv = \"a\"\nparquet = \"b\"", "give exactly one of"),
        ("certificate = \"certificate.pem\"", "certificate = \"absent.pem\"", "absent.pem"),
        ("key = \"key.pem\"", "key = \"../RYB/key.pem\"", "do not work together"),
        ("signing_key = \"signing.key\"", "signing_key = \"key.pem\"", "`signing_key`"),
        ("signing_key = \"signing.key\"", "signing_key = \"absent.key\"", "`init` makes a key"),
    ] {
        assert_eq!(good.matches(from).count(), 1, "{from}");
        std::fs::write(&file, good.replace(from, to)).unwrap();
        let error = told(node::Config::read(&file).unwrap_err());
        assert!(error.contains(&file.display().to_string()), "{to}: {error}");
        assert!(error.contains(words), "{to}: {error}");
    }
    let absent = world.root().join("absent.toml");
    assert!(told(node::Config::read(&absent).unwrap_err()).contains("absent.toml: cannot be read; give the path"));
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(told(node::Config::read(&file).unwrap_err()).contains(&file.display().to_string()));

    // A trust root that is another than the pinned one, and a private key that everybody can read.
    std::fs::write(&file, &good).unwrap();
    let pinned = good.split("sha256 = \"").nth(1).and_then(|rest| rest.get(..64)).unwrap();
    let another: String = pinned.chars().rev().collect();
    std::fs::write(&file, good.replace(pinned, &another)).unwrap();
    assert!(told(node::Config::read(&file).unwrap_err()).contains("over a second channel"));
    std::fs::write(&file, &good).unwrap();
    open_to_all(&world.folder.provider("RYA").join("signing.key"));
    assert!(told(node::Config::read(&file).unwrap_err()).contains("chmod 600"));
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_coordinator_configuration_or_roster_is_refused() {
    let world = World::new().await;
    let file = world.coordinator_config();
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, words) in [
        ("listen = \"127.0.0.1:", "listen = \"localhost:", "listen"),
        ("templates = \"templates\"", "templates = \"absent\"", "`templates`"),
        ("store = \"store.sqlite\"\n", "", "store"),
        ("store = \"store.sqlite\"", "store = \"store.sqlite\"\nthreshold = 1", "threshold"),
        ("name = \"ada.analyst\"", "name = \"Ada\"", "a-z, 0-9"),
        ("organisation = \"Riverside Integrated Care Board\"", "organisation = \" \"", "one line"),
        ("sha256 = \"", "sha256 = \"0", "64 lower-case hexadecimal digits"),
        ("certificate = \"certificate.pem\"", "certificate = \"absent.pem\"", "absent.pem"),
        ("signing_key = \"signing.key\"", "signing_key = \"absent.key\"", "`init` makes a key"),
        ("roster = \"roster.toml\"", "roster = \"absent.toml\"", "absent.toml"),
    ] {
        assert_eq!(good.matches(from).count(), 1, "{from}");
        std::fs::write(&file, good.replace(from, to)).unwrap();
        let error = told(coordinator::Config::read(&file).unwrap_err());
        assert!(error.contains(&world.folder.coordinator().display().to_string()), "{to}: {error}");
        assert!(error.contains(words), "{to}: {error}");
    }
    std::fs::write(&file, good).unwrap();
    let roster = world.coordinator_roster();
    let good = std::fs::read_to_string(&roster).unwrap();
    let (first, second) = (world.provider_key("RYA").public(), world.provider_key("RYB").public());
    for (from, to, words) in [
        ("code = \"RYA\"", "code = \"RYB\"", "stands twice"),
        ("code = \"RYA\"", "code = \"\"", "A-Z and 0-9"),
        ("name = \"Hospital RYA\"", "name = \"\"", "write its name"),
        ("name = \"Hospital RYA\"", "name = \"Hospital RYA\"\ntrusted = true", "trusted"),
        (&*first.to_string(), &*second.to_string(), "another provider's key"),
        (&*first.to_string(), "0", "64 lower-case hexadecimal digits"),
    ] {
        std::fs::write(&roster, good.replacen(from, to, 1)).unwrap();
        let error = told(coordinator::Config::read(&file).unwrap_err());
        assert!(error.contains(&roster.display().to_string()) && error.contains(words), "{to}: {error}");
    }
}

/// The batch with one column replaced, perhaps by one of another type, or dropped.
fn with_column(batch: &RecordBatch, name: &str, column: Option<ArrayRef>) -> RecordBatch {
    let schema = batch.schema();
    let pairs = schema.fields().iter().zip(batch.columns()).filter_map(|(field, present)| {
        if field.name() != name {
            return Some((field.as_ref().clone(), Arc::clone(present)));
        }
        let column = column.clone()?;
        Some((Field::new(name, column.data_type().clone(), true), column))
    });
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = pairs.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_data_file_is_refused_by_name_and_the_snapshot_before_stays() {
    let world = World::new().await;
    let hospital = &HOSPITALS[0];
    drop(world.open_provider("RYA").await);
    let current = world.node_data("RYA").join("snapshot").join("current");
    let before = std::fs::read_to_string(&current).unwrap();
    let (people, spells) = (person(hospital), spells(hospital));
    let rows = spells.num_rows();
    let mut ids: Vec<Option<String>> = spells["person_id"]
        .as_any()
        .downcast_ref::<StringArray>()
        .unwrap()
        .iter()
        .map(|t| t.map(str::to_owned))
        .collect();
    ids[3] = None;
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0i64..).take(rows)));
    let far: ArrayRef = Arc::new(Int64Array::from_iter_values((0i64..).map(|n| n + 5_000_000_000).take(rows)));
    let mut twice = people["person_id"].as_any().downcast_ref::<StringArray>().unwrap().iter().collect::<Vec<_>>();
    twice[1] = twice[0];
    let twice: ArrayRef = Arc::new(StringArray::from(twice));
    for (table, batch, words) in [
        ("hospital_spell", with_column(&spells, "admission_date", None), "has no column `admission_date`; add it"),
        (
            "hospital_spell",
            with_column(&spells, "admission_date", Some(numbers.clone())),
            "column `admission_date` is a whole number",
        ),
        ("hospital_spell", with_column(&spells, "admission_group", Some(numbers)), "must be text"),
        ("hospital_spell", with_column(&spells, "length_of_stay_days", Some(far)), "a value that does not fit"),
        (
            "hospital_spell",
            with_column(&spells, "person_id", Some(Arc::new(StringArray::from(ids)))),
            "column `person_id` is empty in some row",
        ),
        ("person", with_column(&people, "opted_out", None), "has no column `opted_out`"),
        ("person", with_column(&people, "person_id", Some(twice)), "stands in two rows"),
        ("person", people.slice(0, 0), "nobody is left"),
    ] {
        let path = world.node_table("RYA", table);
        let good = std::fs::read(&path).unwrap();
        write_table(&path, &batch);
        refused(&world, &path, table, words, &before);
        std::fs::write(&path, good).unwrap();
    }
    // A file that was cut off while it was copied, one that is something else, and one that is not there.
    let path = world.node_table("RYA", "hospital_spell");
    let good = std::fs::read(&path).unwrap();
    for bytes in [&good[..good.len() / 2], &good[..good.len() - 1], &[][..], b"person_id,admission_group\n"] {
        std::fs::write(&path, bytes).unwrap();
        refused(&world, &path, "hospital_spell", "is not Parquet, or only a part of it; write the file again", &before);
    }
    // The middle overwritten: what cannot be decoded is an error too, or the column does not fit.
    std::fs::remove_file(&path).unwrap();
    refused(&world, &path, "hospital_spell", "cannot be opened", &before);
    std::fs::write(&path, good).unwrap();

    // Through all of it the provider answers from the snapshot before.
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    assert_eq!(answer_to(&mut desk, &world.ask()).await.groups[0].answered, 4);
    nodes.stop().await;
    coordinator.stop().await;
    ledger::is_whole(&world, "RYA").await;
    nothing_is_told(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_of_a_csv_file_is_named_by_its_number_and_never_quoted() {
    let world = World::new().await;
    drop(world.open_provider("RYA").await);
    let current = world.node_data("RYA").join("snapshot").join("current");
    let before = std::fs::read_to_string(&current).unwrap();
    edit(&world.node_config("RYA"), "parquet = \"tables/person.parquet\"", "csv = \"tables/person.csv\"");
    let path = world.node_table("RYA", "person").with_extension("csv");
    let header = "person_id,birth_month,gender_code,ethnic_category_code,death_date,lsoa_code,imd_decile,\
                  usual_gp_practice_code,opted_out";
    let row = |n: usize, month: &str, decile: &str, more: &str| {
        format!("P{n}-RYA-SECRET-PERSON,{month},1,A,,E01000001,{decile},Y00001,false{more}")
    };
    for (bad, words) in [
        (row(2, "1950-13-45", "3", ""), "at record 2, not counting the header: the value of `birth_month`"),
        (
            row(2, "1950-01-01", "SECRET-DIAGNOSIS", ""),
            "at record 2, not counting the header: the value of `imd_decile`",
        ),
        (row(2, "1950-01-01", "300", ""), "at record 2, not counting the header: the value of `imd_decile`"),
        (row(2, "1950-01-01", "3", ",SECRET"), "at record 2, not counting the header: it has another number of fields"),
        (
            row(2, "1950-01-01", "3", "").replace("false", "perhaps"),
            "at record 2, not counting the header: the value of `opted_out`",
        ),
        (row(2, "1950-01-01", "3", "").replacen("P2-RYA-SECRET-PERSON", "", 1), "`person_id`"),
    ] {
        let text = [header.to_owned(), row(1, "1950-01-01", "3", ""), bad, row(3, "1950-01-01", "3", "")].join("\n");
        std::fs::write(&path, text + "\n").unwrap();
        refused(&world, &path, "person", words, &before);
    }
    let headless = header.replace("birth_month,", "");
    std::fs::write(&path, headless).unwrap();
    refused(&world, &path, "person", "has no column `birth_month`", &before);
    std::fs::write(&path, [header.as_bytes(), b"\nP1-SECRET-PERSON,\xff\xfe"].concat()).unwrap();
    refused(&world, &path, "person", "record 1", &before);
}

/// Takes a snapshot, which must fail with these words, name table and file, quote nothing and leave the one before.
fn refused(world: &World, path: &Path, table: &str, words: &str, before: &str) {
    let config = node::Config::read(&world.node_config("RYA")).unwrap();
    let error = told(node::take(&config, chrono::Utc::now()).unwrap_err());
    assert!(error.contains(&format!("table `{table}`")), "{error}");
    let names_file = error.contains(&path.display().to_string());
    assert!(names_file || words.contains("two rows") || words.contains("nobody"), "{error}");
    assert!(error.contains(words), "{words}: {error}");
    assert!(!error.contains("SECRET") && !error.contains("perhaps") && !error.contains("1950"), "{error}");
    let folder = world.node_data("RYA").join("snapshot");
    assert_eq!(std::fs::read_to_string(folder.join("current")).unwrap(), before);
    let partial =
        std::fs::read_dir(folder).unwrap().any(|e| e.unwrap().path().extension().is_some_and(|x| x == "partial"));
    assert!(!partial, "a half-made snapshot stays behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_provider_policy_does_not_win() {
    // The weakest that can be written, and the strictest: the release follows the stricter of it and the template's.
    let world = World::new().await;
    for (code, policy) in [("RYA", "threshold = 2\nrounding = 5"), ("RYB", "threshold = 50\nrounding = 10")] {
        edit(&world.node_config(code), "profile = \"nhs-sde\"", policy);
    }
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC", "RYD"]).await;
    let mut desk = world.desk().await;
    let answer = answer_to(&mut desk, &world.ask()).await;
    assert_eq!(answer.groups[0].answered, 4);
    nodes.stop().await;
    coordinator.stop().await;
    for (code, threshold, rounding) in [("RYA", 10, 5), ("RYB", 50, 10)] {
        let release = ledger::releases(&world, code).remove(0);
        let payload = template::Envelope::parse(&release).unwrap().unverified_payload().to_vec();
        let policy = &serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["policy"];
        assert_eq!(policy["threshold"], threshold, "{policy}");
        assert_eq!(policy["rounding"]["half-up"], rounding, "{policy}");
    }
}
