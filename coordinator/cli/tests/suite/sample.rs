//! A made-up answer in which every state occurs.

use chrono::{DateTime, Utc};
use template::{Digest, ProviderKind};
use wire::{
    Answer, AnswerDimension, AnswerGroup, AnswerGrouping, AnswerLevelGroup, AnswerMeasure, AnswerSite, CellState,
    CombinedCell, CombinedFigure, Counted, GroupState, ParameterValue, PeoplePer, ReasonCounts, Refusal, RunState,
    SiteCounts, SiteOutcome,
};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn site(code: &str, name: &str, kind: ProviderKind, outcome: SiteOutcome) -> AnswerSite {
    let as_at = (outcome == SiteOutcome::Released).then(|| time("2026-03-31T23:00:00Z"));
    let block = as_at.map(|_| 1);
    let since_revision = as_at.map(|_| if code == "RA4" { 2 } else { 1 });
    AnswerSite {
        provider: code.parse().unwrap(),
        name: name.to_owned(),
        kind,
        places: wire::Places::default(),
        outcome,
        as_at,
        since_revision,
        block,
    }
}

fn bounded(
    low: u64,
    high: Option<u64>,
    central: Option<u64>,
    sites: SiteCounts,
) -> (CellState, [Option<u64>; 3], SiteCounts) {
    (CellState::Bounded, [Some(low), high, central], sites)
}

fn cell(levels: [Option<&str>; 2], measure: &str, what: (CellState, [Option<u64>; 3], SiteCounts)) -> CombinedCell {
    let (state, [low, high, central], sites) = what;
    CombinedCell {
        levels: levels.map(|level| level.map(str::to_owned)).to_vec(),
        measure: measure.to_owned(),
        state,
        low: low.unwrap_or(0),
        high,
        central,
        sites,
        reasons: ReasonCounts {
            below_threshold: sites.suppressed,
            near_suppressed: sites.withheld,
            outside_coverage: sites.not_covered,
            ..ReasonCounts::default()
        },
    }
}

/// One cell of every kind among the hospitals; too few sites among the ambulance services.
pub fn every_state() -> Answer {
    let missing = SiteCounts { refused: 1, failed: 3, waiting: 0, ..SiteCounts::default() };
    let cells = vec![
        cell(
            [Some("2009-04"), Some("75-79")],
            "admissions",
            bounded(1180, Some(1310), Some(1245), SiteCounts { shown: 3, suppressed: 1, ..missing }),
        ),
        cell(
            [Some("2009-04"), Some("=80+")],
            "admissions",
            bounded(0, Some(0), Some(0), SiteCounts { zero: 4, ..missing }),
        ),
        cell(
            [Some("2009-05"), Some("75-79")],
            "admissions",
            bounded(0, Some(36), Some(18), SiteCounts { suppressed: 4, ..missing }),
        ),
        cell(
            [Some("2009-05"), Some("=80+")],
            "admissions",
            bounded(1234, None, None, SiteCounts { shown: 2, withheld: 2, ..missing }),
        ),
        cell([Some("2009-04"), None], "admissions", bounded(0, None, None, SiteCounts { withheld: 4, ..missing })),
        cell(
            [Some("2009-05"), None],
            "admissions",
            (CellState::NotCovered, [None; 3], SiteCounts { not_covered: 4, ..missing }),
        ),
        cell([None, None], "admissions", bounded(2500, Some(2500), Some(2500), SiteCounts { shown: 4, ..missing })),
    ];
    let figures = vec![
        CombinedFigure {
            name: "change".to_owned(),
            title: "Change between the half-years".to_owned(),
            kind: "change".to_owned(),
            levels: vec![None, Some("75-79".to_owned())],
            low: Some("-12.4".to_owned()),
            high: Some("-1.3".to_owned()),
            central: Some("-6.6".to_owned()),
            unit: "%".to_owned(),
            sites: 3,
            left_out: 1,
        },
        CombinedFigure {
            name: "mean".to_owned(),
            title: "Mean cost".to_owned(),
            kind: "mean".to_owned(),
            levels: vec![None, None],
            low: Some("1204.50".to_owned()),
            high: None,
            central: None,
            unit: "pounds".to_owned(),
            sites: 4,
            left_out: 0,
        },
        CombinedFigure {
            name: "share".to_owned(),
            title: "Share of nobody".to_owned(),
            kind: "share".to_owned(),
            levels: vec![Some("2009-04".to_owned()), None],
            low: None,
            high: None,
            central: None,
            unit: "%".to_owned(),
            sites: 0,
            left_out: 4,
        },
    ];
    Answer {
        run: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        revision: 2,
        state: RunState::Answered,
        template_id: "emergency-admissions-75-plus".to_owned(),
        template_version: 1,
        template: Digest::of(b"the template"),
        title: "Emergency admissions of people aged 75 and over".to_owned(),
        parameters: vec![
            ParameterValue { name: "from".to_owned(), value: "2009-04".to_owned() },
            ParameterValue { name: "to".to_owned(), value: "2009-05".to_owned() },
        ],
        purpose: "winter planning, \"phase 2\"\u{1b}[2J".to_owned(),
        analyst: "ada".parse().unwrap(),
        asked_at: time("2026-04-01T09:00:00Z"),
        deadline: time("2026-04-01T09:05:00Z"),
        closed_at: Some(time("2026-04-01T09:05:00Z")),
        made_at: Some(time("2026-04-01T10:30:00Z")),
        late_until: Some(time("2026-04-02T09:05:00Z")),
        stands_for: wire::STANDS_FOR.to_owned(),
        dimensions: vec![
            AnswerDimension {
                name: "month".to_owned(),
                title: "Month of admission".to_owned(),
                levels: vec!["2009-04".to_owned(), "2009-05".to_owned()],
                people: Some(PeoplePer::SeveralLevels),
                groupings: Vec::new(),
            },
            AnswerDimension {
                name: "unit".to_owned(),
                title: "Age band".to_owned(),
                levels: vec!["75-79".to_owned(), "=80+".to_owned()],
                people: Some(PeoplePer::OneLevel),
                groupings: vec![AnswerGrouping {
                    name: "broad".to_owned(),
                    title: "Broad age band".to_owned(),
                    groups: vec![AnswerLevelGroup {
                        label: "75 and over".to_owned(),
                        levels: vec!["75-79".to_owned(), "=80+".to_owned()],
                    }],
                }],
            },
        ],
        measures: vec![AnswerMeasure {
            name: "admissions".to_owned(),
            title: "Non-elective admissions".to_owned(),
            unit: "admissions".to_owned(),
            counted: Counted::PerRecord,
        }],
        sites: vec![
            site("RA1", "Ealing General", ProviderKind::Hospital, SiteOutcome::Released),
            site("RA2", "Brent Infirmary", ProviderKind::Hospital, SiteOutcome::Released),
            site("RA3", "Harrow Royal", ProviderKind::Hospital, SiteOutcome::Released),
            site("RA4", "Acton District", ProviderKind::Hospital, SiteOutcome::Released),
            site("RA5", "Hayes Memorial", ProviderKind::Hospital, SiteOutcome::Refused(Refusal::NotReleased)),
            site("RA6", "Perivale Hospital", ProviderKind::Hospital, SiteOutcome::TimedOut),
            site("RA7", "Osterley Hospital", ProviderKind::Hospital, SiteOutcome::InvalidRelease),
            site("RA8", "Heston Hospital", ProviderKind::Hospital, SiteOutcome::NotConnected),
            site("RX1", "West Ambulance", ProviderKind::Ambulance, SiteOutcome::Refused(Refusal::Busy)),
        ],
        groups: vec![
            AnswerGroup {
                name: "hospital".to_owned(),
                asked: 8,
                answered: 4,
                state: GroupState::Combined,
                cells,
                figures,
            },
            AnswerGroup {
                name: "ambulance".to_owned(),
                asked: 1,
                answered: 0,
                state: GroupState::TooFewSites { needed: 1 },
                cells: Vec::new(),
                figures: Vec::new(),
            },
        ],
        notes: vec![
            "The central figure is the middle of the bounds.".to_owned(),
            "A person seen by two hospitals is counted by both.".to_owned(),
        ],
    }
}

/// An answer in which every site answered and nothing is hidden.
pub fn complete() -> Answer {
    let mut answer = every_state();
    answer.sites.truncate(4);
    answer.groups.truncate(1);
    let group = &mut answer.groups[0];
    group.asked = 4;
    group.cells = vec![group.cells[6].clone()];
    group.cells[0].sites = SiteCounts { shown: 3, not_covered: 1, ..SiteCounts::default() };
    answer
}

/// A run that is still open and has no figures yet.
pub fn waiting() -> Answer {
    let mut answer = complete();
    answer.state = RunState::Waiting;
    answer.revision = 0;
    answer.closed_at = None;
    answer.groups.clear();
    for site in &mut answer.sites {
        site.outcome = SiteOutcome::Waiting;
        site.as_at = None;
    }
    answer
}
