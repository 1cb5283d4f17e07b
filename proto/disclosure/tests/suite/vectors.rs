//! Published count rules, from the shared vectors: `TALLYWARD_SHARED` or the folder `shared` beside the workspace.

use std::path::PathBuf;

use disclosure::{Cell, Per, Policy};

use crate::tables::{domain, people};

/// A file of the shared vectors, or `None` with a message where there are none.
pub fn file(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = std::env::var_os("TALLYWARD_SHARED").map_or_else(beside, PathBuf::from).join("vectors").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: no {name}; set TALLYWARD_SHARED to the folder that holds `vectors`");
    }
    text
}

#[test]
fn named_profiles_publish_what_their_sources_say() {
    let Some(text) = file("count_rules.csv") else {
        return;
    };
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let domain = domain(&[(1, Per::Person)], &[]);
    let mut checked = 0;
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        let column = |name: &str| row[names.iter().position(|n| *n == name).unwrap()];
        let n: u64 = column("n").parse().unwrap();
        let cell = |policy: Policy| people(&domain, &policy, &[n])[0];
        let shown = |policy: Policy| match cell(policy) {
            Cell::Suppressed { .. } => "*".to_owned(),
            cell => cell.value().unwrap().to_string(),
        };
        assert_eq!(shown(Policy::hes_2018()), column("hes_2018"), "n {n}");
        assert_eq!(shown(Policy::nhs_sde()), column("nhse_sde"), "n {n}");
        // OpenSAFELY redacts to nought; the same cells are suppressed here, and never look like zero.
        let opensafely = shown(Policy::opensafely());
        assert_eq!(if opensafely == "*" { "0" } else { &opensafely }, column("opensafely_ehrql"), "n {n}");
        // Midpoint-6 shows its lowest class, 3, as suppressed.
        let midpoint = shown(Policy::midpoint_6());
        assert_eq!(if midpoint == "*" { "3" } else { &midpoint }, column("opensafely_midpoint6"), "n {n}");
        for (policy, low, high) in
            [(Policy::hes_2018(), "hes_lo", "hes_hi"), (Policy::midpoint_6(), "mid6_lo", "mid6_hi")]
        {
            let cell = cell(policy);
            assert_eq!(
                (cell.low().to_string(), cell.high().unwrap().to_string()),
                (column(low).into(), column(high).into())
            );
        }
        checked += 1;
    }
    assert!(checked >= 40);
}
