//! The true answers to the templates, counted straight from memory.
//!
//! This is a second way to the same figures: plain loops over the events, sharing no code with the templates' SQL or the
//! nodes' engine. The definitions are the templates'; a test of the region holds the two against each other. People who
//! opted out are left out, as the nodes leave them out.

mod admissions;
mod conditions;
mod frequent;
mod period;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

use super::Population;
use super::provider::{Kind, Provider};
pub use period::{Period, YearMonth};

/// The cap of every template that counts rows: so many of one person count in one inner cell.
const ROWS_AT_MOST: u64 = 2;

/// A template with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// `depression-with-long-term-condition`
    DepressionWithCondition {
        /// Month on whose last day conditions are counted.
        at: YearMonth,
    },
    /// `emergency-admissions-75-plus`
    EmergencyAdmissions75Plus(Period),
    /// `frequent-emergency-users`
    FrequentEmergencyUsers {
        /// The months asked for.
        period: Period,
        /// At least so many uses.
        n: u32,
    },
    /// `long-term-condition-activity`
    ConditionActivity(Period),
    /// `long-term-condition-cost`
    ConditionCost(Period),
    /// `long-term-condition-rate`
    ConditionRate {
        /// Month on whose last day people and conditions are counted.
        at: YearMonth,
    },
    /// `respiratory-emergency-admissions`
    RespiratoryAdmissions(Period),
    /// `stroke-length-of-stay`
    StrokeStay(Period),
}

impl Question {
    /// The question that a template's id and parameters, as the command line takes them, stand for.
    ///
    /// # Errors
    /// When no truth is known for the template, or a parameter is missing or cannot be read.
    pub fn parse(template: &str, parameters: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let value = |name: &str| {
            parameters
                .get(name)
                .map(String::as_str)
                .with_context(|| format!("`{template}` needs the parameter `{name}`"))
        };
        let period = || Period::new(value("from")?.parse()?, value("to")?.parse()?);
        Ok(match template {
            "depression-with-long-term-condition" => Self::DepressionWithCondition { at: value("at")?.parse()? },
            "emergency-admissions-75-plus" => Self::EmergencyAdmissions75Plus(period()?),
            "frequent-emergency-users" => {
                let n = parameters.get("n").map_or(Ok(4), |n| n.parse()).context("`n` is not a number")?;
                Self::FrequentEmergencyUsers { period: period()?, n }
            }
            "long-term-condition-activity" => Self::ConditionActivity(period()?),
            "long-term-condition-cost" => Self::ConditionCost(period()?),
            "long-term-condition-rate" => Self::ConditionRate { at: value("at")?.parse()? },
            "respiratory-emergency-admissions" => Self::RespiratoryAdmissions(period()?),
            "stroke-length-of-stay" => Self::StrokeStay(period()?),
            other => anyhow::bail!("no truth is known for the template `{other}`"),
        })
    }

    /// The kinds of provider that the template runs at.
    pub fn runs_at(&self) -> &'static [Kind] {
        match self {
            Self::DepressionWithCondition { .. } => &[Kind::Gp, Kind::MentalHealth],
            Self::EmergencyAdmissions75Plus(_) | Self::RespiratoryAdmissions(_) | Self::StrokeStay(_) => {
                &[Kind::Hospital]
            }
            Self::FrequentEmergencyUsers { .. } => &[Kind::Hospital, Kind::Ambulance],
            Self::ConditionActivity(_) => &[Kind::Gp, Kind::Hospital],
            Self::ConditionRate { .. } => &[Kind::Gp],
            Self::ConditionCost(_) => &Kind::ALL,
        }
    }

    /// The true answer of one provider. A provider that the template does not run at has no cells.
    pub fn truth(&self, population: &Population, provider: &Provider) -> Truth {
        let own = Own { population, provider };
        match *self {
            _ if !self.runs_at().contains(&provider.kind) => Truth::of_counts(),
            Self::DepressionWithCondition { at } => own.depression(at),
            Self::EmergencyAdmissions75Plus(period) => own.admissions_75_plus(period),
            Self::FrequentEmergencyUsers { period, n } => own.frequent_users(period, n),
            Self::ConditionActivity(period) => own.activity(period),
            Self::ConditionCost(period) => own.cost(period),
            Self::ConditionRate { at } => own.registered_with_condition(at),
            Self::RespiratoryAdmissions(period) => own.respiratory(period),
            Self::StrokeStay(period) => own.stroke_stays(period),
        }
    }
}

/// What a cell or a margin truly holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Distinct people.
    pub people: u64,
    /// Contributing records, capped per person and inner cell.
    pub rows: u64,
    /// Sum of the measure, capped per person and inner cell, in hundredths of its unit; zero where there is none.
    pub sum_hundredths: u64,
}

/// One person's part in an inner cell.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    rows: u64,
    hundredths: u64,
}

/// The true answer of one provider: its inner cells that are not empty, by their levels in the template's order.
#[derive(Clone, Debug)]
pub struct Truth {
    cells: BTreeMap<Vec<String>, BTreeMap<u32, Part>>,
    cap_hundredths: u64,
}

impl Truth {
    /// No cells yet; sums will be capped at so many whole units a person and inner cell.
    fn capped_at(units: u64) -> Self {
        Self { cells: BTreeMap::new(), cap_hundredths: units * 100 }
    }

    /// No cells yet, and no sum.
    fn of_counts() -> Self {
        Self::capped_at(0)
    }

    fn add<const N: usize>(&mut self, person: u32, levels: [&str; N], hundredths: u64) {
        let levels: Vec<String> = levels.iter().map(|level| (*level).to_owned()).collect();
        let part = self.cells.entry(levels).or_default().entry(person).or_default();
        part.rows += 1;
        part.hundredths += hundredths;
    }

    /// The inner cells that hold anything, by their levels in the order of the template's dimensions.
    pub fn cells(&self) -> impl Iterator<Item = (&[String], Figures)> {
        self.cells.iter().map(|(levels, parts)| (levels.as_slice(), self.figures([parts])))
    }

    /// An inner cell; one that is not there holds nothing.
    pub fn cell<S: AsRef<str>>(&self, levels: &[S]) -> Figures {
        let keep: Vec<usize> = (0..levels.len()).collect();
        self.margin(&keep, levels)
    }

    /// The total over the dimensions that are not kept, for the levels of those that are: people as a union, rows and
    /// capped sums added up.
    pub fn margin<S: AsRef<str>>(&self, keep: &[usize], levels: &[S]) -> Figures {
        let kept = |all: &[String]| {
            keep.iter().zip(levels).all(|(dimension, level)| all.get(*dimension).is_some_and(|l| l == level.as_ref()))
        };
        self.figures(self.cells.iter().filter(|(all, _)| kept(all)).map(|(_, parts)| parts))
    }

    /// The same where each dimension that is kept has several levels, put together.
    pub fn margin_of_groups(&self, kept: &[(usize, Vec<String>)]) -> Figures {
        let within = |all: &[String]| kept.iter().all(|(d, levels)| all.get(*d).is_some_and(|l| levels.contains(l)));
        self.figures(self.cells.iter().filter(|(all, _)| within(all)).map(|(_, parts)| parts))
    }

    /// The people of an inner cell, by their positions in the population.
    pub fn persons<S: AsRef<str>>(&self, levels: &[S]) -> BTreeSet<u32> {
        let same = |all: &Vec<String>| all.iter().map(String::as_str).eq(levels.iter().map(AsRef::as_ref));
        self.cells.iter().filter(|(all, _)| same(all)).flat_map(|(_, parts)| parts.keys().copied()).collect()
    }

    fn figures<'a>(&self, cells: impl IntoIterator<Item = &'a BTreeMap<u32, Part>>) -> Figures {
        let mut people: BTreeSet<u32> = BTreeSet::new();
        let mut figures = Figures::default();
        for parts in cells {
            people.extend(parts.keys());
            figures.rows += parts.values().map(|part| part.rows.min(ROWS_AT_MOST)).sum::<u64>();
            figures.sum_hundredths += parts.values().map(|part| part.hundredths.min(self.cap_hundredths)).sum::<u64>();
        }
        figures.people = people.len() as u64;
        figures
    }
}

/// One provider's own record, which is all that an answer may use.
#[derive(Clone, Copy)]
struct Own<'a> {
    population: &'a Population,
    provider: &'a Provider,
}

impl Own<'_> {
    /// Whether a person may be counted: traced, and not opted out.
    fn counts(self, person: u32) -> bool {
        self.population.people.get(person as usize).is_some_and(|p| !p.opted_out())
    }

    /// Conditions of a person that began before `end` and had not been resolved before `since`, as days since 1970.
    fn conditions(self, person: u32, since: i32, end: i32) -> impl Iterator<Item = super::condition::Condition> {
        let known = self.population.known_conditions(self.provider, person);
        known
            .filter(move |(_, c)| c.onset_date32 < end && c.resolved_date32.is_none_or(|day| day >= since))
            .map(|(condition, _)| condition)
    }

    /// How many conditions a person has on the day before `end`, as the templates' level.
    fn held(self, person: u32, end: i32) -> &'static str {
        match self.conditions(person, end, end).count() {
            0 => "0",
            1 => "1",
            2 => "2",
            _ => "3+",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_unite_and_capped_sums_add_up() {
        let mut truth = Truth::capped_at(5);
        truth.add(1, ["a", "x"], 400);
        truth.add(1, ["a", "x"], 400);
        truth.add(1, ["a", "y"], 100);
        truth.add(2, ["b", "x"], 50);
        let check = |figures: Figures, people, rows, sum_hundredths| {
            assert_eq!(figures, Figures { people, rows, sum_hundredths });
        };
        check(truth.cell(&["a", "x"]), 1, 2, 500);
        check(truth.margin(&[0], &["a"]), 1, 3, 600);
        check(truth.margin(&[1], &["x"]), 2, 3, 550);
        check(truth.margin::<&str>(&[], &[]), 2, 4, 650);
        check(truth.cell(&["b", "y"]), 0, 0, 0);
        assert_eq!(truth.persons(&["b", "x"]), BTreeSet::from([2]));
        assert_eq!(truth.cells().count(), 3);
    }

    #[test]
    fn parameters_are_read_as_the_command_line_takes_them() {
        let parameters = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let year = parameters(&[("from", "2024-04"), ("to", "2025-03")]);
        let Question::FrequentEmergencyUsers { n, .. } = Question::parse("frequent-emergency-users", &year).unwrap()
        else {
            unreachable!("another template's question");
        };
        assert_eq!(n, 4);
        assert!(Question::parse("long-term-condition-cost", &parameters(&[("from", "2024-04")])).is_err());
        assert!(
            Question::parse("stroke-length-of-stay", &parameters(&[("from", "2024-13"), ("to", "2025-03")])).is_err()
        );
        assert!(
            Question::parse("stroke-length-of-stay", &parameters(&[("from", "2025-04"), ("to", "2025-03")])).is_err()
        );
        assert!(Question::parse("unknown", &year).is_err());
    }
}
