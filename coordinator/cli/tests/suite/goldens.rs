//! The printed forms, kept as files.

use std::path::Path;
use std::{fs, str};

use cli::render::{
    Charset, Emphasis, Style, render_csv, render_explanation, render_json, render_summary, render_table,
};
use template::{Digest, ProviderKind};
use wire::{Answer, ExplainedSite, Explanation, ParameterValue, TemplateEntry};

use crate::sample;

const UTF8: Style = Style { charset: Charset::Utf8, emphasis: Emphasis::None };

fn check(golden: &str, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    let printed = str::from_utf8(&out).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/goldens").join(golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, printed).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(printed, expected, "{golden} differs: run with UPDATE_GOLDEN=1 and read the difference");
}

#[test]
fn answers_for_people() {
    let every = sample::every_state();
    check("every-state.ascii.txt", |out| render_table(&every, out, Style::ASCII));
    check("every-state.utf8.txt", |out| render_table(&every, out, UTF8));
    check("every-state.summary.txt", |out| render_summary(&every, out, Style::ASCII));
    check("waiting.ascii.txt", |out| render_table(&sample::waiting(), out, Style::ASCII));
}

#[test]
fn answers_for_spreadsheets() {
    check("every-state.csv", |out| render_csv(&sample::every_state(), out));
    check("waiting.csv", |out| render_csv(&sample::waiting(), out));
}

#[test]
fn answers_for_programs() {
    check("every-state.json", |out| render_json(&sample::every_state(), out));
}

#[test]
fn json_is_the_whole_answer() {
    let mut out = Vec::new();
    render_json(&sample::every_state(), &mut out).unwrap();
    assert_eq!(serde_json::from_slice::<Answer>(&out).unwrap(), sample::every_state());
}

#[test]
fn explanations() {
    let explanation = Explanation {
        template: TemplateEntry {
            id: "stroke-length-of-stay".to_owned(),
            version: 3,
            title: "Length of stay after stroke".to_owned(),
            digest: Digest::of(b"stroke"),
            runs_at: vec![ProviderKind::Hospital],
            toml: String::new(),
            approved_by: vec!["lead of RA1".to_owned(), "lead of Y00001".to_owned()],
        },
        parameters: vec![ParameterValue { name: "from".to_owned(), value: "2009-04".to_owned() }],
        sites: vec![
            ExplainedSite {
                provider: "RA1".parse().unwrap(),
                name: "Ealing General".to_owned(),
                kind: ProviderKind::Hospital,
                connected: true,
            },
            ExplainedSite {
                provider: "RA2".parse().unwrap(),
                name: "Brent Infirmary".to_owned(),
                kind: ProviderKind::Hospital,
                connected: false,
            },
        ],
        sql: "select person_id,\n\tlength_of_stay_days\nfrom hospital_spell\n".to_owned(),
        policy: "counts below 10 people are suppressed; rounded to 5".to_owned(),
        cells: 1200,
        each_provider_sees: vec!["your name: ada".to_owned(), "the purpose, as you wrote it".to_owned()],
    };
    check("explanation.txt", |out| render_explanation(&explanation, out, Style::ASCII));
}
