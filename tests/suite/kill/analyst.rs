//! An analyst who keeps asking, whatever happens to the coordinator, and who knows the truth.

use std::collections::BTreeMap;

use wire::{Answer, CellState, CombinedCell, Desk, DeskError, GroupState, RunId, RunState, SiteOutcome};

use super::ground::{CODES, Ground, ask, attendances, code, people};
use super::until;

/// A desk that is opened again when it is lost.
pub struct Analyst<'a> {
    ground: &'a Ground,
    desk: Option<Desk>,
}

/// What became of each provider, all released but for those named.
pub type Outcomes = BTreeMap<&'static str, SiteOutcome>;

/// All released but for those named.
pub fn outcomes(others: &[(&'static str, SiteOutcome)]) -> Outcomes {
    let mut outcomes: Outcomes = CODES.into_iter().map(|code| (code, SiteOutcome::Released)).collect();
    outcomes.extend(others.iter().copied());
    outcomes
}

impl<'a> Analyst<'a> {
    pub const fn new(ground: &'a Ground) -> Self {
        Self { ground, desk: None }
    }

    async fn desk(&mut self) -> &mut Desk {
        if self.desk.is_none() {
            self.desk = Some(until("the coordinator", async || self.ground.desk().await).await);
        }
        self.desk.as_mut().unwrap()
    }

    /// Waits until these providers' nodes are connected.
    pub async fn sees(&mut self, codes: &[&str]) {
        until("the nodes to connect", async || {
            let Ok(explained) = self.desk().await.explain(&ask(0, 60)).await else {
                self.desk = None;
                return None;
            };
            let connected =
                |wanted: &&str| explained.sites.iter().any(|site| site.provider == code(wanted) && site.connected);
            codes.iter().all(connected).then_some(())
        })
        .await;
    }

    /// Asks about a month.
    pub async fn ask(&mut self, month: u32, deadline_s: u32) -> Result<RunId, DeskError> {
        let asked = self.desk().await.ask(&ask(month, deadline_s)).await;
        if asked.is_err() {
            self.desk = None;
        }
        asked
    }

    /// Waits until a run is answered.
    pub async fn answer(&mut self, run: RunId) -> Answer {
        until(&format!("run {run} to be answered"), async || match self.desk().await.answer(run).await {
            Ok(answer) => (answer.state == RunState::Answered).then_some(answer),
            Err(_) => {
                self.desk = None;
                None
            }
        })
        .await
    }

    /// Waits until a run is answered, and compares the answer with the truth.
    pub async fn right_answer(&mut self, run: RunId, month: u32, outcomes: &Outcomes) -> Answer {
        let answer = self.answer(run).await;
        check(&answer, month, outcomes);
        answer
    }
}

/// Every site is in its one outcome, and every figure's bounds hold the truth of those that released.
pub fn check(answer: &Answer, month: u32, outcomes: &Outcomes) {
    let parameters: Vec<(&str, &str)> =
        answer.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value.as_str())).collect();
    let asked = ask(month, 1);
    let wanted: Vec<(&str, &str)> = asked.parameters.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect();
    assert_eq!(parameters, wanted);
    let found: Vec<(String, SiteOutcome)> =
        answer.sites.iter().map(|site| (site.provider.to_string(), site.outcome)).collect();
    let wanted: Vec<(String, SiteOutcome)> =
        outcomes.iter().map(|(code, outcome)| ((*code).to_owned(), *outcome)).collect();
    assert_eq!(found, wanted);
    let released: Vec<&str> =
        outcomes.iter().filter(|(_, outcome)| **outcome == SiteOutcome::Released).map(|(code, _)| *code).collect();
    let [group] = answer.groups.as_slice() else { panic!("{} groups", answer.groups.len()) };
    let number = |n: usize| u32::try_from(n).unwrap();
    assert_eq!((group.state, group.asked), (GroupState::Combined, number(CODES.len())));
    assert_eq!(group.answered, number(released.len()));
    let refused = outcomes.values().filter(|outcome| matches!(outcome, SiteOutcome::Refused(_))).count();
    // People and attendances, each by two sexes and others, and in all.
    assert_eq!(group.cells.len(), 2 * 4);
    for cell in &group.cells {
        check_cell(cell, month, &released);
        assert_eq!(cell.sites.refused, number(refused));
        assert_eq!(cell.sites.failed, number(CODES.len() - released.len() - refused));
    }
}

fn check_cell(cell: &CombinedCell, month: u32, released: &[&str]) {
    let sexes: &[&str] = match cell.levels[0].as_deref() {
        None => &["1", "2"],
        Some("1") => &["1"],
        Some("2") => &["2"],
        Some(_) => &[],
    };
    let one = if cell.measure == "people" { people } else { attendances };
    let of = |code: &str| sexes.iter().map(|sex| u64::from(one(code, month, sex))).sum::<u64>();
    let truth: u64 = released.iter().map(|code| of(code)).sum();
    assert_eq!(cell.state, CellState::Bounded, "{cell:?}");
    assert!(cell.low <= truth && cell.high.is_none_or(|high| truth <= high), "{truth} in month {month}: {cell:?}");
    let counts = cell.sites;
    let said = [counts.shown, counts.zero, counts.suppressed, counts.withheld, counts.not_covered];
    assert_eq!(said.iter().sum::<u32>(), u32::try_from(released.len()).unwrap(), "{cell:?}");
    assert_eq!((counts.waiting, counts.not_covered), (0, 0), "{cell:?}");
    // What several sites show is not hidden behind bounds that say nothing.
    if cell.levels[0].as_deref() == Some("1") {
        let most = 5 * u64::from(counts.shown) * 4;
        assert!(cell.high.is_some_and(|high| high - cell.low <= most), "{cell:?}");
        assert!(counts.shown > 0, "{cell:?}");
    }
}
