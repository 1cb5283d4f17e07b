//! Every figure of an answer against the same figure of the truth, computed in floating point from the generator's memory.

use demo::comparison::hundredths;
use demo::population::Population;
use demo::population::truth::Truth;
use disclosure::MeasureKind;
use template::{Denominator, FigureKind, Template};
use wire::{Answer, AnswerGroup, CombinedFigure};

/// What floating point may lose on the way.
const ROUNDING: f64 = 1e-6;

/// The truth of a group.
struct Truths<'a> {
    template: &'a Template,
    answer: &'a Answer,
    group: &'a AnswerGroup,
    truths: &'a [Truth],
    population: &'a Population,
}

/// Checks every figure of a group.
pub fn check(template: &Template, answer: &Answer, group: &AnswerGroup, truths: &[Truth], population: &Population) {
    let truths = Truths { template, answer, group, truths, population };
    for figure in &group.figures {
        assert_eq!(figure.left_out, 0, "{} {}: every site covers what is compared", template.id, figure.name);
        truths.check(figure);
    }
}

impl Truths<'_> {
    fn check(&self, figure: &CombinedFigure) {
        let declared = &self.template.figures.iter().find(|declared| declared.name == figure.name).unwrap().kind;
        let Some((least, most)) = self.value(declared, &figure.levels) else { return };
        let place = format!("{} {} {} {:?}", self.template.id, self.group.name, figure.name, figure.levels);
        let number = |text: &Option<String>| text.as_deref().map(|text| text.parse::<f64>().unwrap());
        let (low, high, central) = (number(&figure.low), number(&figure.high), number(&figure.central));
        assert!(low.is_some() || high.is_some(), "{place}: somebody is counted, and nothing is said");
        assert!(low.is_none_or(|low| low <= least + ROUNDING), "{place}: at least {low:?}, in truth {least}");
        assert!(high.is_none_or(|high| high >= most - ROUNDING), "{place}: at most {high:?}, in truth {most}");
        if let (Some(low), Some(high), Some(central)) = (low, high, central) {
            assert!(low <= central && central <= high, "{place}: the central figure lies outside its bounds");
        }
        println!("{place}: {low:?} to {high:?}, in truth {least:.2} to {most:.2}");
    }

    /// The figure's true value, or the band in which it lies; `None` where it has none.
    fn value(&self, kind: &FigureKind, levels: &[Option<String>]) -> Option<(f64, f64)> {
        let exactly = |value: f64| value.is_finite().then_some((value, value));
        match kind {
            FigureKind::Change { measure, over, earlier, later } => {
                let of = |places: &[String]| self.sum(measure, levels, over, places);
                let periods = self.levels(over);
                if periods.len() < earlier + later {
                    return None;
                }
                let (before, after) = (of(&periods[..*earlier]), of(&periods[periods.len() - later..]));
                exactly((after - before) * 100.0 / before)
            }
            FigureKind::Mean { sum, count } => exactly(self.total(sum, levels) / self.total(count, levels)),
            FigureKind::Quantile { measure, over, edges, percent, .. } => {
                let bands = self.levels(over);
                let counts: Vec<f64> = bands.iter().map(|band| self.at(measure, levels, over, band)).collect();
                let share = counts.iter().sum::<f64>() * f64::from(percent.percent()) / 100.0;
                let up_to = |band: usize| counts[..=band].iter().sum::<f64>();
                let first = (0..bands.len()).find(|band| up_to(*band) > 0.0 && up_to(*band) >= share - ROUNDING)?;
                let last =
                    (0..bands.len()).rev().find(|b| counts[*b] > 0.0 && up_to(*b) - counts[*b] <= share + ROUNDING)?;
                Some((edges[first] as f64, edges[last + 1] as f64))
            }
            FigureKind::Rate { measure, denominator, per, standard } => {
                let of = |levels: &[Option<String>]| match denominator {
                    Denominator::Measure(name) => self.total(name, levels),
                    Denominator::Population(_) => self.listed(levels),
                };
                let rate = match standard {
                    None => self.total(measure, levels) / of(levels),
                    Some(standard) => {
                        let strata = self.levels(&standard.over);
                        let weights: f64 = standard.weights.iter().map(|weight| *weight as f64).sum();
                        let weighted = strata.iter().zip(&standard.weights).map(|(level, weight)| {
                            let at = self.place(levels, &standard.over, level);
                            *weight as f64 * self.total(measure, &at) / of(&at)
                        });
                        weighted.sum::<f64>() / weights
                    }
                };
                exactly(rate * *per as f64)
            }
            FigureKind::Share { measure, dimension, level } => {
                let part = self.at(measure, levels, dimension, level);
                exactly(part * 100.0 / self.total(measure, levels))
            }
        }
    }

    fn levels(&self, dimension: &str) -> &[String] {
        &self.answer.dimensions.iter().find(|d| d.name == dimension).unwrap().levels
    }

    fn place(&self, levels: &[Option<String>], dimension: &str, level: &str) -> Vec<Option<String>> {
        let mut levels = levels.to_vec();
        levels[self.answer.dimensions.iter().position(|d| d.name == dimension).unwrap()] = Some(level.to_owned());
        levels
    }

    fn total(&self, measure: &str, levels: &[Option<String>]) -> f64 {
        let measure = &self.template.measures.iter().find(|m| m.measure.name() == measure).unwrap().measure;
        hundredths(self.template, self.truths, levels, measure) as f64 / 100.0
    }

    fn at(&self, measure: &str, levels: &[Option<String>], dimension: &str, level: &str) -> f64 {
        self.total(measure, &self.place(levels, dimension, level))
    }

    /// Over several levels, of what adds up over them.
    fn sum(&self, measure: &str, levels: &[Option<String>], dimension: &str, chosen: &[String]) -> f64 {
        let kind = self.template.measures.iter().find(|m| m.measure.name() == measure).unwrap().measure.kind();
        assert_ne!(kind, MeasureKind::People, "people of several periods do not add up");
        chosen.iter().map(|level| self.at(measure, levels, dimension, level)).sum()
    }

    /// The published list sizes of the practices, at an age band where one is meant.
    fn listed(&self, levels: &[Option<String>]) -> f64 {
        let band = self.answer.dimensions.iter().position(|d| d.name == "age_band").and_then(|d| levels[d].as_deref());
        let rows = self.population.list_sizes();
        rows.iter()
            .filter(|(_, at, _)| band.is_none_or(|band| band == *at))
            .map(|(_, _, people)| f64::from(*people))
            .sum()
    }
}
