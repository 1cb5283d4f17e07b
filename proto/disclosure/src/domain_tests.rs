//! The numbering of cells, and declarations that cannot be.

use super::*;

pub(crate) fn dimension(name: &str, levels: usize, per: Per) -> Dimension {
    Dimension { name: name.into(), levels: (0..levels).map(|l| format!("{name}{l}")).collect(), per }
}

fn domain(sizes: &[usize], totals: &[&[usize]]) -> Result<Domain, DomainError> {
    let dimensions = sizes.iter().enumerate().map(|(i, &n)| dimension(&format!("d{i}_"), n, Per::Person)).collect();
    Domain::new(dimensions, totals.iter().map(|t| t.to_vec()).collect())
}

#[test]
fn cells_are_listed_in_declared_order() {
    let d = domain(&[2, 3], &[&[0], &[], &[1]]).unwrap();
    assert_eq!((d.inner_len(), d.len()), (6, 12));
    assert_eq!(d.key(4), Some(CellKey(vec![Some(1), Some(1)])));
    assert_eq!(d.key(7), Some(CellKey(vec![Some(1), None])));
    assert_eq!(d.key(8), Some(CellKey(vec![None, None])));
    assert_eq!(d.key(11), Some(CellKey(vec![None, Some(2)])));
    assert_eq!(d.key(12), None);
    assert_eq!(d.children(7), [3, 4, 5]);
    assert_eq!(d.children(8), [0, 1, 2, 3, 4, 5]);
    assert_eq!(d.children(11), [2, 5]);
    assert_eq!(d.children(3), [] as [usize; 0]);
    for (index, key) in d.keys().enumerate() {
        assert_eq!(d.index_of(&key), Some(index));
    }
    assert_eq!(d.index_of(&CellKey(vec![Some(2), None])), None);
    // Whether or not there is a total.
    let coarse = domain(&[2, 3], &[]).unwrap();
    assert_eq!(coarse.inner_cells_at(&CellKey(vec![None, Some(2)])), [2, 5]);
    assert_eq!(coarse.inner_cells_at(&CellKey(vec![Some(1), Some(1)])), [4]);
    for key in [vec![Some(2), None], vec![None, Some(3)], vec![None]] {
        assert_eq!(coarse.inner_cells_at(&CellKey(key)), [] as [usize; 0]);
    }
    assert_eq!(d.inner_index(&[1, 2]), Some(5));
    assert_eq!(d.inner_index(&[2, 0]), None);
}

/// Three ages of which the last goes no deeper, in two groupings, by two sexes.
pub(crate) fn grouped() -> Domain {
    let dimensions = vec![dimension("age", 4, Per::Person), dimension("sex", 2, Per::Person)];
    let fine = Grouping::new("band", 0, [("young", vec![0, 1]), ("old", vec![2]), ("age3", vec![3])]);
    let coarse = Grouping::new("group", 0, [("alive", vec![0, 1, 2]), ("dead", vec![3])]);
    let totals = vec![vec![Kept::Groups(0), Kept::Levels(1)], vec![Kept::Groups(1)], vec![Kept::Levels(1)], vec![]];
    Domain::with_groupings(dimensions, vec![fine, coarse], totals).unwrap()
}

#[test]
fn groups_are_numbered_after_the_levels() {
    let d = grouped();
    assert_eq!((d.inner_len(), d.len()), (8, 8 + 6 + 2 + 2 + 1));
    assert_eq!(d.key(8), Some(CellKey(vec![Some(4), Some(0)])));
    assert_eq!(d.key(14), Some(CellKey(vec![Some(7), None])));
    for (index, key) in d.keys().enumerate() {
        assert_eq!(d.index_of(&key), Some(index));
    }
    let label = |cell: usize, dimension: usize| d.label(dimension, d.key(cell).unwrap().0[dimension]);
    assert_eq!(
        (label(8, 0), label(10, 0), label(15, 0), label(18, 0)),
        (Some("young"), Some("old"), Some("dead"), None)
    );
    assert_eq!((d.children(8), d.children(14), d.children(15)), (vec![0, 2], (0..6).collect(), vec![6, 7]));
    assert_eq!(d.cells_under(&d.key(14).unwrap(), Some(0)), [8, 9, 10, 11]);
    assert_eq!((d.above(0, 0), d.above(9, 1), d.above(13, 1), d.above(8, 2)), (Some(8), Some(14), Some(15), Some(16)));
    assert!(d.refines(Some(0), 1) && d.refines(Some(0), 2) && !d.refines(Some(1), 2) && !d.refines(Some(1), 0));
    assert!(
        d.index_of(&CellKey(vec![Some(7), Some(0)])).is_none() && d.index_of(&CellKey(vec![Some(9), None])).is_none()
    );
}

#[test]
fn bad_groupings_and_structural_zeros_are_refused() {
    let check = |groups: Vec<(&str, Vec<usize>)>| {
        let dimensions = vec![dimension("d", 3, Per::Person)];
        let grouping = Grouping::new("g", 0, groups);
        let expected = DomainError::Grouping { name: "g".into() };
        assert_eq!(Domain::with_groupings(dimensions, vec![grouping], vec![]), Err(expected));
    };
    check(vec![("a", vec![0, 1])]);
    check(vec![("a", vec![0, 1]), ("b", vec![1, 2])]);
    check(vec![("a", vec![0, 1, 2, 3])]);
    check(vec![("a", vec![0, 1, 2]), ("b", vec![])]);
    check(vec![("a", vec![0, 1]), ("a", vec![2])]);
    check(vec![("d0", vec![0, 1]), ("a", vec![2])]);
    let zero = |key: Vec<Option<usize>>| domain(&[2, 2], &[&[]]).unwrap().with_structural_zeros([CellKey(key)]);
    assert_eq!(zero(vec![Some(0), None]), Err(DomainError::StructuralZero));
    assert_eq!(zero(vec![Some(2), Some(0)]), Err(DomainError::StructuralZero));
    assert!(zero(vec![Some(1), Some(0)]).unwrap().is_structural_zero(2));
}

#[test]
fn a_domain_without_dimensions_is_one_cell() {
    let d = domain(&[], &[]).unwrap();
    assert_eq!((d.inner_len(), d.len()), (1, 1));
    assert_eq!(d.index_of(&CellKey(vec![])), Some(0));
}

#[test]
fn bad_declarations_are_refused() {
    let check = |sizes: &[usize], totals: &[&[usize]], expected: DomainError| {
        assert_eq!(domain(sizes, totals).unwrap_err(), expected);
    };
    check(&[2], &[&[0]], DomainError::Total);
    check(&[2, 2], &[&[2]], DomainError::Total);
    check(&[2, 2, 2], &[&[1, 0]], DomainError::Total);
    check(&[2, 2], &[&[0], &[0]], DomainError::RepeatedTotal);
    check(&[1000, 1000], &[], DomainError::TooManyCells);
    check(&[20_000], &[&[]], DomainError::TooManyCells);
    check(&[0], &[], DomainError::NoLevels { name: "d0_".into() });
    check(&[1; 9], &[], DomainError::TooManyDimensions);
    let twice = vec![dimension("a", 1, Per::Person), dimension("a", 1, Per::Person)];
    assert_eq!(Domain::new(twice, vec![]), Err(DomainError::RepeatedDimension { name: "a".into() }));
}
