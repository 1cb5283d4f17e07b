//! Every template of the library passes the check and keeps people apart.

use std::fs;

use plan::LookupSchema;
use template::{ProviderKind, Template};

use crate::cases::{lookups, root};
use crate::isolation;

fn templates() -> Vec<Template> {
    let mut files: Vec<_> =
        fs::read_dir(root().join("../../templates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    let read = |file: &std::path::PathBuf| {
        let template = Template::parse(&fs::read(file).unwrap()).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        assert_eq!(file.file_stem().unwrap().to_str(), Some(template.id.as_str()), "a file is named for its template");
        template
    };
    files.iter().map(read).collect()
}

/// Tables that providers of a kind are expected to serve.
fn served(kind: ProviderKind) -> &'static [&'static str] {
    match kind {
        ProviderKind::Gp => &["gp_appointment", "gp_registration", "clinical_event", "medication_issue", "care_plan"],
        ProviderKind::Hospital => &["hospital_spell", "spell_diagnosis", "outpatient_appointment", "ed_attendance"],
        ProviderKind::Community | ProviderKind::MentalHealth => &["community_contact", "care_plan"],
        ProviderKind::SocialCare => &["social_care_event", "residence_period"],
        ProviderKind::Ambulance => &["ambulance_incident", "urgent_care_contact"],
    }
}

#[test]
fn the_library_passes() {
    let templates = templates();
    let ids: Vec<&str> = templates.iter().map(|template| template.id.as_str()).collect();
    for expected in [
        "depression-with-long-term-condition",
        "emergency-admissions-75-plus",
        "frequent-emergency-users",
        "long-term-condition-activity",
        "long-term-condition-cost",
        "respiratory-emergency-admissions",
        "stroke-length-of-stay",
    ] {
        assert!(ids.contains(&expected), "{expected}");
    }
    for template in &templates {
        let checked =
            plan::check_template(template, &lookups()).unwrap_or_else(|error| panic!("{}: {error}", template.id));
        // A published population is read beside the SQL, by whoever divides by it.
        for lookup in template.lookups.iter().filter(|lookup| lookup.as_str() != "practice_list_size") {
            let read = checked.lookups().iter().any(|read| read.name == *lookup);
            assert!(read, "{} reads the look-up `{lookup}` that it names", template.id);
        }
        assert_eq!(isolation::broken(&checked), None, "{}", template.id);
    }
}

#[test]
fn each_kind_that_is_asked_can_fill_some_level() {
    const EVERYBODY: [&str; 3] = ["person", "long_term_condition", "activity_cost"];
    for template in templates() {
        let checked = plan::check_template(&template, &lookups()).unwrap();
        let optional: Vec<&str> = template
            .dimensions
            .iter()
            .flat_map(|dimension| &dimension.level_tables)
            .map(|(_, table)| table.as_str())
            .collect();
        for &kind in &template.runs_at {
            for read in checked.tables() {
                let name = read.name.as_str();
                let is_there = EVERYBODY.contains(&name) || served(kind).contains(&name) || optional.contains(&name);
                assert!(is_there, "{} reads {name}, which {kind} does not serve", template.id);
            }
            let some = optional.is_empty() || optional.iter().any(|table| served(kind).contains(table));
            assert!(some, "{} asks {kind} for levels it cannot fill", template.id);
        }
    }
}

#[test]
fn a_missing_look_up_is_named() {
    let template = templates().into_iter().find(|template| !template.lookups.is_empty()).unwrap();
    let none: &[LookupSchema] = &[];
    assert_eq!(plan::check_template(&template, none).unwrap_err().rule(), "table");
}
