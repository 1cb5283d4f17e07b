//! The table for people: the question, the combined cells, the figures that follow, the sites and the notes.

use std::io::{self, Write};

use comfy_table::CellAlignment;
use disclosure::Reason;
use wire::{Answer, AnswerGroup, AnswerGrouping, CellState, CombinedCell, Counted, GroupState, RunState};

use super::number::{bounds, grouped};
use super::rows::{figure, level_text, site_numbers};
use super::style::Style;
use super::text::{minute, plain};
use super::{figures, sites};

/// What stands in place of a central figure where every answering site that covers a cell suppresses a count below its
/// threshold: never a number. INVARIANT: nothing else wears it.
const SUPPRESSED: &str = "*";
/// What stands there where no site shows a figure, and some hold one back for another reason.
const WITHHELD: &str = "withheld";
/// What stands where there is no number.
const NONE: &str = "-";
/// Stands for the bounds where no answering site covers a cell.
const NOT_COVERED: &str = "not covered";
/// Stands for the bounds where too few do.
const TOO_FEW: &str = "too few sites";
/// The headings of the numbers of sites, in the order of the rows' site columns.
const SITE_HEADINGS: [&str; 8] = ["show", "zero", "sup-\npress", "with-\nhold", "not\ncover", "refuse", "fail", "wait"];
/// Those that stand in every table (show, suppress, refuse, fail); the others only where they are not nought.
const ALWAYS: [usize; 4] = [0, 2, 5, 6];

/// Writes the whole answer for people.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_table(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    question(answer, out, style)?;
    for group in &answer.groups {
        writeln!(out, "\n{}", style.heading(&group_heading(answer, group)))?;
        cells(answer, group, out, style)?;
        figures::write(answer, group, out, style)?;
    }
    closing(answer, out, style)
}

/// Writes what belongs beside the cells where they are written in another format: the figures, sites and notes.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_summary(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    question(answer, out, style)?;
    for group in &answer.groups {
        writeln!(out, "\n{}", style.heading(&group_heading(answer, group)))?;
        figures::write(answer, group, out, style)?;
    }
    closing(answer, out, style)
}

fn question(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    let parameters: Vec<String> = answer.parameters.iter().map(|p| format!("{} = {}", p.name, p.value)).collect();
    writeln!(out, "{}", style.heading(&plain(&answer.title)))?;
    writeln!(
        out,
        "template    {}, version {}, digest {}",
        plain(&answer.template_id),
        answer.template_version,
        answer.template
    )?;
    if !parameters.is_empty() {
        writeln!(out, "parameters  {}", plain(&parameters.join(", ")))?;
    }
    writeln!(out, "purpose     {}", plain(&answer.purpose))?;
    writeln!(out, "asked       {} by {}", minute(answer.asked_at), answer.analyst)?;
    match (answer.state, answer.closed_at) {
        (RunState::Waiting, _) => {
            writeln!(out, "answered    not yet: sites may answer until {}", minute(answer.deadline))?
        }
        (RunState::Answered, Some(closed)) => writeln!(out, "answered    {}", minute(closed))?,
        (RunState::Answered, None) => {}
    }
    let made = answer
        .made_at
        .filter(|_| answer.revision > 1)
        .map_or_else(String::new, |made| format!(", made {}", minute(made)));
    writeln!(out, "run         {}, revision {}{made}", answer.run, answer.revision)?;
    for measure in &answer.measures {
        writeln!(
            out,
            "measure     {}: {}, in {}{}",
            plain(&measure.name),
            plain(&measure.title),
            plain(&measure.unit),
            counted(measure.counted)
        )?;
    }
    for dimension in &answer.dimensions {
        writeln!(out, "dimension   {}: {}", plain(&dimension.name), plain(&dimension.title))?;
        for grouping in &dimension.groupings {
            writeln!(out, "grouping    {}", plain(&grouping_words(grouping)))?;
        }
    }
    Ok(())
}

/// What a grouping puts together.
fn grouping_words(grouping: &AnswerGrouping) -> String {
    let groups: Vec<String> =
        grouping.groups.iter().map(|group| format!("{} ({})", group.label, group.levels.join(", "))).collect();
    let title = if grouping.title.is_empty() { String::new() } else { format!("{}: ", grouping.title) };
    format!("{}: {title}{}", grouping.name, groups.join("; "))
}

const fn counted(counted: Counted) -> &'static str {
    match counted {
        Counted::OncePerProvider => "; people counted once per provider",
        Counted::OncePerPerson | Counted::PerRecord => "",
    }
}

fn group_heading(answer: &Answer, group: &AnswerGroup) -> String {
    let name = if group.name == "all" { "all sites".to_owned() } else { plain(&group.name) };
    let answered = format!("{} of {} sites answered", group.answered, group.asked);
    match group.state {
        GroupState::Combined => format!("{name}: {answered}"),
        GroupState::SingleSite => {
            let site = answer.sites.iter().find(|site| site.provider.as_str() == group.name);
            let of = site.map_or_else(|| name.clone(), |site| format!("{name}, {}", plain(&site.name)));
            format!("{of}: the site's own figures")
        }
        GroupState::TooFewSites { needed } => {
            format!("{name}: no combined figures, because {answered} and the template needs {needed}")
        }
    }
}

fn cells(answer: &Answer, group: &AnswerGroup, out: &mut impl Write, style: Style) -> io::Result<()> {
    if group.cells.is_empty() {
        return Ok(());
    }
    let kept = kept_columns(group);
    let mut table = style.table();
    let mut header: Vec<String> = answer.dimensions.iter().map(|dimension| plain(&dimension.name)).collect();
    let first_number = header.len() + 1;
    header.extend(["measure", "central", "bounds"].map(str::to_owned));
    header.extend(kept.iter().map(|column| SITE_HEADINGS[*column].to_owned()));
    let width = header.len();
    table.set_header(header);
    for cell in &group.cells {
        let mut row: Vec<String> = cell.levels.iter().map(|level| plain(&level_text(level.as_deref()))).collect();
        let [central, bounds] = figure_words(cell);
        row.extend([plain(&cell.measure), central, bounds]);
        let numbers = site_numbers(&cell.sites);
        row.extend(kept.iter().map(|column| numbers[*column].to_string()));
        table.add_row(row);
    }
    for column in first_number..width {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")?;
    legend(group, &kept, out)
}

/// The central figure and the bounds. Where no answering site shows a figure or says nought, the central figure is a
/// mark: what is suppressed must not look like a number, least of all like nought.
fn figure_words(cell: &CombinedCell) -> [String; 2] {
    let Some(figure) = figure(cell) else {
        let why = if cell.state == CellState::TooFewSites { TOO_FEW } else { NOT_COVERED };
        return [NONE.to_owned(), why.to_owned()];
    };
    let sites = &cell.sites;
    let central = match (sites.shown + sites.zero, sites.suppressed, sites.withheld) {
        (0, 1.., 0) => SUPPRESSED.to_owned(),
        (0, _, 1..) => WITHHELD.to_owned(),
        _ => figure.central.map_or_else(|| NONE.to_owned(), grouped),
    };
    [central, bounds(Some(grouped(figure.low)), figure.high.map(grouped))]
}

fn kept_columns(group: &AnswerGroup) -> Vec<usize> {
    let seen = |column: usize| group.cells.iter().any(|cell| site_numbers(&cell.sites)[column] > 0);
    (0..SITE_HEADINGS.len()).filter(|column| ALWAYS.contains(column) || seen(*column)).collect()
}

fn legend(group: &AnswerGroup, kept: &[usize], out: &mut impl Write) -> io::Result<()> {
    let marks: Vec<[String; 2]> = group.cells.iter().map(figure_words).collect();
    if marks.iter().any(|[central, _]| central == SUPPRESSED) {
        writeln!(
            out,
            "{SUPPRESSED} every site that covers it suppresses a count below its threshold; it is not nought"
        )?;
    }
    if marks.iter().any(|[central, _]| central == WITHHELD) {
        writeln!(out, "{WITHHELD}: no site shows a figure here, and some hold one back; it is not nought")?;
    }
    if marks.iter().any(|[_, bounds]| bounds == NOT_COVERED) {
        writeln!(out, "{NOT_COVERED}: no answering site holds data for it; it is not nought")?;
    }
    if marks.iter().any(|[_, bounds]| bounds == TOO_FEW) {
        writeln!(out, "{TOO_FEW}: fewer sites hold data for it than the template shows, or for a part of it")?;
    }
    reasons(group, out)?;
    writeln!(
        out,
        "the last {} columns count sites; the truth over those that answered lies within the bounds",
        kept.len()
    )
}

/// Why figures are not there, reason by reason.
fn reasons(group: &AnswerGroup, out: &mut impl Write) -> io::Result<()> {
    for (place, reason) in Reason::ALL.into_iter().enumerate() {
        let sites = |cell: &CombinedCell| cell.reasons.each().get(place).map_or(0, |(_, sites)| *sites);
        let cells = group.cells.iter().filter(|cell| sites(cell) > 0).count();
        if cells > 0 {
            writeln!(out, "{}, in {cells} cells of some site: {}", reason.code(), reason.meaning())?;
        }
    }
    Ok(())
}

fn closing(answer: &Answer, out: &mut impl Write, style: Style) -> io::Result<()> {
    writeln!(out, "\n{}", style.heading("sites"))?;
    sites::write(answer, out, style)?;
    if !answer.notes.is_empty() {
        writeln!(out, "\n{}", style.heading("notes"))?;
        for note in &answer.notes {
            writeln!(out, "- {}", plain(note))?;
        }
    }
    out.flush()
}
