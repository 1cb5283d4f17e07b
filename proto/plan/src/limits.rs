//! Size caps. They are counted before anything recursive sees the SQL, so that no text can exhaust the stack.
//!
//! Flat chains (`1+1+…`, `a OR a OR …`) become trees as deep as they are long and pass a parser's own recursion limit
//! (apache/datafusion issues 22229 and 22936), hence the cap on tokens that can nest.

use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::error::PlanError;

/// The longest SQL text, bytes.
pub const SQL_BYTES_MAX: usize = 16 * 1024;
/// The most keywords and operators.
pub const OPERATORS_MAX: usize = 1_000;
/// The most expression nodes as written, not counting the literals of IN lists.
pub const EXPRESSIONS_MAX: usize = 500;
/// The most literals in IN lists, all lists together.
pub const LIST_MAX: usize = 2_000;
/// The most nodes of the plan, those of its subqueries included.
pub const PLAN_NODES_MAX: usize = 64;
/// The most joins.
pub const JOINS_MAX: usize = 8;
/// The deepest nesting of parentheses and subqueries.
pub(crate) const NESTING_MAX: usize = 50;

/// The tokens of `sql`, within the caps on bytes and operators.
///
/// Only printable ASCII, line ends and tabs are taken: what governance leads read is what runs, so there is no room for
/// look-alike letters or text that shows in another order than it is.
pub(crate) fn tokens(sql: &str, dialect: &dyn Dialect) -> Result<Vec<TokenWithSpan>, PlanError> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(PlanError::TooLarge { what: "bytes", at_most: SQL_BYTES_MAX });
    }
    if let Some(found) = sql.chars().find(|c| !matches!(c, ' '..='~' | '\n' | '\r' | '\t')) {
        return Err(PlanError::Syntax { message: format!("character U+{:04X} is not plain ASCII", u32::from(found)) });
    }
    let tokens = Tokenizer::new(dialect, sql)
        .tokenize_with_location()
        .map_err(|error| PlanError::Syntax { message: error.to_string() })?;
    if tokens.iter().filter(|token| nests(&token.token)).count() > OPERATORS_MAX {
        return Err(PlanError::TooLarge { what: "operators", at_most: OPERATORS_MAX });
    }
    Ok(tokens)
}

/// Whether a token can make the tree deeper.
fn nests(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::EOF
        | Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Placeholder(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;

    fn check(sql: &str, rule: Option<&str>) {
        let found = tokens(sql, &GenericDialect {}).err().map(|error| error.rule());
        assert_eq!(found, rule, "{}", sql.get(..40.min(sql.len())).unwrap_or_default());
    }

    #[test]
    fn size_and_characters() {
        check("select person_id from person", None);
        check(&" ".repeat(SQL_BYTES_MAX), None);
        check(&" ".repeat(SQL_BYTES_MAX + 1), Some("too-large"));
        check(&"+".repeat(OPERATORS_MAX + 1), Some("too-large"));
        check(&format!("1{}", " or 1".repeat(OPERATORS_MAX + 1)), Some("too-large"));
        check("select '\u{0430}'", Some("syntax"));
        check("select '\u{202e}'", Some("syntax"));
        check("select '\0'", Some("syntax"));
        check("select 'open", Some("syntax"));
    }
}
