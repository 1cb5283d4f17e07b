//! What is asked, of whom, what is read and who is counted.

use disclosure::MeasureKind;
use template::{Grouping, SiteFigures, Template};

use super::{Section, Subject, note, plain, warning};
use crate::checked::Read;
use crate::model::{self, Role};

pub(super) fn sections(subject: &Subject<'_>) -> Vec<Section> {
    let Subject { template, checked } = subject;
    vec![
        Section { title: "What is asked", lines: asked(template) },
        Section { title: "Who is asked", lines: sites(template) },
        Section {
            title: "What is read of the provider's records",
            lines: checked.tables().iter().flat_map(table).collect(),
        },
        Section { title: "What is read of the region's look-ups", lines: lookups(checked.lookups()) },
        Section { title: "What the analyst chooses", lines: parameters(template) },
        Section { title: "Who and what is counted", lines: measures(template) },
    ]
}

fn asked(template: &Template) -> Vec<super::Line> {
    vec![
        plain(template.title.clone()),
        plain(format!("purpose: {}", template.purpose)),
        plain(format!("legal basis: {}", template.legal_basis)),
        plain(format!("sharing agreement: {}", template.agreement)),
        plain(format!("accountable: {}; author: {}", template.owner, template.author)),
        plain(format!("it may run until {}", template.expires)),
    ]
}

fn sites(template: &Template) -> Vec<super::Line> {
    let mut lines: Vec<_> = template
        .runs_at
        .iter()
        .map(|kind| {
            let least = template.min_sites(*kind);
            if template.sole_providers.contains(kind) {
                note(format!("{kind}: the region has one, which must have consented; its figures stand alone"))
            } else {
                plain(format!("{kind}: no figure unless {least} or more of them answer"))
            }
        })
        .collect();
    let places: Vec<&str> =
        template.groupings.iter().filter(|g| matches!(g, Grouping::Place(_))).map(|g| g.name()).collect();
    if !places.is_empty() {
        let places = places.join(", ");
        lines.push(plain(format!("figures may be shown per {places}; those with too few providers are put together")));
    }
    lines.push(match template.sites {
        SiteFigures::Hidden => plain("single providers' figures are not shown to the analyst"),
        SiteFigures::Shown => warning("single providers' figures are shown to the analyst"),
    });
    lines
}

fn table(read: &Read) -> Vec<super::Line> {
    let Some(table) = model::table(&read.name) else {
        return vec![warning(format!("{}: not of the model", read.name))];
    };
    let mut lines = vec![plain(format!("{}: {}", table.name, table.doc))];
    for name in &read.columns {
        let Some(column) = table.column(name) else { continue };
        let words = format!("  {}: {}", column.name, column.doc);
        lines.push(match column.role {
            Role::Identifying => note(format!("{words} (may single a person out: never compared, never released)")),
            Role::Person => plain(format!("{words} (joins a person's records; never released)")),
            Role::RecordKey | Role::Attribute => plain(words),
        });
    }
    lines
}

fn lookups(reads: &[Read]) -> Vec<super::Line> {
    if reads.is_empty() {
        return vec![plain("none")];
    }
    reads.iter().map(|read| plain(format!("{}: {}", read.name, read.columns.join(", ")))).collect()
}

fn parameters(template: &Template) -> Vec<super::Line> {
    if template.parameters.is_empty() {
        return vec![plain("nothing: the question is always the same")];
    }
    let words = |parameter: &template::Parameter| format!("{}: {}", parameter.name, parameter.expects());
    template.parameters.iter().map(|parameter| plain(words(parameter))).collect()
}

fn measures(template: &Template) -> Vec<super::Line> {
    let measure = |measure: &template::TemplateMeasure| {
        let name = measure.measure.name();
        let title = if measure.title.is_empty() { String::new() } else { format!(" ({})", measure.title) };
        let column = measure.column.as_deref().unwrap_or_default();
        match measure.measure.kind() {
            MeasureKind::People => plain(format!("{name}{title}: distinct people, each once in a cell")),
            MeasureKind::Rows { at_most_per_person: Some(most) } => {
                plain(format!("{name}{title}: rows, at most {most} of one person in a cell"))
            }
            MeasureKind::Rows { at_most_per_person: None } => {
                note(format!("{name}{title}: rows, however many one person has in a cell"))
            }
            MeasureKind::Sum { at_most_per_person } => plain(format!(
                "{name}{title}: the sum of `{column}` in {}, at most {at_most_per_person} of one person in a cell",
                measure.unit
            )),
        }
    };
    let opt_outs = plain("people who opted out are left out before anything is counted, as each provider's rule says");
    template.measures.iter().map(measure).chain([opt_outs]).collect()
}
