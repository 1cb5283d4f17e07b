//! Every asked site with its outcome: a count by kind, and by name where there is no release.

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::CellAlignment;
use template::ProviderKind;
use wire::{Answer, AnswerSite, Refusal, SiteOutcome};

use super::style::Style;
use super::text::plain;

/// How many sites without a release are named. JSON names all.
const NAMED_MAX: usize = 12;

/// What may come of asking a site, in the order of the columns.
const OUTCOMES: [&str; 7] =
    ["released", "refused", "timed out", "not connected", "invalid release", "waiting", "held out"];
/// Those that stand in every table; the others only where a site came to it.
const ALWAYS: usize = 3;

const fn column(outcome: SiteOutcome) -> usize {
    match outcome {
        SiteOutcome::Released => 0,
        SiteOutcome::Refused(_) => 1,
        SiteOutcome::TimedOut => 2,
        SiteOutcome::NotConnected => 3,
        SiteOutcome::InvalidRelease => 4,
        SiteOutcome::Waiting => 5,
        SiteOutcome::HeldOut => 6,
    }
}

fn numbers(sites: &[&AnswerSite]) -> [u32; OUTCOMES.len()] {
    sites.iter().fold([0; OUTCOMES.len()], |mut numbers, site| {
        numbers[column(site.outcome)] += 1;
        numbers
    })
}

/// Writes the sites' outcomes.
pub(super) fn write(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    let all: Vec<&AnswerSite> = answer.sites.iter().collect();
    let totals = numbers(&all);
    let kept: Vec<usize> = (0..OUTCOMES.len()).filter(|n| *n < ALWAYS || totals[*n] > 0).collect();
    let mut table = style.table();
    let headings = kept.iter().map(|n| OUTCOMES[*n]);
    table.set_header(["sites", "asked"].into_iter().chain(headings).chain(["data as at"]));
    let of_kind = |kind: ProviderKind| all.iter().copied().filter(move |site| site.kind == kind).collect::<Vec<_>>();
    let kinds: Vec<_> = ProviderKind::ALL.map(|kind| (kind.name(), of_kind(kind))).into();
    let kinds: Vec<_> = kinds.into_iter().filter(|(_, sites)| !sites.is_empty()).collect();
    for (name, sites) in &kinds {
        table.add_row(row(name, sites, &kept));
    }
    if kinds.len() != 1 {
        table.add_row(row("all", &all, &kept));
    }
    for column in 1..=kept.len() + 1 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")?;
    reasons(answer, out)?;
    late(answer, out)?;
    named(answer, out)
}

fn row(name: &str, sites: &[&AnswerSite], kept: &[usize]) -> Vec<String> {
    let days = || sites.iter().filter_map(|site| site.as_at).map(|time| time.date_naive());
    let as_at = match (days().min(), days().max()) {
        (Some(oldest), Some(newest)) if oldest == newest => oldest.to_string(),
        (Some(oldest), Some(newest)) => format!("{oldest} to {newest}"),
        _ => "-".to_owned(),
    };
    let numbers = numbers(sites);
    let numbers = kept.iter().map(|n| numbers[*n].to_string());
    [name.to_owned(), sites.len().to_string()].into_iter().chain(numbers).chain([as_at]).collect()
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

/// Whose release came late, by the revision that brought it into the sums.
fn late(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let mut late: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for site in &answer.sites {
        if let Some(since) = site.since_revision.filter(|since| *since > 1) {
            late.entry(since).or_default().push(site.provider.as_str());
        }
    }
    for (since, codes) in late {
        let more = codes.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = codes.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(" ");
        writeln!(out, "late, in the sums since revision {since}: {named}{more}")?;
    }
    Ok(())
}

fn named(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let missing: Vec<&AnswerSite> = answer
        .sites
        .iter()
        .filter(|site| !matches!(site.outcome, SiteOutcome::Released | SiteOutcome::Waiting))
        .collect();
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
        SiteOutcome::HeldOut => {
            "released, and held out: beside an earlier answer the sums would tell of too few sites".to_owned()
        }
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
        Refusal::AgreementEnded => "the sharing agreement has not begun or has ended",
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
        Refusal::Quarantined => "the site's ledger is not the one that others have seen",
        Refusal::Replayed => "the order's identity was used for another order",
        Refusal::RequestNotSigned => "your own signature is asked for there",
        Refusal::StaleCatalogue => "the site has no catalogue that is still in force",
    }
}
