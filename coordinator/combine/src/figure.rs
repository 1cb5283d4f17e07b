//! Figures that follow from combined cells, per place at which they make sense.
//!
//! A figure is computed for everything together and, where a declared group of cells keeps exactly one dimension besides
//! the figure's own, per level of that dimension: a mean per quarter, a change per locality. A site takes part in a
//! figure where it covers all that the figure compares: a site whose records begin between the two periods of a change
//! would make the later one larger by nothing but its beginning.

use disclosure::{Cell, CellKey, Domain, Interval, Kept, MeasureKind, Per, Reported};
use template::{Denominator, Figure, FigureKind, Percent, Population};

use crate::few;
use crate::quantile::quantile;
use crate::rates::{self, Bounds, Stratum};
use crate::region::{Region, groups, sum};
use crate::site::Site;
use crate::{CombineError, Question};

/// A figure at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedFigure {
    /// Its place among the template's figures.
    pub figure: usize,
    /// Per dimension the level or group; `None` where it is over all levels.
    pub levels: Vec<Option<usize>>,
    /// Its bounds; [`Bounds::NONE`] where it has no value, or too few sites take part or are left out.
    pub bounds: Bounds,
    /// How many sites take part.
    pub sites: usize,
    /// How many sites released, but cover only a part of what is compared, or have no published population, and are
    /// left out.
    pub left_out: usize,
}

/// One figure at every place at which it makes sense.
pub(crate) fn combined(
    question: &Question<'_>,
    place: usize,
    sites: &[Site<'_>],
) -> Result<Vec<CombinedFigure>, CombineError> {
    let figure = question.figures.get(place).ok_or(CombineError::Figure)?;
    let formula = Formula::new(question, figure)?;
    let places = places(question.domain, formula.own());
    Ok(places.into_iter().map(|levels| at(question, &formula, place, levels, sites)).collect())
}

fn at(
    question: &Question<'_>,
    formula: &Formula<'_>,
    figure: usize,
    levels: Vec<Option<usize>>,
    sites: &[Site<'_>],
) -> CombinedFigure {
    let members =
        |(dimension, place): (usize, &Option<usize>)| place.map(|place| question.domain.levels_at(dimension, place));
    let fixed: Vec<Option<Vec<usize>>> = levels.iter().enumerate().map(members).collect();
    let whole = Region::new(question.domain, &formula.compared(fixed.clone()));
    let (mut taking_part, mut left_out) = (Vec::new(), Vec::new());
    for site in sites {
        let Some(reported) = site.heard.reported() else { continue };
        if whole.interval(reported, 0).is_none() {
            continue;
        }
        if formula.compares_alike(reported, &fixed) && formula.knows(site) {
            taking_part.push(*site);
        } else {
            left_out.push(*site);
        }
    }
    // INVARIANT: those left out are enough as well, or the cells, which hold them, minus the figure would tell of few.
    let enough = !taking_part.is_empty()
        && few::enough(question.quorum, taking_part.iter())
        && few::enough(question.quorum, left_out.iter());
    let bounds = if enough { formula.bounds(question.domain, &fixed, &taking_part) } else { Bounds::NONE };
    CombinedFigure { figure, levels, bounds, sites: taking_part.len(), left_out: left_out.len() }
}

/// Everything together, then per level or group of each dimension beside the figure's own that a declared group of cells
/// keeps.
fn places(domain: &Domain, own: Option<usize>) -> Vec<Vec<Option<usize>>> {
    let nowhere = vec![None; domain.dimensions().len()];
    let mut beside: Vec<Kept> = groups(domain)
        .filter_map(
            |kept| match kept.into_iter().filter(|k| Some(domain.places(*k).0) != own).collect::<Vec<_>>()[..] {
                [only] => Some(only),
                _ => None,
            },
        )
        .collect();
    // By dimension, its levels before its groups.
    beside.sort_unstable_by_key(|kept| (domain.places(*kept).0, *kept));
    beside.dedup();
    let mut places = vec![nowhere.clone()];
    for kept in beside {
        let (dimension, of_kept) = domain.places(kept);
        for level in of_kept {
            let mut place = nowhere.clone();
            place[dimension] = Some(level);
            places.push(place);
        }
    }
    places
}

/// A figure with its names resolved to places in the domain and the measures.
enum Formula<'a> {
    Change { measure: usize, over: usize, earlier: Vec<usize>, later: Vec<usize> },
    Mean { sum: usize, count: usize, cap: Option<u64>, counts: MeasureKind },
    Quantile { measure: usize, over: usize, bands: usize, edges: &'a [u64], kind: MeasureKind, percent: Percent },
    Rate { measure: usize, of: Of<'a>, per: u64, standard: Option<(usize, &'a [u64])> },
    Share { measure: usize, over: usize, level: usize, rest: Vec<usize>, kind: MeasureKind },
}

/// A rate's denominator.
enum Of<'a> {
    Measure(usize),
    Population(&'a Population),
}

impl<'a> Formula<'a> {
    fn new(question: &Question<'a>, figure: &'a Figure) -> Result<Self, CombineError> {
        let dimensions = question.domain.dimensions();
        let dimension = |name: &str| dimensions.iter().position(|d| d.name == name).ok_or(CombineError::Figure);
        let measure = |name: &str| {
            let place = question.measures.iter().position(|m| m.name() == name).ok_or(CombineError::Figure)?;
            Ok((place, question.measures[place].kind()))
        };
        Ok(match &figure.kind {
            FigureKind::Change { measure: name, over, earlier, later } => {
                let over = dimension(over)?;
                let levels = dimensions[over].levels.len();
                // Where the question spans fewer periods than the figure compares, there is nothing to compare.
                let fits = earlier + later <= levels;
                let earlier = if fits { (0..*earlier).collect() } else { Vec::new() };
                let later = if fits { (levels - later..levels).collect() } else { Vec::new() };
                Self::Change { measure: measure(name)?.0, over, earlier, later }
            }
            FigureKind::Mean { sum, count } => {
                let (sum, (count, counts)) = (measure(sum)?.0, measure(count)?);
                Self::Mean { sum, count, counts, cap: question.measures[sum].at_most_per_person() }
            }
            FigureKind::Quantile { measure: name, over, edges, percent, .. } => {
                let ((measure, kind), over) = (measure(name)?, dimension(over)?);
                Self::Quantile { measure, over, bands: dimensions[over].levels.len(), edges, kind, percent: *percent }
            }
            FigureKind::Rate { measure: name, denominator, per, standard } => {
                let of = match denominator {
                    Denominator::Measure(name) => Of::Measure(measure(name)?.0),
                    Denominator::Population(name) => {
                        let published = question.populations.iter().find(|population| population.name() == name);
                        Of::Population(published.ok_or(CombineError::Population)?)
                    }
                };
                let standard = standard.as_ref().map(|s| Ok((dimension(&s.over)?, s.weights.as_slice())));
                Self::Rate { measure: measure(name)?.0, of, per: *per, standard: standard.transpose()? }
            }
            FigureKind::Share { measure: name, dimension: over, level } => {
                let ((measure, kind), over) = (measure(name)?, dimension(over)?);
                let level = dimensions[over].levels.iter().position(|l| l == level).ok_or(CombineError::Figure)?;
                let rest = (0..dimensions[over].levels.len()).filter(|l| *l != level).collect();
                Self::Share { measure, over, level, rest, kind }
            }
        })
    }

    /// The dimension over whose levels it compares.
    fn own(&self) -> Option<usize> {
        match self {
            Self::Change { over, .. } | Self::Quantile { over, .. } | Self::Share { over, .. } => Some(*over),
            Self::Rate { standard, .. } => standard.map(|(over, _)| over),
            Self::Mean { .. } => None,
        }
    }

    /// The levels of its own dimension that it compares; `None` for all.
    fn own_levels(&self) -> Option<Vec<usize>> {
        match self {
            Self::Change { earlier, later, .. } => Some(earlier.iter().chain(later).copied().collect()),
            Self::Mean { .. } | Self::Quantile { .. } | Self::Rate { .. } | Self::Share { .. } => None,
        }
    }

    /// The region of everything that it compares.
    fn compared(&self, mut levels: Vec<Option<Vec<usize>>>) -> Vec<Option<Vec<usize>>> {
        if let (Some(own), Some(chosen)) = (self.own(), self.own_levels()) {
            levels[own] = Some(chosen);
        }
        levels
    }

    /// Whether what the figure needs beside the site's table is known of it.
    fn knows(&self, site: &Site<'_>) -> bool {
        match self {
            Self::Rate { of: Of::Population(population), .. } => {
                population.people(site.provider.as_str(), &[]).is_some()
            }
            _ => true,
        }
    }

    /// Whether the site covers what is compared evenly: wherever it covers one of the levels, it covers all.
    fn compares_alike(&self, reported: &Reported, fixed: &[Option<Vec<usize>>]) -> bool {
        let Some(own) = self.own() else { return true };
        let domain = reported.domain();
        let chosen = self.own_levels().unwrap_or_else(|| (0..domain.dimensions()[own].levels.len()).collect());
        let covered = |key: &CellKey| {
            let said = domain.index_of(key).and_then(|cell| reported.cells(0).get(cell));
            said.is_some_and(|cell| *cell != Cell::NotCovered)
        };
        let here = |key: &CellKey| {
            key.0[own] == chosen.first().copied()
                && fixed
                    .iter()
                    .zip(&key.0)
                    .all(|(levels, at)| levels.as_ref().is_none_or(|levels| at.is_some_and(|at| levels.contains(&at))))
        };
        domain.keys().take(domain.inner_len()).filter(here).all(|mut key| {
            let first = covered(&key);
            chosen.iter().all(|&level| {
                key.0[own] = Some(level);
                covered(&key) == first
            })
        })
    }

    fn bounds(&self, domain: &Domain, fixed: &[Option<Vec<usize>>], sites: &[Site<'_>]) -> Bounds {
        let region = |own: Option<(usize, Vec<usize>)>| {
            let mut levels = fixed.to_vec();
            if let Some((dimension, chosen)) = own {
                levels[dimension] = Some(chosen);
            }
            Region::new(domain, &levels)
        };
        // Taking part means covering all that is compared, so nothing is missing from any of these sums.
        let total = |region: &Region, measure: usize| {
            sum(sites.iter().filter_map(|site| region.interval(site.heard.reported()?, measure)))
                .unwrap_or(Interval { low: 0, high: None })
        };
        // Rows and sums add up over any dimension; people over those of which a person has one level.
        let adds_up = |kind: MeasureKind, dimension: usize| {
            kind != MeasureKind::People || domain.dimensions()[dimension].per == Per::Person
        };
        match self {
            Self::Change { measure, over, earlier, later } => {
                if earlier.is_empty() {
                    return Bounds::NONE;
                }
                let of = |levels: &Vec<usize>| total(&region(Some((*over, levels.clone()))), *measure);
                rates::change(of(earlier), of(later))
            }
            Self::Mean { sum, count, cap, counts } => {
                let everything = region(None);
                // The cap holds per person and inner cell, so it bounds the mean per person only where each counted
                // person stands in one inner cell; a row always stands in one.
                let capped = (0..fixed.len()).all(|d| fixed[d].is_some() || adds_up(*counts, d));
                rates::mean(total(&everything, *sum), total(&everything, *count), cap.filter(|_| capped))
            }
            Self::Quantile { measure, over, bands, edges, kind, percent } => {
                let bands: Vec<Interval> =
                    (0..*bands).map(|band| total(&region(Some((*over, vec![band]))), *measure)).collect();
                let all = adds_up(*kind, *over).then(|| total(&region(None), *measure));
                quantile(*percent, &bands, all, edges)
            }
            Self::Rate { measure, of, per, standard } => {
                let stratum = |own: Option<(usize, usize)>, weight: u64| {
                    let region = region(own.map(|(over, level)| (over, vec![level])));
                    let denominator = match of {
                        Of::Measure(measure) => total(&region, *measure),
                        Of::Population(population) => people(domain, population, fixed, own, sites),
                    };
                    Stratum { numerator: total(&region, *measure), denominator, weight }
                };
                match standard {
                    None => {
                        let all = stratum(None, 1);
                        rates::rate(all.numerator, all.denominator, *per)
                    }
                    Some((over, weights)) => {
                        let strata: Vec<Stratum> =
                            weights.iter().enumerate().map(|(n, weight)| stratum(Some((*over, n)), *weight)).collect();
                        rates::standardised(&strata, *per)
                    }
                }
            }
            Self::Share { measure, over, level, rest, kind } => {
                let part = total(&region(Some((*over, vec![*level]))), *measure);
                let rest = (adds_up(*kind, *over) && !rest.is_empty())
                    .then(|| total(&region(Some((*over, rest.clone()))), *measure));
                rates::share(part, rest, total(&region(None), *measure))
            }
        }
    }
}

/// The published population of the sites at these levels: exact, because it is public.
fn people(
    domain: &Domain,
    population: &Population,
    fixed: &[Option<Vec<usize>>],
    own: Option<(usize, usize)>,
    sites: &[Site<'_>],
) -> Interval {
    let own = own.map(|(dimension, level)| (dimension, vec![level]));
    let chosen = fixed.iter().enumerate().filter_map(|(dimension, levels)| Some((dimension, levels.clone()?)));
    let levels: Vec<(&str, Vec<&str>)> = chosen
        .chain(own)
        .filter_map(|(dimension, levels)| {
            let dimension = domain.dimensions().get(dimension)?;
            let labels = levels.iter().filter_map(|level| Some(dimension.levels.get(*level)?.as_str()));
            Some((dimension.name.as_str(), labels.collect()))
        })
        .collect();
    let published = sites.iter().filter_map(|site| population.people_in(site.provider.as_str(), &levels));
    let people = published.fold(0u64, u64::saturating_add);
    Interval { low: people, high: Some(people) }
}
