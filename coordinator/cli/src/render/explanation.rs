//! What a question would ask of whom, and what each provider would see.

use std::io::{self, Write};

use template::ProviderKind;
use wire::Explanation;

use super::number::grouped;
use super::style::Style;
use super::text::{plain, plain_lines};

/// Writes an explanation for people.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_explanation(explanation: &Explanation, out: &mut impl Write, style: Style) -> io::Result<()> {
    let template = &explanation.template;
    writeln!(out, "{}", style.heading(&plain(&template.title)))?;
    writeln!(out, "template    {}, version {}, digest {}", plain(&template.id), template.version, template.digest)?;
    writeln!(out, "approved by {}", plain(&template.approved_by.join(", ")))?;
    for parameter in &explanation.parameters {
        writeln!(out, "parameter   {} = {}", plain(&parameter.name), plain(&parameter.value))?;
    }
    writeln!(out, "disclosure  {}", plain(&explanation.policy))?;
    writeln!(out, "answer      {} cells from each site, totals included", grouped(u64::from(explanation.cells)))?;

    writeln!(out, "\n{}", style.heading(&format!("who would be asked: {} sites", explanation.sites.len())))?;
    for kind in ProviderKind::ALL {
        let of_kind = || explanation.sites.iter().filter(move |site| site.kind == kind);
        if of_kind().next().is_some() {
            let connected = of_kind().filter(|site| site.connected).count();
            writeln!(out, "- {kind}: {}, of which {connected} connected now", of_kind().count())?;
        }
    }
    for site in explanation.sites.iter().filter(|site| !site.connected) {
        writeln!(out, "- not connected now: {} ({}, {})", plain(&site.name), site.provider, site.kind)?;
    }

    writeln!(out, "\n{}", style.heading("what each provider would see"))?;
    for line in &explanation.each_provider_sees {
        writeln!(out, "- {}", plain(line))?;
    }
    writeln!(out, "\n{}", style.heading("what each node would run"))?;
    writeln!(out, "{}", plain_lines(explanation.sql.trim_end()))?;
    writeln!(out, "\nnothing was asked")?;
    out.flush()
}
