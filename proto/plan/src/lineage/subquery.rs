//! EXISTS and IN (SELECT …): allowed where the subquery's rows are provably of the outer row's person.
//!
//! Three forms pass, and no other:
//! - `person_id IN (SELECT person_id FROM …)`: the row's own person among persons;
//! - a subquery whose WHERE says `inner.person_id = outer.person_id`, in EXISTS or IN;
//! - `value IN (SELECT column FROM a look-up)`: a signed list of codes.

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{Exists, InSubquery};

use super::scalar::Scope;
use super::{Class, Relation, Rows};
use crate::error::PlanError;

impl Scope<'_> {
    pub(super) fn exists(&self, Exists { subquery, .. }: &Exists) -> Result<(), PlanError> {
        let inner = self.walk.within(&subquery.subquery, Some(self))?;
        if is_of_outer_person(&inner) { Ok(()) } else { Err(untied("EXISTS")) }
    }

    pub(super) fn in_subquery(&self, within: &InSubquery) -> Result<(), PlanError> {
        let inner = self.walk.within(&within.subquery.subquery, Some(self))?;
        let [found] = inner.classes.as_slice() else { return Err(untied("IN (SELECT several columns)")) };
        let sought = self.class(&within.expr)?;
        let is_bare = matches!(within.expr.as_ref(), Expr::Column(_));
        let is_allowed = match inner.rows {
            Rows::Public => sought.is_plain() || (sought == Class::Identifying && is_bare),
            Rows::Personal if sought == Class::Person && *found == Class::Person => true,
            Rows::Personal => {
                is_of_outer_person(&inner) && (sought == *found || (sought.is_plain() && found.is_plain()))
            }
        };
        if is_allowed { Ok(()) } else { Err(untied("IN (SELECT …)")) }
    }
}

fn is_of_outer_person(inner: &Relation) -> bool {
    inner.rows == Rows::Personal && inner.is_tied_to_outer
}

fn untied(construct: &str) -> PlanError {
    PlanError::Subquery { construct: construct.to_owned() }
}
