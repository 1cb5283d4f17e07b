//! What must never be printed, over cells of every make.

use cli::render::{Style, render_csv, render_table};
use proptest::prelude::*;
use wire::{Answer, CellState, CombinedCell, ReasonCounts, SiteCounts};

use crate::sample;

fn cells() -> impl Strategy<Value = CombinedCell> {
    let sites = prop::array::uniform5(0_u32..4);
    let figure = (0_u64..3000, prop::option::of(0_u64..100), any::<bool>());
    let levels = (prop::option::of("[=a(-][a-z)]{0,4}"), prop::option::of(Just("(total)".to_owned())));
    let states = prop::sample::select(vec![CellState::Bounded, CellState::NotCovered, CellState::TooFewSites]);
    (sites, figure, levels, states).prop_map(|(sites, (low, width, has_central), (month, band), state)| {
        let [shown, zero, suppressed, withheld, refused] = sites;
        let high = width.map(|width| low + width);
        CombinedCell {
            levels: vec![month, band],
            measure: "admissions".to_owned(),
            state,
            low,
            high,
            central: has_central.then_some(low + width.unwrap_or(0) / 2),
            sites: SiteCounts { shown, zero, suppressed, withheld, refused, not_covered: 1, ..SiteCounts::default() },
            reasons: ReasonCounts { near_suppressed: withheld, below_threshold: suppressed, ..ReasonCounts::default() },
        }
    })
}

fn with(cell: &CombinedCell) -> Answer {
    let mut answer = sample::complete();
    answer.groups[0].cells = vec![cell.clone()];
    answer.groups[0].figures.clear();
    answer
}

/// The columns of the one cell's row in the table: levels, measure, central, bounds, then numbers of sites.
fn table_row(answer: &Answer) -> Vec<String> {
    let mut out = Vec::new();
    render_table(answer, &mut out, Style::ASCII).unwrap();
    let printed = String::from_utf8(out).unwrap();
    let row = printed.lines().find(|line| line.starts_with('|') && line.contains("| admissions |")).unwrap();
    row.split('|').skip(1).map(|field| field.trim().to_owned()).collect()
}

proptest! {
    #[test]
    fn hidden_or_missing_never_reads_as_a_number(cell in cells()) {
        let row = table_row(&with(&cell));
        let (central, bounds) = (&row[3], &row[4]);
        if cell.state == CellState::NotCovered {
            prop_assert_eq!((central.as_str(), bounds.as_str()), ("-", "not covered"));
        } else if cell.state == CellState::TooFewSites {
            prop_assert_eq!((central.as_str(), bounds.as_str()), ("-", "too few sites"));
        } else if cell.sites.shown + cell.sites.zero == 0 && cell.sites.suppressed + cell.sites.withheld > 0 {
            // Only a small count of people wears the star.
            prop_assert_eq!(central, if cell.sites.withheld == 0 { "*" } else { "withheld" });
        } else {
            prop_assert_ne!(central, "*");
        }
        // A central figure never stands without bounds.
        prop_assert!(!bounds.is_empty());
    }

    #[test]
    fn a_csv_row_has_numbers_only_where_there_is_a_figure(cell in cells()) {
        let answer = with(&cell);
        let mut out = Vec::new();
        render_csv(&answer, &mut out).unwrap();
        let printed = String::from_utf8(out).unwrap();
        let fields: Vec<&str> = printed.lines().nth(1).unwrap().split(',').collect();
        prop_assert_eq!(fields.len(), 3 + 2 + 7 + 8 + 5 + 7);
        let [central, low, high, state] = [fields[8], fields[9], fields[10], fields[11]];
        if cell.state == CellState::NotCovered {
            prop_assert_eq!((central, low, high, state), ("", "", "", "not_covered"));
        } else if cell.state == CellState::TooFewSites {
            prop_assert_eq!((central, low, high, state), ("", "", "", "too_few_sites"));
        } else {
            prop_assert_eq!(low, cell.low.to_string());
            prop_assert_eq!(high.is_empty(), cell.high.is_none());
            prop_assert_eq!(state, "bounded");
        }
        prop_assert!(fields[25..].iter().all(|field| field.is_empty()), "a cell is no figure");
        for (level, field) in cell.levels.iter().zip(&fields[3..5]) {
            // Only a total reads as one, and no level as a formula.
            prop_assert_eq!(*field == "(total)", level.is_none());
            prop_assert!(!field.starts_with(['=', '-']));
        }
    }
}
