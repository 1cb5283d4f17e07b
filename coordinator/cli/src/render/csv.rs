//! CSV: one row per cell and per figure under stable columns, RFC 4180 quoting, line feeds.
//!
//! Text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) is
//! written with a `'` before it.

use std::borrow::Cow;
use std::io::{self, Write};

use wire::Answer;

use super::rows::{AFTER, BEFORE, FIGURE, REASONS, Row, SITES, dimension_columns, rows};

/// Writes the cells and figures as CSV.
///
/// # Errors
/// Where `out` cannot be written.
pub fn render_csv(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let dimensions = dimension_columns(answer);
    let dimensions = dimensions.iter().map(AsRef::as_ref);
    line(out, BEFORE.into_iter().chain(dimensions).chain(AFTER).chain(SITES).chain(REASONS).chain(FIGURE).map(text))?;
    let run = answer.run.to_string();
    let revision = answer.revision.to_string();
    for row in rows(answer) {
        let lead = [text(&run), Cow::Borrowed(revision.as_str()), text(row.group)];
        let levels = row.levels.iter().map(|level| level.as_deref().map_or(Cow::Borrowed(""), text));
        line(out, lead.into_iter().chain(levels).chain(numbers(&row)))?;
    }
    out.flush()
}

fn numbers<'a>(row: &Row<'a>) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
    let number = |number: Option<u64>| Cow::Owned(number.map(|n| n.to_string()).unwrap_or_default());
    let figure = row.figure;
    let cell = [
        text(row.measure.unwrap_or_default()),
        text(row.unit.unwrap_or_default()),
        text(row.counted.unwrap_or_default()),
        number(figure.and_then(|figure| figure.central)),
        number(figure.map(|figure| figure.low)),
        number(figure.and_then(|figure| figure.high)),
        Cow::Borrowed(row.state),
    ];
    let sites = row.sites;
    let sites = (0..SITES.len()).map(move |n| number(sites.map(|sites| u64::from(sites[n]))));
    let reasons = row.reasons;
    let reasons = (0..REASONS.len()).map(move |n| number(reasons.map(|reasons| u64::from(reasons[n]))));
    // A decimal below nought is a number of our own, and no formula.
    let decimal = |decimal: &Option<String>| Cow::Owned(decimal.clone().unwrap_or_default());
    let follows = row.follows.map(|figure| {
        [
            text(&figure.name),
            text(&figure.kind),
            decimal(&figure.central),
            decimal(&figure.low),
            decimal(&figure.high),
            number(Some(figure.sites.into())),
            number(Some(figure.left_out.into())),
        ]
    });
    cell.into_iter().chain(sites).chain(reasons).chain(follows.unwrap_or_default())
}

/// Writes one line of fields, quoted where they need it.
pub(crate) fn line<'a>(out: &mut impl Write, fields: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        if field.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

/// Text that no spreadsheet takes for a formula.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    // INVARIANT: every field that is not a number of our own passes here.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_need_it() {
        let mut out = Vec::new();
        line(&mut out, ["a", "b,c", "say \"d\"", "e\nf", ""].into_iter().map(text)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a,\"b,c\",\"say \"\"d\"\"\",\"e\nf\",\n");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_formula(given in "[=+@\\-\t\r']?\\PC{0,5}") {
            proptest::prop_assert!(!text(&given).starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
