//! The exit code that an answer ends with.

use cli::Exit;
use wire::{Answer, GroupState, Refusal, RunState, SiteOutcome};

use crate::sample;

#[test]
fn codes_are_stable() {
    let all = [
        (Exit::Complete, 0),
        (Exit::Internal, 1),
        (Exit::Usage, 2),
        (Exit::Refused, 3),
        (Exit::Hidden, 4),
        (Exit::Incomplete, 5),
        (Exit::Unreachable, 6),
        (Exit::Narrowed, 8),
        (Exit::Interrupted, 130),
    ];
    for (exit, code) in all {
        assert_eq!(exit.code(), code);
    }
}

#[test]
fn an_answer_is_judged() {
    let check = |what: &str, change: &dyn Fn(&mut Answer), expected: Exit| {
        let mut answer = sample::complete();
        change(&mut answer);
        assert_eq!(Exit::of(&answer), expected, "{what}");
    };
    let all =
        |outcome: SiteOutcome| move |answer: &mut Answer| answer.sites.iter_mut().for_each(|s| s.outcome = outcome);
    let one = |outcome: SiteOutcome| move |answer: &mut Answer| answer.sites[1].outcome = outcome;
    let suppress = |answer: &mut Answer| answer.groups[0].cells[0].sites.suppressed = 1;

    check("all answered, some do not cover", &|_| {}, Exit::Complete);
    check("a cell suppressed", &suppress, Exit::Hidden);
    check("a cell withheld", &|a| a.groups[0].cells[0].sites.withheld = 1, Exit::Hidden);
    check("one refused", &one(SiteOutcome::Refused(Refusal::NotReleased)), Exit::Incomplete);
    check("one timed out", &one(SiteOutcome::TimedOut), Exit::Incomplete);
    check("one not connected", &one(SiteOutcome::NotConnected), Exit::Incomplete);
    check("one invalid", &one(SiteOutcome::InvalidRelease), Exit::Incomplete);
    check("one waiting", &one(SiteOutcome::Waiting), Exit::Incomplete);
    check("still open", &|a| a.state = RunState::Waiting, Exit::Incomplete);
    check("nobody asked", &|a| a.sites.clear(), Exit::Incomplete);
    check("too few sites", &|a| a.groups[0].state = GroupState::TooFewSites { needed: 9 }, Exit::Incomplete);
    check(
        "missing sites outweigh hidden cells",
        &|a| {
            suppress(a);
            a.sites[0].outcome = SiteOutcome::TimedOut;
        },
        Exit::Incomplete,
    );
    check("none answered, none refused", &all(SiteOutcome::TimedOut), Exit::Incomplete);
}

#[test]
fn only_a_decision_is_a_refusal() {
    for refusal in Refusal::ALL {
        let mut answer = sample::complete();
        answer.sites.iter_mut().for_each(|site| site.outcome = SiteOutcome::Refused(refusal));
        let faults = ["busy", "clock-skew", "data-integrity", "expired", "failed", "quarantined", "stale-catalogue"];
        let fault = faults.contains(&refusal.word());
        assert_eq!(Exit::of(&answer), if fault { Exit::Incomplete } else { Exit::Refused }, "{refusal:?}");
    }
}
