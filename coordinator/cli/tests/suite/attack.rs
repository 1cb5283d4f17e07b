//! `attack` as anyone runs it: a file, a report, an exit code.

use std::path::Path;
use std::process::{Command, Output};

use disclosure::{Coverage, Policy, Public, Tally, protect};
use template::{Digest, Envelope, ProviderKind, SigningKey, Template};
use wire::{Header, OptOuts, OrderId, RestrictedCodes, SnapshotId, Statement};

fn attack(folder: &Path, table: &str, flags: &[&str]) -> Output {
    let file = folder.join("table.csv");
    std::fs::write(&file, table).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tallyward")).arg("attack").arg(file).args(flags).output().unwrap()
}

/// [[6,7],[8,6]] as the national rule publishes it.
const NATIONAL: &str = "\
region,sex,patients
North,F,*
North,M,*
North,Total,15
South,F,10
South,M,*
South,Total,15
Total,F,15
Total,M,15
Total,Total,25
";

#[test]
fn the_national_rule_is_undone_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let found = attack(folder.path(), NATIONAL, &["--threshold", "8"]);
    let text = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(8), "{text}");
    for line in [
        "3 hidden figures attacked, 3 given away",
        "region North, sex F: claims 1 to 7, can only be 6",
        "region North, sex M: claims 1 to 7, can only be 7",
        "region South, sex M: claims 1 to 7, can only be 6",
        "(region North, sex total) = (region North, sex F) + (region North, sex M)",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let json = attack(folder.path(), NATIONAL, &["--threshold", "8", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["attacked"], &json["narrowed"][1]["found"]["low"]), (&3.into(), &7.into()));
    assert_eq!(json["narrowed"].as_array().unwrap().len(), 3);
}

#[test]
fn a_table_that_keeps_its_figures_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let wide = NATIONAL.replace("Total,Total,25", "Total,Total,18-42").replace(",15", ",8-22");
    let found = attack(folder.path(), &wide, &["--threshold", "8"]);
    let text = String::from_utf8(found.stdout).unwrap();
    assert_eq!((found.status.code(), text.as_str()), (Some(0), "3 hidden figures attacked, 0 given away\n"));
}

#[test]
fn flags_say_how_a_table_is_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let check = |table: &str, flags: &[&str], code: i32, words: &str| {
        let found = attack(folder.path(), table, flags);
        let text = String::from_utf8(found.stdout).unwrap();
        assert_eq!(found.status.code(), Some(code), "{text} of {table} {flags:?}");
        assert!(text.contains(words), "{words} in {text}");
    };
    // OpenSAFELY's example: exact totals beside one redacted count.
    let exact = "age,n\n21-30,*\n31-40,10\n41-50,15\n51+,25\nAll,51\n";
    check(exact, &["--threshold", "8", "--base", "1"], 8, "age 21-30: claims 1 to 7, can only be 1");
    check("a,n\nx,*\ny,10\nTotal,15\n", &["--zeros", "hidden"], 8, "claims 0 to 9, can only be 1 to 7");
    check("n,a\n*,x\n10,y\n15,Total\n", &["--value", "n"], 8, "can only be 1 to 7");
    // Secondary suppressions: Geurts 1992.
    let geurts = "r,c,n\n1,1,*\n1,2,*\n1,Total,7\n2,1,*\n2,2,*\n2,Total,3\n3,1,3\n3,2,3\n3,Total,6\n\
                  Total,1,9\nTotal,2,7\nTotal,Total,16\n";
    check(geurts, &["--base", "1", "--hidden", "anything"], 0, "r 1, c 1: claims 0 or more, can only be 3 to 6");
    let public = folder.path().join("public.csv");
    std::fs::write(&public, "a,n\nTotal,12\n").unwrap();
    let flags = ["--public", public.to_str().unwrap()];
    check("a,n\nx,*\ny,10\n", &flags, 8, "a x: claims 1 to 9, can only be 1 to 2");
}

#[test]
fn bad_files_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let check = |table: &str, flags: &[&str], words: &str| {
        let found = attack(folder.path(), table, flags);
        let text = String::from_utf8(found.stderr).unwrap();
        assert_eq!(found.status.code(), Some(2), "{text} of {table}");
        assert!(text.contains(words), "{words} in {text}");
    };
    check("", &[], "empty");
    check("n\n5\n", &[], "a column beside the values");
    check("a,n\n", &[], "nothing below the header");
    check("a,n\nx,12\n", &[], "line 2: 12 is no multiple of 5");
    check("a,n\nx,few\n", &[], "`few` is no figure");
    check("a,n\nx,9-3\n", &[], "is no range");
    check("a,n\nx,10\nx,15\n", &[], "line 3: the cell of line 2 again");
    check("a,n\nx\n", &[], "line 2: 1 fields");
    check("a,n\n\"x,10\n", &[], "quote");
    check("a,n\nx,10\n", &["--value", "m"], "no column `m`");
    check("a,n\nx,10\n", &["--threshold", "1"], "at least 2");
    check("a,n\nx,10\ny,10\nTotal,50\n", &[], "contradict");
    check("{\"a\":1}", &[], "no answer");
    let missing = Command::new(env!("CARGO_BIN_EXE_tallyward")).args(["attack", "no/such/file.csv"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn levels_under_levels_are_totals_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let levels = folder.path().join("levels.csv");
    // A ragged hierarchy: 0-64 goes no deeper, 75+ goes two levels down.
    std::fs::write(&levels, "column,level,group\nage,65-74,65+\nage,75+,65+\nage,75-84,75+\nage,85+,75+\n").unwrap();
    let check = |table: &str, flags: &[&str], code: i32, words: &str| {
        let flags = [flags, &["--base", "1"]].concat();
        let found = attack(folder.path(), table, &flags);
        let text = String::from_utf8_lossy(&found.stdout).into_owned() + &String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(code), "{text} of {table} {flags:?}");
        assert!(text.contains(words), "{words} in {text}");
    };
    let table = "age,n\n0-64,40\n65+,31\n65-74,20\n75+,*\n75-84,*\n85+,*\nTotal,71\n";
    let flags = ["--levels", levels.to_str().unwrap(), "--threshold", "12"];
    check(table, &flags, 8, "age 75+: claims 1 to 11, can only be 11");
    // Two under 75+ are left with what they claim, less what the other must have.
    check(table, &flags, 8, "age 75-84: claims 1 to 11, can only be 1 to 10");
    // Without the hierarchy every level stands beside the others, and the total contradicts them.
    check(table, &["--threshold", "12"], 2, "contradict");
    // Crossed with another column.
    let crossed = "age,sex,n\n65+,F,12\n65+,M,15\n65+,Total,27\n65-74,F,*\n65-74,M,12\n65-74,Total,14\n\
                   75+,F,*\n75+,M,*\n75+,Total,13\n";
    check(crossed, &flags, 8, "age 65-74, sex F: claims 1 to 11, can only be 2");
    check(crossed, &flags, 8, "age 75+, sex M: claims 1 to 11, can only be 3");
    for (file, words) in [
        ("age,level,group\n", "levels: line 1: the columns must be column,level,group"),
        ("column,level,group\nsex,a,b\n", "levels: line 2: the table has no column `sex`"),
        ("column,level,group\nage,a\n", "levels: line 2: 2 fields"),
        ("column,level,group\nage,a,b\nage,a,c\n", "levels: line 3: `a` is in another group already"),
        ("column,level,group\nage,a,b\nage,b,a\n", "levels: line 3: `a` would be in itself"),
    ] {
        std::fs::write(&levels, file).unwrap();
        check(table, &flags, 2, words);
    }
}

#[test]
fn the_table_of_the_readme_is_attacked_as_it_says() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, example) = readme.split_once("the table `").unwrap();
    let (table, after) = example.split_once('`').unwrap();
    let (_, flags) = after.split_once("with `").unwrap();
    let (flags, _) = flags.split_once('`').unwrap();
    let table: Vec<&str> = table.split('/').map(str::trim).collect();
    let folder = tempfile::tempdir().unwrap();
    let found = attack(folder.path(), &table.join("\n"), &flags.split(' ').collect::<Vec<_>>());
    let text = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(8), "{text}");
    assert!(text.contains("3 hidden figures attacked, 3 given away"), "{text}");
    for words in [
        "r a, c x: claims 1 to 7, can only be 6",
        "r a, c y: claims 1 to 7, can only be 7",
        "r b, c y: claims 1 to 7, can only be 6",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

/// Two bands of age by two sexes, with groups of bands and totals.
const TEMPLATE: &str = r#"
id = "ages"
version = 1
title = "People by age and sex"
purpose = "test"
legal_basis = "test"
agreement = "test"
owner = "test"
author = "Cyd"
expires = "2029-12-31"
runs_at = ["gp"]
model = "core-1"
min_sites = { gp = 3 }
totals = [["sex"], ["group", "sex"], []]
sql = "select person_id, age, sex from person"

[[dimension]]
name = "age"
levels = ["0-64", "65-74", "75+"]
per = "person"

[[dimension.grouping]]
name = "group"
groups = [{ label = "under 65", levels = ["0-64"] }, { label = "65+", levels = ["65-74", "75+"] }]

[[dimension]]
name = "sex"
levels = ["1", "2"]
per = "person"

[[measure]]
name = "people"
counts = "people"

[disclosure]
threshold = 10
rounding = 5
"#;

/// A provider's signed release of these people per cell.
fn release(counts: [u32; 6]) -> Vec<u8> {
    let template = Template::parse(TEMPLATE.as_bytes()).unwrap();
    let domain = template.cells(&[]).unwrap();
    let measures: Vec<_> = template.measures.iter().map(|m| m.measure.clone()).collect();
    let mut tally = Tally::new(&domain, &measures).unwrap();
    let cells: Vec<u32> = (0u32..).zip(counts).flat_map(|(cell, n)| std::iter::repeat_n(cell, n as usize)).collect();
    tally.add(&cells, &(0..cells.len() as u32).collect::<Vec<_>>(), &[]).unwrap();
    let (coverage, public) = (Coverage::whole(&domain), Public::nothing(&domain, &measures));
    let protected =
        protect(tally.finish().unwrap(), &domain, &measures, &Policy::nhs_sde(), &coverage, &public).unwrap();
    let made_at = "2026-04-01T09:00:00Z".parse().unwrap();
    let header = Header {
        order: OrderId::random().unwrap(),
        order_digest: Digest::of(b"order"),
        provider: "Y00001".parse().unwrap(),
        kind: ProviderKind::Gp,
        fingerprint: Digest::of(b"query"),
        template_id: template.id.clone(),
        template_version: template.version,
        template: Digest::of(TEMPLATE.as_bytes()),
        parameters: Vec::new(),
        lookups: Vec::new(),
        snapshot: SnapshotId::random().unwrap(),
        as_at: made_at,
        opt_outs: OptOuts::Both,
        opt_outs_as_of: Vec::new(),
        restricted: RestrictedCodes { version: 1, additions_sha256: None },
        sequence: 1,
        previous_head: Digest::of(b""),
        made_at,
    };
    let key = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
    Statement::new(header, &protected).sign(&key).bytes().to_vec()
}

#[test]
fn a_release_is_attacked_with_the_template_that_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ages.toml"), TEMPLATE).unwrap();
    std::fs::write(path("other.toml"), TEMPLATE.replace("test", "another")).unwrap();
    let check = |release: &[u8], flags: &[&str], code: i32, words: &str| {
        std::fs::write(path("release.json"), release).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_tallyward"))
            .current_dir(folder.path())
            .args(["attack", "release.json"])
            .args(flags)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(code), "{text}");
        assert!(text.contains(words), "{words} in {text}");
    };
    let with = ["--template", "ages.toml"];
    let signed = release([40, 50, 9, 30, 9, 60]);
    check(&signed, &with, 0, "2 hidden figures attacked, 0 given away");
    // The content alone, and with a total that a careless rule would have published.
    let content = Envelope::parse(&signed).unwrap().unverified_payload().to_vec();
    check(&content, &with, 0, "2 hidden figures attacked, 0 given away");
    let mut careless: serde_json::Value = serde_json::from_slice(&content).unwrap();
    let domain = Template::parse(TEMPLATE.as_bytes()).unwrap().cells(&[]).unwrap();
    let older = domain.keys().position(|key| domain.label(0, key.0[0]) == Some("65+")).unwrap();
    careless["measures"][0]["cells"][older] = serde_json::json!({ "shown": { "value": 20, "low": 18, "high": 22 } });
    let careless = careless.to_string().into_bytes();
    check(&careless, &with, 8, "people, age 65-74, sex 1: claims 1 to 9, can only be 9");
    check(&careless, &with, 8, "(people, age 65+, sex 1)");
    check(&signed, &[], 2, "give the text of template `ages` version 1");
    check(&signed, &["--template", "other.toml"], 2, "answers another text of the template");
    check(&signed, &["--total", "All"], 2, "about CSV files");
    check(b"{\"ledger_sequence\": 1}", &with, 2, "this is no release");
}

#[test]
fn an_answer_is_attacked_over_groups_of_levels() {
    let folder = tempfile::tempdir().unwrap();
    let mut answer = crate::sample::every_state();
    answer.groups.truncate(1);
    answer.groups[0].figures.clear();
    let template = answer.groups[0].cells[2].clone();
    let cell = |band: &str, low: u64, high: u64, suppressed: u32| {
        let mut cell = template.clone();
        cell.levels = vec![Some("2009-05".to_owned()), Some(band.to_owned())];
        (cell.low, cell.high, cell.central) = (low, Some(high), None);
        (cell.sites.suppressed, cell.sites.shown) = (suppressed, 4 - suppressed);
        cell
    };
    answer.groups[0].cells = vec![cell("75-79", 0, 36, 4), cell("=80+", 28, 32, 0), cell("75 and over", 30, 40, 0)];
    let file = folder.path().join("answer.json");
    std::fs::write(&file, serde_json::to_vec(&answer).unwrap()).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tallyward")).arg("attack").arg(&file).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(8), "{text}");
    assert!(text.contains("month 2009-05, unit 75-79: claims 0 to 36, can only be 0 to 12"), "{text}");
    // With people who may come under several bands the group is only at least as large as each.
    answer.dimensions[1].people = None;
    answer.measures[0].counted = wire::Counted::OncePerPerson;
    std::fs::write(&file, serde_json::to_vec(&answer).unwrap()).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tallyward")).arg("attack").arg(&file).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8(run.stdout).unwrap());
}
