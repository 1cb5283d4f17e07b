//! Cells in which, by declaration, nobody can be. They are always said to be zero, and a table with a person in one is
//! refused by the node that finds it.

use std::collections::BTreeSet;

use disclosure::CellKey;

use crate::dimension::{Dimension, Levels};
use crate::document::StructuralZeroDocument;
use crate::template::{TemplateError, limited, part};

/// Levels that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructuralZero {
    /// Why nobody can be there, in plain words.
    pub why: String,
    /// Dimensions, by name and in declared order, and the levels of each; the cells are all combinations, at every level
    /// of the dimensions that are not named.
    pub levels: Vec<(String, Vec<String>)>,
}

/// Reads the structural zeros of a template.
///
/// # Errors
/// A [`TemplateError`] that says which of them, counted from 1, and what to write there.
pub(crate) fn structural_zeros(
    documents: &[StructuralZeroDocument],
    dimensions: &[Dimension],
) -> Result<Vec<StructuralZero>, TemplateError> {
    let mut zeros = Vec::new();
    let mut known: BTreeSet<CellKey> = BTreeSet::new();
    // Whatever the periods will be, each stands for all of them.
    let labels = dimensions.iter().map(|dimension| match dimension.declared() {
        none if none.is_empty() => vec![String::new()],
        labels => labels,
    });
    let labels: Vec<Vec<String>> = labels.collect();
    for (place, document) in limited("structural_zero", documents)?.iter().enumerate() {
        let zero = structural_zero(document, dimensions).map_err(|problem| part(at(place), problem))?;
        let before = known.len();
        known.extend(zero.cells(dimensions, &labels));
        if known.len() == before {
            return Err(part(at(place), "names no cell that those before do not"));
        }
        zeros.push(zero);
    }
    Ok(zeros)
}

fn at(place: usize) -> String {
    format!("structural_zero {}", place + 1)
}

fn structural_zero(document: &StructuralZeroDocument, dimensions: &[Dimension]) -> Result<StructuralZero, String> {
    if document.why.trim().is_empty() || document.why.chars().any(char::is_control) {
        return Err("say in `why` why nobody can be there, on one line; governance leads read it".to_owned());
    }
    if let Some(name) = document.levels.keys().find(|name| !dimensions.iter().any(|d| d.name == **name)) {
        return Err(format!("there is no dimension `{name}`"));
    }
    if document.levels.len() < 2 {
        return Err("name levels of two dimensions or more that exclude each other; a level in which nobody can be \
                    need not be declared"
            .to_owned());
    }
    let mut levels = Vec::new();
    for dimension in dimensions {
        let Some(named) = document.levels.get(&dimension.name) else { continue };
        let name = &dimension.name;
        if matches!(dimension.levels, Levels::Periods { .. }) {
            return Err(format!("`{name}` is of periods, which the parameters choose: leave it out"));
        }
        let declared = dimension.declared();
        if let Some(level) = named.iter().find(|level| !declared.contains(level)) {
            return Err(format!("dimension `{name}` has no level `{level}`"));
        }
        let distinct: BTreeSet<&String> = named.iter().collect();
        if distinct.len() != named.len() {
            return Err(format!("a level of `{name}` stands twice"));
        }
        if named.is_empty() {
            return Err(format!("name one level of `{name}` or more, or leave it out"));
        }
        if named.len() == declared.len() {
            return Err(format!("every level of `{name}` is named, so it excludes nothing: leave it out"));
        }
        levels.push((name.clone(), named.clone()));
    }
    Ok(StructuralZero { why: document.why.clone(), levels })
}

impl StructuralZero {
    /// The inner cells that it names, where the dimensions have these labels.
    pub(crate) fn cells(&self, dimensions: &[Dimension], labels: &[Vec<String>]) -> Vec<CellKey> {
        let mut keys = vec![Vec::new()];
        for (dimension, labels) in dimensions.iter().zip(labels) {
            let named = self.levels.iter().find(|(name, _)| *name == dimension.name).map(|(_, levels)| levels);
            let places: Vec<usize> = (0..labels.len())
                .filter(|&place| named.is_none_or(|named| labels.get(place).is_some_and(|l| named.contains(l))))
                .collect();
            keys = keys
                .iter()
                .flat_map(|key: &Vec<Option<usize>>| {
                    places.iter().map(move |&place| key.iter().copied().chain([Some(place)]).collect())
                })
                .collect();
        }
        keys.into_iter().map(CellKey).collect()
    }
}
