//! Levels put together into groups, so that totals may keep the groups: age bands under broader ones.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::Kept;

use crate::dimension::{Dimension, Levels};
use crate::document::LevelGroupingDocument;
use crate::template::{LEVELS_MAX, TemplateError, identifier, limited, part};

/// A grouping of a dimension's levels, as a template declares it. Each level is in exactly one group; the groups of a
/// dimension's further groupings are put together of those of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelGrouping {
    /// The name by which totals keep it.
    pub name: String,
    /// What it means, in plain words.
    pub title: String,
    /// The groups, in declared order.
    pub groups: Vec<LevelGroup>,
}

/// Levels under one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelGroup {
    /// What they are called together.
    pub label: String,
    /// The levels.
    pub levels: Vec<String>,
}

/// Reads the groupings of a dimension with these levels, `other` among them.
///
/// # Errors
/// A [`TemplateError`] that names the grouping and says what to write there.
pub(crate) fn groupings(
    dimension: &str,
    levels: &Levels,
    other: Option<&String>,
    documents: &[LevelGroupingDocument],
) -> Result<Vec<LevelGrouping>, TemplateError> {
    let mut groupings: Vec<LevelGrouping> = Vec::new();
    for document in limited("dimension.grouping", documents)? {
        let place = format!("grouping `{}` of dimension `{dimension}`", document.name);
        identifier(&place, &document.name)?;
        let Levels::List(labels) = levels else {
            return Err(part(place, "periods are not grouped: declare the dimension by quarters or years"));
        };
        let labels: Vec<&String> = labels.iter().chain(other).collect();
        let groups = document
            .groups
            .iter()
            .map(|group| LevelGroup { label: group.label.clone(), levels: group.levels.clone() })
            .collect();
        let grouping = LevelGrouping { name: document.name.clone(), title: document.title.clone(), groups };
        grouping.deals(&labels).map_err(|problem| part(&*place, problem))?;
        if let Some(finer) = groupings.last() {
            grouping.holds(finer).map_err(|problem| part(&*place, problem))?;
        }
        for before in &groupings {
            grouping.reads_apart(before).map_err(|problem| part(&*place, problem))?;
        }
        groupings.push(grouping);
    }
    Ok(groupings)
}

impl LevelGrouping {
    /// Whether every level is in exactly one group, and every group has a label of its own.
    fn deals(&self, levels: &[&String]) -> Result<(), String> {
        if self.groups.len() < 2 || self.groups.len() >= levels.len() || self.groups.len() > LEVELS_MAX {
            return Err("give two groups or more, and fewer than there are levels".to_owned());
        }
        let mut group_of: BTreeMap<&String, &String> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for LevelGroup { label, levels: members } in &self.groups {
            if label.trim().is_empty() || !seen.insert(label) {
                return Err(format!("give each group a label of its own; `{label}` is none"));
            }
            if members.is_empty() {
                return Err(format!("group `{label}` has no levels"));
            }
            for member in members {
                if !levels.contains(&member) {
                    return Err(format!("group `{label}` names level `{member}`, which the dimension does not have"));
                }
                if let Some(before) = group_of.insert(member, label) {
                    return Err(format!("level `{member}` is in group `{before}` and again in `{label}`"));
                }
            }
            if levels.contains(&label) && *members != [label.clone()] {
                return Err(format!("label `{label}` is that of a level: a group of other levels needs another"));
            }
        }
        match levels.iter().find(|level| !group_of.contains_key(**level)) {
            Some(level) => Err(format!("level `{level}` is in no group: put every level in one, `other` as well")),
            None => Ok(()),
        }
    }

    /// Whether each group of a finer grouping lies in one of this.
    fn holds(&self, finer: &Self) -> Result<(), String> {
        for group in &finer.groups {
            let above = |level: &String| self.groups.iter().position(|above| above.levels.contains(level));
            let mut places = group.levels.iter().map(above);
            let first = places.next();
            if places.any(|place| Some(place) != first) {
                return Err(format!(
                    "it is not nested: group `{}` of grouping `{}` lies in several of its groups; declare finer \
                     groupings first, and put whole groups of theirs together",
                    group.label, finer.name
                ));
            }
        }
        Ok(())
    }

    /// Whether no label means one thing here and another there: a row of an answer carries the label alone.
    fn reads_apart(&self, before: &Self) -> Result<(), String> {
        let set = |group: &LevelGroup| group.levels.iter().cloned().collect::<BTreeSet<_>>();
        for group in &self.groups {
            let same = before.groups.iter().find(|other| other.label == group.label);
            if same.is_some_and(|other| set(other) != set(group)) {
                return Err(format!("label `{}` stands for other levels in grouping `{}`", group.label, before.name));
            }
        }
        Ok(())
    }

    /// As the disclosure rule sees it.
    pub(crate) fn bound(&self, dimension: usize, levels: &[String]) -> disclosure::Grouping {
        let place = |level: &String| levels.iter().position(|label| label == level);
        let group = |group: &LevelGroup| (group.label.clone(), group.levels.iter().filter_map(place).collect());
        disclosure::Grouping::new(self.name.clone(), dimension, self.groups.iter().map(group))
    }
}

/// What each total keeps, by the names of dimensions and groupings.
///
/// # Errors
/// A [`TemplateError`] that names what is not known, stands out of order or keeps one dimension twice, and a grouping that
/// no total keeps.
pub(crate) fn totals(documents: &[Vec<String>], dimensions: &[Dimension]) -> Result<Vec<Vec<Kept>>, TemplateError> {
    let named: Vec<(usize, &str, Kept)> = named(dimensions);
    let mut totals: Vec<Vec<Kept>> = Vec::new();
    for names in limited("totals", documents)? {
        let mut kept = Vec::new();
        let mut last = None;
        for name in names {
            let found = named.iter().find(|(_, known, _)| known == name);
            let &(dimension, _, keeps) =
                found.ok_or_else(|| part("totals", format!("there is no dimension or grouping `{name}`")))?;
            if last >= Some(dimension) {
                return Err(part("totals", format!("`{name}`: keep one thing of each dimension, in declared order")));
            }
            last = Some(dimension);
            kept.push(keeps);
        }
        if kept.len() == dimensions.len() && kept.iter().all(|keeps| matches!(keeps, Kept::Levels(_))) {
            return Err(part("totals", format!("{names:?} keeps everything: those are the cells themselves")));
        }
        if totals.contains(&kept) {
            return Err(part("totals", format!("{names:?} stands twice")));
        }
        totals.push(kept);
    }
    let unused = named
        .iter()
        .find(|(_, _, keeps)| matches!(keeps, Kept::Groups(_)) && !totals.iter().any(|kept| kept.contains(keeps)));
    match unused {
        Some((_, name, _)) => Err(part("totals", format!("no total keeps grouping `{name}`: name it in one"))),
        None => Ok(totals),
    }
}

/// Dimensions and groupings by name, with the dimension's place.
fn named(dimensions: &[Dimension]) -> Vec<(usize, &str, Kept)> {
    let mut named = Vec::new();
    let mut groups = 0;
    for (place, dimension) in dimensions.iter().enumerate() {
        named.push((place, dimension.name.as_str(), Kept::Levels(place)));
        for grouping in &dimension.groupings {
            named.push((place, grouping.name.as_str(), Kept::Groups(groups)));
            groups += 1;
        }
    }
    named
}
