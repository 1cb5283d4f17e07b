//! Every asked site with its outcome: a count by kind, and by name where there is no release.

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::CellAlignment;
use template::ProviderKind;
use wire::{Answer, AnswerSite, Refusal, SiteOutcome};

use super::style::Style;
use super::text::{minute, plain};

/// How many sites without a release are named. JSON names all.
const NAMED_MAX: usize = 12;

/// How many sites of one kind came to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    asked: u32,
    released: u32,
    refused: u32,
    timed_out: u32,
    not_connected: u32,
    invalid: u32,
    waiting: u32,
}

impl Tally {
    fn of<'a>(sites: impl Iterator<Item = &'a AnswerSite>) -> Self {
        let mut tally = Self::default();
        for site in sites {
            tally.asked += 1;
            *match site.outcome {
                SiteOutcome::InvalidRelease => &mut tally.invalid,
                SiteOutcome::NotConnected => &mut tally.not_connected,
                SiteOutcome::Refused(_) => &mut tally.refused,
                SiteOutcome::Released => &mut tally.released,
                SiteOutcome::TimedOut => &mut tally.timed_out,
                SiteOutcome::Waiting => &mut tally.waiting,
            } += 1;
        }
        tally
    }

    fn numbers(&self) -> [u32; 7] {
        let Self { asked, released, refused, timed_out, not_connected, invalid, waiting } = *self;
        [asked, released, refused, timed_out, not_connected, invalid, waiting]
    }
}

const COLUMNS: [&str; 9] =
    ["sites", "asked", "released", "refused", "timed out", "not connected", "invalid release", "waiting", "data as at"];

/// Writes the sites' outcomes.
pub(super) fn write(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    let mut table = style.table();
    table.set_header(COLUMNS);
    let of_kind = |kind: ProviderKind| answer.sites.iter().filter(move |site| site.kind == kind);
    let kinds: Vec<ProviderKind> =
        ProviderKind::ALL.into_iter().filter(|kind| of_kind(*kind).next().is_some()).collect();
    for kind in &kinds {
        table.add_row(row(kind.name(), &of_kind(*kind).collect::<Vec<_>>()));
    }
    if kinds.len() != 1 {
        table.add_row(row("all", &answer.sites.iter().collect::<Vec<_>>()));
    }
    for column in 1..=7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")?;
    reasons(answer, out)?;
    named(answer, out)
}

fn row(name: &str, sites: &[&AnswerSite]) -> Vec<String> {
    let tally = Tally::of(sites.iter().copied());
    let times = || sites.iter().filter_map(|site| site.as_at);
    let as_at = match (times().min(), times().max()) {
        (Some(oldest), Some(newest)) if minute(oldest) == minute(newest) => minute(oldest),
        (Some(oldest), Some(newest)) => format!("{} to {}", minute(oldest), minute(newest)),
        _ => "-".to_owned(),
    };
    let numbers = tally.numbers().into_iter().map(|number| number.to_string());
    std::iter::once(name.to_owned()).chain(numbers).chain(std::iter::once(as_at)).collect()
}

/// Why sites refused, and how many of which kind.
fn reasons(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let mut reasons: BTreeMap<Refusal, BTreeMap<ProviderKind, u32>> = BTreeMap::new();
    for site in &answer.sites {
        if let SiteOutcome::Refused(refusal) = site.outcome {
            *reasons.entry(refusal).or_default().entry(site.kind).or_default() += 1;
        }
    }
    for (refusal, kinds) in reasons {
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, sites)| format!("{sites} {kind}")).collect();
        writeln!(out, "refused, {}: {} ({})", refusal.word(), kinds.join(", "), meaning(refusal))?;
    }
    Ok(())
}

fn named(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let missing: Vec<&AnswerSite> = answer.sites.iter().filter(|site| site.outcome != SiteOutcome::Released).collect();
    for site in missing.iter().take(NAMED_MAX) {
        writeln!(
            out,
            "no figures from {} ({}, {}): {}",
            plain(&site.name),
            site.provider,
            site.kind,
            word(site.outcome)
        )?;
    }
    if missing.len() > NAMED_MAX {
        writeln!(out, "no figures from {} more: --format json names every site", missing.len() - NAMED_MAX)?;
    }
    Ok(())
}

fn word(outcome: SiteOutcome) -> String {
    match outcome {
        SiteOutcome::InvalidRelease => "what it sent is not a valid release".to_owned(),
        SiteOutcome::NotConnected => "not connected before the deadline".to_owned(),
        SiteOutcome::Refused(refusal) => format!("refused, {}", refusal.word()),
        SiteOutcome::Released => "released".to_owned(),
        SiteOutcome::TimedOut => "timed out".to_owned(),
        SiteOutcome::Waiting => "may still answer".to_owned(),
    }
}

const fn meaning(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Altered => "the order is not one that the coordinator signed for the site",
        Refusal::BadParameters => "the parameters do not fit the template",
        Refusal::Busy => "too much to do; ask again later",
        Refusal::ClockSkew => "the site's clock cannot be right",
        Refusal::DataIntegrity => "the site's data is not what was frozen",
        Refusal::Expired => "the order's time had passed",
        Refusal::Failed => "something went wrong at the site",
        Refusal::NotApproved => "the template or a look-up is not approved there",
        Refusal::NotCovered => "the site does not hold the tables or the period",
        Refusal::NotReleased => "the site's rules do not allow it",
        Refusal::Replayed => "the order's identity was used for another order",
    }
}
