//! What a coordinator received: a table that claims to be protected, re-checked. There is no way back to
//! [`Protected`](crate::Protected).

use crate::audit::Equations;
use crate::bounds::{Interval, intervals, of_populations};
use crate::cell::Cell;
use crate::coverage::{Coverage, Covered, Extent};
use crate::domain::Domain;
use crate::measure::{Measure, MeasureError, MeasureKind, check_measures};
use crate::policy::{Policy, Zeros};
use crate::reason::Reason;
use crate::rows::{Behind, undominated_cap};

/// A received table whose cells obey the policy that it claims and do not contradict each other.
///
/// ```
/// # use disclosure::*;
/// let domain = Domain::new(vec![], vec![]).unwrap();
/// let cells = vec![vec![Cell::Shown { value: 15, low: 13, high: 17 }]];
/// let reported = Reported::check(domain, vec![Measure::people("people")], Policy::nhs_sde(), cells).unwrap();
/// assert_eq!(reported.interval(0, 0), Some(Interval { low: 13, high: Some(17) }));
/// ```
/// It is not a protected table and does not become one:
/// ```compile_fail
/// # use disclosure::*;
/// # fn back(reported: Reported) -> Protected {
/// reported.into()
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    domain: Domain,
    measures: Vec<Measure>,
    policy: Policy,
    // INVARIANT: checked by `check`, per measure and cell.
    cells: Vec<Vec<Cell>>,
    intervals: Vec<Vec<Interval>>,
    coverage: Coverage,
}

impl Reported {
    /// Checks a received table, per measure and cell, against the policy that it claims.
    ///
    /// # Errors
    /// A [`ReportedError`] that names the first cell that the policy could not have produced.
    pub fn check(
        domain: Domain,
        measures: Vec<Measure>,
        policy: Policy,
        cells: Vec<Vec<Cell>>,
    ) -> Result<Self, ReportedError> {
        check_measures(&measures)?;
        if cells.len() != measures.len() || cells.iter().any(|cells| cells.len() != domain.len()) {
            return Err(ReportedError::Shape);
        }
        let people = measures.iter().position(|m| m.kind() == MeasureKind::People);
        let (first, people) = (&cells[0], people.map(|people| &cells[people]));
        for (measure, cells) in measures.iter().zip(&cells) {
            let legal = |&cell: &usize| {
                if domain.is_total(cell) {
                    let children = domain.children(cell);
                    let children: Vec<Cell> = children.iter().map(|&child| cells[child]).collect();
                    return total_may_say(measure, cells[cell], &children, &policy)
                        && (!children.iter().any(Cell::is_hidden)
                            || !matches!(cells[cell], Cell::Shown { .. })
                            || may_stand_beside_hidden(
                                &domain,
                                measure,
                                cell,
                                cells,
                                people.map(Vec::as_slice),
                                &policy,
                            ));
                }
                let covered = |cells: &[Cell]| cells[cell] != Cell::NotCovered;
                let beside = people.map(|people| people[cell]);
                let nobody = domain.is_structural_zero(cell);
                let says_zero = matches!(cells[cell], Cell::Zero | Cell::NotCovered);
                covered(cells) == covered(first)
                    && if nobody { says_zero } else { inner_may_say(measure, cells[cell], beside, &policy) }
            };
            if let Some(cell) = (0..domain.len()).find(|cell| !legal(cell)) {
                return Err(ReportedError::Cell { measure: measure.name().to_owned(), cell });
            }
        }
        let intervals = intervals(&domain, &measures, &policy, &cells, &[]).ok_or(ReportedError::Contradiction)?;
        let mut inner = cells.first().map_or(&[] as &[Cell], Vec::as_slice).iter();
        let coverage = Coverage::of(&domain, |_| match inner.next() {
            Some(Cell::NotCovered) | None => Covered::No,
            Some(_) => Covered::Yes,
        });
        Ok(Self { domain, measures, policy, cells, intervals, coverage })
    }

    /// This table beside published populations, pairs of a cell and the people that it can be of at most (a practice's
    /// list size). A node to which they are public refuses a table with more people in such a cell, so they bound the
    /// counts of people, and what people can come to, wherever the table itself leaves them open. Of a total that is a
    /// union of people nothing follows: nobody has compared it. The cells stay as they are.
    ///
    /// ```
    /// # use disclosure::*;
    /// let domain = Domain::new(vec![], vec![]).unwrap();
    /// let cells = vec![vec![Cell::Withheld]];
    /// let reported = Reported::check(domain, vec![Measure::people("people")], Policy::nhs_sde(), cells).unwrap();
    /// assert_eq!(reported.interval(0, 0), Some(Interval { low: 0, high: None }));
    /// assert_eq!(reported.of_populations(&[(0, 40)]).unwrap().interval(0, 0), Some(Interval { low: 0, high: Some(40) }));
    /// ```
    ///
    /// # Errors
    /// [`ReportedError::Contradiction`] where the table and the populations cannot both be true.
    pub fn of_populations(&self, populations: &[(usize, u64)]) -> Result<Self, ReportedError> {
        let known = of_populations(&self.domain, &self.measures, populations.iter().copied());
        let intervals = intervals(&self.domain, &self.measures, &self.policy, &self.cells, &known);
        Ok(Self { intervals: intervals.ok_or(ReportedError::Contradiction)?, ..self.clone() })
    }

    /// This table with the bounds that everything in it leaves at once, where checking it followed up one total after
    /// another. They hold as those before do and are never wider. A table whose figures cannot all be true together (some
    /// may be earlier answers about nearly the same people) keeps those before, and so does one of another declaration.
    #[must_use]
    pub fn tightened(&self, equations: &Equations) -> Self {
        let of_this = equations.are_of(&self.domain, &self.measures);
        let left = of_this.then(|| equations.left(&self.cells, &self.intervals)).flatten();
        Self { intervals: left.unwrap_or_else(|| self.intervals.clone()), ..self.clone() }
    }

    /// The declared shape.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The measures in declared order.
    #[must_use]
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The policy that the table claims.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The cells of the measure at this place in [`Self::measures`]; empty beyond the last.
    #[must_use]
    pub fn cells(&self, measure: usize) -> &[Cell] {
        self.cells.get(measure).map_or(&[], Vec::as_slice)
    }

    /// A guaranteed interval for the truth, or `None` where the cell is not covered or does not exist.
    ///
    /// For a total it is that of the covered part: see [`Self::extent`].
    #[must_use]
    pub fn interval(&self, measure: usize, cell: usize) -> Option<Interval> {
        match self.cells.get(measure)?.get(cell)? {
            Cell::NotCovered => None,
            _ => self.intervals.get(measure)?.get(cell).copied(),
        }
    }

    /// Why the cell says no figure, as far as the table tells; `None` where it says one or does not exist.
    #[must_use]
    pub fn reason(&self, measure: usize, cell: usize) -> Option<Reason> {
        Reason::of(&self.domain, &self.measures, &self.policy, &self.cells, (measure, cell))
    }

    /// How much of the cell the provider covers.
    #[must_use]
    pub fn extent(&self, cell: usize) -> Extent {
        self.coverage.extent(&self.domain, cell)
    }
}

/// Whether the policy can say this of an inner cell of which it says `people` of the people, if they are measured.
fn inner_may_say(measure: &Measure, cell: Cell, people: Option<Cell>, policy: &Policy) -> bool {
    let counts_people = measure.kind() == MeasureKind::People;
    match cell {
        Cell::NotCovered => true,
        Cell::Zero => policy.zeros() == Zeros::Shown && people.is_none_or(|people| people == Cell::Zero),
        Cell::Suppressed { low, high } => {
            // Beside public totals it may be impossible to tell a small count from zero.
            counts_people && high == policy.suppressed().1 && low <= policy.suppressed().0
        }
        // Anything may be withheld, beside what is public already, except what nobody's cell says by itself.
        Cell::Withheld => counts_people || people.is_none_or(|people| people != Cell::Zero),
        Cell::Shown { .. } => {
            let enough = people.is_none_or(|people| matches!(people, Cell::Shown { .. } | Cell::Withheld));
            enough && policy.may_show(measure, cell)
        }
    }
}

/// Whether the policy can say this of a total that covers these inner cells.
fn total_may_say(measure: &Measure, total: Cell, children: &[Cell], policy: &Policy) -> bool {
    let covered = || children.iter().filter(|&&child| child != Cell::NotCovered);
    if covered().next().is_none() {
        return total == Cell::NotCovered;
    }
    if covered().all(|&child| child == Cell::Zero) {
        return total == Cell::Zero;
    }
    match total {
        Cell::NotCovered | Cell::Zero | Cell::Suppressed { .. } => false,
        // A hidden cell of any measure may hold back what is linked to it, and so may what is public already.
        Cell::Withheld => true,
        Cell::Shown { .. } => policy.may_show(measure, total),
    }
}

/// Whether the policy can show this total of the refined measure over a hidden cell: of rows only where people enough
/// stand behind it and none of them dominates it.
fn may_stand_beside_hidden(
    domain: &Domain,
    measure: &Measure,
    total: usize,
    cells: &[Cell],
    people: Option<&[Cell]>,
    policy: &Policy,
) -> bool {
    // Rows may also be withheld because something is public already; only the people beside them tell.
    let few = |&child: &usize| people.is_some_and(|people| matches!(people[child], Cell::Suppressed { .. }));
    if !domain.children(total).iter().filter(|&&child| cells[child].is_hidden()).all(few) {
        return true;
    }
    let (Some(cap), Cell::Shown { low, high, .. }) = (undominated_cap(measure, policy), cells[total]) else {
        return true;
    };
    let behind = Behind::of(domain, total, cells);
    // The lower bound shown may have been taken down to the start of its block, by less than a block.
    behind.may_be_shown() && behind.suffices(policy.block(low).high.min(high), cap, policy)
}

/// Why a received table is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportedError {
    /// The list of measures cannot be.
    #[error("the measures cannot be reported together")]
    Measures(#[from] MeasureError),
    /// Not one cell per measure and declared cell.
    #[error("the table does not have the declared measures and cells")]
    Shape,
    /// A cell that the claimed policy cannot have produced.
    #[error("cell {cell} of measure `{measure}` is not what the claimed policy says")]
    Cell {
        /// The measure.
        measure: String,
        /// The cell's number in the domain.
        cell: usize,
    },
    /// Totals and cells that cannot all be true.
    #[error("totals and cells contradict each other")]
    Contradiction,
}
