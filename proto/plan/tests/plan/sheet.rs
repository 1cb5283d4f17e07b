//! The review sheet: what it says of the library, what it warns of, and that it is the same for the same inputs.

use plan::{ListSize, Sheet, SheetError, Surroundings, Weight};
use proptest::prelude::*;

use crate::cases::{lookups, root};

/// The library: ids with texts.
fn library() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join("../../templates")).unwrap().map(|entry| entry.unwrap().path());
    let mut texts: Vec<_> = entries
        .map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(file).unwrap()))
        .collect();
    texts.sort();
    texts
}

fn surroundings() -> Surroundings {
    let size = |provider: &str, people| ListSize { provider: provider.to_owned(), people };
    Surroundings {
        lookups: lookups(),
        list_sizes: vec![size("Y00001", 8000), size("Y00002", 100)],
        ..Surroundings::default()
    }
}

fn text_of(id: &str) -> String {
    std::fs::read_to_string(root().join(format!("../../templates/{id}.toml"))).unwrap()
}

fn warnings(toml: &str, surroundings: &Surroundings) -> Vec<String> {
    Sheet::write(toml.as_bytes(), surroundings).unwrap().warnings().map(str::to_owned).collect()
}

#[test]
fn every_template_of_the_library_has_a_sheet_without_warnings_of_its_own() {
    for (id, toml) in library() {
        let sheet = Sheet::write(toml.as_bytes(), &surroundings()).unwrap();
        let text = sheet.text();
        assert_eq!(Sheet::write(toml.as_bytes(), &surroundings()).unwrap().text(), text, "{id}");
        for expected in
            ["person_id: ", "distinct people", "sharing agreement: ", "8100 people on 2 lists", "the default"]
        {
            assert!(text.contains(expected), "{id} lacks {expected}:\n{text}");
        }
        assert_eq!(sheet.warnings().count(), 0, "{id}:\n{text}");
    }
}

#[test]
fn the_sheet_says_what_is_read_and_which_cells_there_are() {
    let text = Sheet::write(text_of("emergency-admissions-75-plus").as_bytes(), &surroundings()).unwrap().text();
    for expected in [
        "hospital_spell: ",
        "admission_date: ",
        "practice_locality: gp_practice_code, locality",
        "month: the months from `from` to `to`, at most 36",
        "locality: 10 levels",
        "at most 396 cells of a run",
        "rows, at most 2 of one person in a cell",
        "hospital: no figure unless 3 or more",
        "below the threshold of 10",
    ] {
        assert!(text.contains(expected), "lacks {expected}:\n{text}");
    }
}

#[test]
fn the_sheet_says_how_levels_are_grouped_and_where_nobody_can_be() {
    let text = Sheet::write(text_of("long-term-condition-rate").as_bytes(), &surroundings()).unwrap().text();
    for expected in [
        "grouped as age_group: under 65 = 0-14, 15-44, 45-64; 65 and over = 65-74, 75-84, 85+",
        "nobody can be in condition frailty with age_band 0-14, 15-44, 45-64: the frailty index",
        "2 kinds of totals",
        "by condition and age_group",
    ] {
        assert!(text.contains(expected), "lacks {expected}:\n{text}");
    }
}

#[test]
fn other_groups_and_structural_zeros_are_warnings_and_other_totals_are_told() {
    let before = text_of("long-term-condition-rate");
    let beside = |edits: &[(&str, &str)]| {
        let now = edits.iter().fold(before.replacen("version = 1", "version = 2", 1), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let surroundings = Surroundings { previous: Some(before.clone().into_bytes()), ..surroundings() };
        Sheet::write(now.as_bytes(), &surroundings).unwrap()
    };
    let warned = |edits: &[(&str, &str)], expected: &str| {
        let sheet = beside(edits);
        assert!(sheet.warnings().any(|words| words.contains(expected)), "{expected} in {}", sheet.text());
    };
    let moved = [
        ("[\"0-14\", \"15-44\", \"45-64\"] }", "[\"0-14\", \"15-44\"] }"),
        ("[\"65-74\", \"75-84\", \"85+\"] }", "[\"45-64\", \"65-74\", \"75-84\", \"85+\"] }"),
    ];
    warned(&moved, "65 and over = 45-64, 65-74");
    let zero = "where = { condition = [\"frailty\"], age_band = [\"0-14\", \"15-44\", \"45-64\"] }";
    let fewer = [(zero, "where = { condition = [\"frailty\"], age_band = [\"0-14\"] }")];
    warned(&fewer, "new: nobody can be in condition frailty with age_band 0-14:");
    warned(&fewer, "no longer: nobody can be in condition frailty with age_band 0-14, 15-44, 45-64:");
    let sheet = beside(&[("totals = [[\"condition\"], ", "totals = [[], ")]);
    let text = sheet.text();
    assert!(
        text.contains("new total: of everything together") && text.contains("the total by condition is gone"),
        "{text}"
    );
}

/// The warnings of the sheet of a template of the library, edited, beside the unedited version before.
fn changed(from: &str, to: &str) -> Vec<String> {
    let before = text_of("emergency-admissions-75-plus");
    assert!(before.contains(from), "{from}");
    let now = before.replacen("version = 1", "version = 2", 1).replacen(from, to, 1);
    let surroundings = Surroundings { previous: Some(before.into_bytes()), ..surroundings() };
    warnings(&now, &surroundings)
}

#[test]
fn whatever_loosens_a_rule_or_reaches_further_is_a_warning() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let found = changed(from, to);
        for expected in expected {
            assert!(found.iter().any(|words| words.contains(expected)), "{from} -> {to}: {found:?} lacks {expected}");
        }
        assert_eq!(found.is_empty(), expected.is_empty(), "{from} -> {to}: {found:?}");
    };
    check("Month of admission", "The month of admission", &[]);
    check("threshold = 10", "threshold = 8", &["weaker than the default", "threshold is looser: was 10, is 8"]);
    check("threshold = 10", "threshold = 15", &[]);
    check("zeros = \"hidden\"", "zeros = \"shown\"", &["zeros are shown now"]);
    check("longest = \"36 months", "longest = \"60 months", &["parameter `to`", "at most 60 months"]);
    check("\"mdg-10\"]", "\"mdg-10\", \"mdg-11\"]", &["dimension `locality`", "11 levels"]);
    check("at_most_per_person = 2", "at_most_per_person = 9", &["measure `admissions`"]);
    check(
        "min_sites = { hospital = 3 }",
        "min_sites = { hospital = 3 }\nshow_sites = true",
        &["figures are shown now"],
    );
    check("purpose = \"Show", "purpose = \"Tell", &["purpose: was \"Show"]);
    check(
        "interval '75 years'",
        "interval '75 years'\n  and hospital_spell.discharge_date is not null",
        &["the SQL does something else", "hospital_spell.discharge_date is read now"],
    );
}

#[test]
fn an_sql_that_is_only_written_otherwise_is_said_to_be() {
    assert_eq!(changed("select\n  hospital_spell.person_id", "SELECT hospital_spell.person_id"), Vec::<String>::new());
}

#[test]
fn a_narrower_question_over_the_same_records_is_a_risk() {
    let approved = text_of("emergency-admissions-75-plus");
    let other = approved.replacen("id = \"emergency-admissions-75-plus\"", "id = \"other\"", 1);
    let narrower = other.replacen(
        "interval '75 years'",
        "interval '75 years'\n  and hospital_spell.discharge_date is not null",
        1,
    );
    let shifted = other.replacen("\"mdg-01\", ", "\"mdg-01 and more\", ", 1);
    let surroundings = Surroundings { approved: vec![approved.into_bytes()], ..surroundings() };
    let found = warnings(&narrower, &surroundings);
    assert!(
        found.iter().any(|words| words.contains("subtracting the two") && words.contains("discharge_date")),
        "{found:?}"
    );
    let found = warnings(&shifted, &surroundings);
    assert!(found.iter().any(|words| words.contains("the levels of locality differ")), "{found:?}");
    assert_eq!(warnings(&other, &surroundings), Vec::<String>::new());
    let text = Sheet::write(other.as_bytes(), &surroundings).unwrap().text();
    assert!(text.contains("ask about the same people"), "{text}");
}

#[test]
fn there_is_no_sheet_of_what_may_not_be_asked() {
    let good = text_of("emergency-admissions-75-plus");
    let hostile = good.replacen("  hospital_spell.person_id,", "  min(hospital_spell.person_id),", 1);
    assert!(matches!(Sheet::write(hostile.as_bytes(), &surroundings()), Err(SheetError::Plan(_))));
    assert!(matches!(Sheet::write(b"id = 1", &surroundings()), Err(SheetError::Template(_))));
    let without_lookup = Sheet::write(good.as_bytes(), &Surroundings::default());
    assert!(matches!(without_lookup, Err(SheetError::Plan(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A text in a template never looks like a warning of the sheet, nor hides one: every line has the sheet's own mark.
    #[test]
    fn words_of_a_template_cannot_pose_as_the_sheets(words in "[ -~\n]{1,60}") {
        let title = words.replace(['"', '\\'], "'").replace('\n', "\\n");
        prop_assume!(!words.trim().is_empty());
        let toml = text_of("emergency-admissions-75-plus").replacen(
            "title = \"Non-elective medical admissions of people aged 75 and over\"", &format!("title = \"{title}\""), 1);
        let sheet = Sheet::write(toml.as_bytes(), &surroundings()).unwrap();
        let marked = sheet.text().lines().filter(|line| line.starts_with(" ! ")).count();
        prop_assert_eq!(marked, sheet.sections.iter().flat_map(|s| &s.lines).filter(|l| l.weight == Weight::Warning).count());
    }
}
