//! One provider's release: its whole table, with people, rows and sums beside each other.

use disclosure::{Depth, Domain, Measure, Public, audit};
use template::{Digest, Template};
use wire::{WrittenRelease, is_release_text};

use super::report::Report;

/// Whether the text is a release, signed or not.
pub(super) fn is_release(text: &str) -> bool {
    is_release_text(text.as_bytes())
}

/// Attacks a release with the template that it answers, or says why that cannot be. Whether anybody signed either is not
/// asked: what is published is attacked as it stands.
pub(super) fn attack(text: &str, template: Option<&str>) -> Result<Report, String> {
    let release = WrittenRelease::read(text.as_bytes()).map_err(|error| error.to_string())?;
    let toml = template.ok_or_else(|| {
        format!(
            "a release lists cells and not what they are: give the text of template `{}` version {}, as it was signed, \
             with --template",
            release.template_id, release.template_version
        )
    })?;
    if Digest::of(toml.as_bytes()) != release.template {
        return Err(format!(
            "the release answers another text of the template, whose SHA-256 is {}: give exactly that file",
            release.template
        ));
    }
    let template = Template::parse(toml.as_bytes()).map_err(|error| format!("template: {error}"))?;
    let domain = template.cells(&release.parameters).map_err(|error| format!("template: {error}"))?;
    let measures: Vec<Measure> = template.measures.iter().map(|m| m.measure.clone()).collect();
    if !release.measures.iter().map(String::as_str).eq(measures.iter().map(Measure::name)) {
        return Err("the release has other measures than the template".to_owned());
    }
    let public = Public::nothing(&domain, &measures);
    let found = audit(&domain, &measures, &release.policy, &public, &release.cells, Depth::Thorough);
    let found = found.map_err(|error| error.to_string())?;
    Ok(Report::of_table(&found, |measure, cell| label(&domain, &measures, measure, cell)))
}

fn label(domain: &Domain, measures: &[Measure], measure: usize, cell: usize) -> Vec<String> {
    let mut label: Vec<String> = measures.get(measure).map(|m| m.name().to_owned()).into_iter().collect();
    let key = domain.key(cell).map(|key| key.0).unwrap_or_default();
    label.extend(domain.dimensions().iter().zip(key).enumerate().map(|(place, (dimension, level))| {
        format!("{} {}", dimension.name, domain.label(place, level).unwrap_or("total"))
    }));
    label
}
