//! Contribution SQL, in templates that enough people signed, at a node's public door: what leaks is refused, and what is
//! answered is counted by the node alone.

mod counts;
#[path = "../../../../proto/plan/tests/plan/files.rs"]
mod files;
mod grammar;
mod leaks;
mod records;
mod rows;

use std::path::Path;

use template::LookupDocument;

use self::files::LOOKUPS;
use crate::world::{World, edit, table, write_table};

const TEMPLATE: &str = include_str!("template.toml");
/// The levels of the dimension `level`, beside `other`.
const LEVELS: [&str; 4] = ["21", "11", "J44", "yes"];

/// The folder of the crate `plan`, where the attacks' files are.
fn plan_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/plan"))
}

/// What a template declares beside its SQL.
#[derive(Clone, Copy, Debug)]
struct Declared<'a> {
    /// Output columns as in the attacks' files: `month period, level level, units sum`.
    outputs: &'a str,
    /// Whether it names the region's look-ups.
    lookups: bool,
    /// Whether the total over everything is asked for.
    total: bool,
    /// `hidden` or `shown`.
    zeros: &'a str,
}

impl<'a> Declared<'a> {
    /// These output columns, every look-up, no totals, zeros shown.
    fn of(outputs: &'a str) -> Self {
        Self { outputs, lookups: true, total: false, zeros: "shown" }
    }

    /// The text of a template of this SQL.
    fn template(&self, id: &str, sql: &str) -> String {
        let lookups =
            if self.lookups { LOOKUPS.map(|(name, _)| format!("\"{name}\"")).join(", ") } else { String::new() };
        let mut text = TEMPLATE
            .replace("{id}", id)
            .replace("{lookups}", &lookups)
            .replace("{totals}", if self.total { "[]" } else { "" })
            .replace("{zeros}", self.zeros)
            .replace("{sql}", &toml::Value::from(sql).to_string());
        for column in self.outputs.split(',') {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            text += &match kind {
                "period" => {
                    format!("[[dimension]]\nname = \"{name}\"\nlevels = \"months from..to\"\nper = \"record\"\n")
                }
                "level" => format!(
                    "[[dimension]]\nname = \"{name}\"\nlevels = {LEVELS:?}\nother = \"other\"\nper = \"record\"\n"
                ),
                "sum" => format!(
                    "[[measure]]\nname = \"amount\"\nsums = \"{name}\"\nat_most_per_person = 30\nunit = \"units\"\n"
                ),
                other => panic!("no kind of output is called {other}"),
            };
        }
        text
    }
}

/// A value for each parameter, over so many months from April 2024.
fn parameters(months: u32) -> Vec<(String, String)> {
    let to = format!("2024-{:02}", 3 + months);
    [("from", "2024-04"), ("to", &to), ("n", "2"), ("choice", "300")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// Gives RYA every table of the core model: those that it does not have, without a row.
fn furnish(world: &World) {
    let place = world.node_config("RYA");
    for missing in plan::model::tables().iter().filter(|table| table.is_personal()) {
        if std::fs::read_to_string(&place).unwrap().contains(&format!("[sources.{}]", missing.name)) {
            continue;
        }
        write_table(&world.node_table("RYA", missing.name), &table(missing.name, []));
        let source = format!(
            "[sources.{name}]\nparquet = \"tables/{name}.parquet\"\nfrom = \"2023-04-01\"\nto = \"2025-03-31\"\n\n",
            name = missing.name
        );
        edit(&place, "[sources.person]", &format!("{source}[sources.person]"));
    }
}

/// The region's look-ups, signed, each with two rows.
fn lookups(world: &World) -> Vec<Vec<u8>> {
    let document = |(name, columns): (&str, &[&str])| LookupDocument {
        name: name.to_owned(),
        version: 1,
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        rows: ["J44", "300"]
            .map(|key| columns.iter().enumerate().map(|(n, _)| if n == 0 { key } else { "11" }.to_owned()).collect())
            .to_vec(),
    };
    LOOKUPS.map(|lookup| world.guardians.sign_lookup(&document(lookup)).to_bytes()).to_vec()
}
