//! One list of people who opted out, as a file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use template::Digest;
use wire::OptOutKind;

use super::NhsNumber;
use crate::config::{ListedBy, OptOutList, WhenEmpty};

/// The largest list that is read: every NHS number of England fits in no more than three times this.
const BYTES_MAX: u64 = 256 << 20;
/// The longest local id.
const ID_BYTES_MAX: usize = 256;
/// How many lines an error names.
const LINES_NAMED: usize = 20;
/// What a list says of its day, in its first lines.
const AS_OF: &str = "as of ";

/// A list that was read.
pub(super) struct ReadList {
    pub kind: OptOutKind,
    pub as_of: NaiveDate,
    pub sha256: Digest,
    pub listed: Listed,
}

/// Whom a list names.
pub(super) enum Listed {
    Ids(HashSet<Box<str>>),
    Numbers(HashSet<NhsNumber>),
}

/// Why a list of opt-outs cannot be applied. No snapshot is taken then. It names lines, and nothing that they hold.
#[derive(Debug, thiserror::Error)]
pub enum OptOutListError {
    /// It cannot be read.
    #[error("opt-outs: {file} cannot be read; no snapshot is taken without it")]
    Read {
        /// Which.
        file: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is too large.
    #[error("opt-outs: {file} is larger than {} MiB; see that the right file is configured", BYTES_MAX >> 20)]
    TooLarge {
        /// Which.
        file: PathBuf,
    },
    /// It is not text.
    #[error("opt-outs: {file} is not text in UTF-8; write it again")]
    NotText {
        /// Which.
        file: PathBuf,
    },
    /// The configured column is not there.
    #[error("opt-outs: the first line of {file} has no column `{column}`; see `column` in the configuration")]
    NoColumn {
        /// Which.
        file: PathBuf,
        /// The configured name.
        column: String,
    },
    /// Some lines cannot be read.
    #[error("opt-outs: {file}: {what}, in {}; correct them, or have the list made again", lines(.named, *.count))]
    Lines {
        /// Which.
        file: PathBuf,
        /// What each line must be.
        what: &'static str,
        /// The first of them, counted from 1.
        named: Vec<usize>,
        /// How many there are.
        count: usize,
    },
    /// It names nobody.
    #[error("opt-outs: {file} names nobody; where that is true, write `when_empty = \"nobody\"`")]
    Empty {
        /// Which.
        file: PathBuf,
    },
    /// It does not say of which day it is.
    #[error("opt-outs: {file} does not say how old it is; begin it with a line like `# as of 2025-10-01`")]
    NoDay {
        /// Which.
        file: PathBuf,
    },
    /// List and configuration say different days.
    #[error("opt-outs: {file} says another day than `as_of` in the configuration; write it in one place only")]
    TwoDays {
        /// Which.
        file: PathBuf,
    },
    /// It is of a day to come.
    #[error("opt-outs: {file} is of {as_of}, which is still to come; correct its day, or this machine's clock")]
    Future {
        /// Which.
        file: PathBuf,
        /// Its day.
        as_of: NaiveDate,
    },
    /// It is too old.
    #[error(
        "opt-outs: {file} is of {as_of}, {age_days} days old, and may be {oldest_days}; fetch the present list, as people \
         may have opted out since"
    )]
    Stale {
        /// Which.
        file: PathBuf,
        /// Its day.
        as_of: NaiveDate,
        /// Its age.
        age_days: i64,
        /// The greatest age that the configuration allows.
        oldest_days: u32,
    },
}

fn lines(named: &[usize], count: usize) -> String {
    let list = named.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    match count {
        1 => format!("line {list}"),
        count if count > named.len() => format!("lines {list} and {} more", count - named.len()),
        _ => format!("lines {list}"),
    }
}

/// Reads a list, on the day of the snapshot.
pub(super) fn read(list: &OptOutList, oldest_days: u32, today: NaiveDate) -> Result<ReadList, OptOutListError> {
    let file = || list.file.clone();
    let bytes = bytes(&list.file)?;
    let sha256 = Digest::of(&bytes);
    let text = String::from_utf8(bytes).map_err(|_| OptOutListError::NotText { file: file() })?;
    let text = text.trim_start_matches('\u{feff}');
    let as_of = day(list, text)?;
    let age_days = today.signed_duration_since(as_of).num_days();
    if age_days < 0 {
        return Err(OptOutListError::Future { file: file(), as_of });
    }
    if age_days > i64::from(oldest_days) {
        return Err(OptOutListError::Stale { file: file(), as_of, age_days, oldest_days });
    }
    let entries = entries(list, text)?;
    if entries.is_empty() && list.when_empty == WhenEmpty::Stop {
        return Err(OptOutListError::Empty { file: file() });
    }
    let listed = match list.holds {
        ListedBy::NhsNumber => Listed::Numbers(gather(list, &entries, NhsNumber::parse)?),
        ListedBy::PersonId => Listed::Ids(gather(list, &entries, id)?),
    };
    Ok(ReadList { kind: list.kind, as_of, sha256, listed })
}

fn bytes(file: &Path) -> Result<Vec<u8>, OptOutListError> {
    let read = |source| OptOutListError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(file).map_err(read)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(OptOutListError::TooLarge { file: file.to_owned() });
    }
    Ok(bytes)
}

/// The day whose state the list is: from its first lines, or from the configuration.
fn day(list: &OptOutList, text: &str) -> Result<NaiveDate, OptOutListError> {
    let comments = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let said = comments.filter_map(|comment| comment.trim().strip_prefix(AS_OF));
    let said = said.filter_map(|day| NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d").ok()).next();
    match (said, list.as_of) {
        (Some(said), Some(configured)) if said != configured => {
            Err(OptOutListError::TwoDays { file: list.file.clone() })
        }
        (Some(day), _) | (None, Some(day)) => Ok(day),
        (None, None) => Err(OptOutListError::NoDay { file: list.file.clone() }),
    }
}

/// The field of each line that names somebody, with the line's number; `None` where a line has no such field.
fn entries<'a>(list: &OptOutList, text: &'a str) -> Result<Vec<(usize, Option<&'a str>)>, OptOutListError> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let mut lines = lines.skip_while(|(_, line)| line.starts_with('#')).filter(|(_, line)| !line.is_empty()).peekable();
    let place = match &list.column {
        Some(column) => {
            let header = lines.next().and_then(|(_, line)| fields(line));
            let place = header.and_then(|fields| fields.iter().position(|field| field.eq_ignore_ascii_case(column)));
            let missing = || OptOutListError::NoColumn { file: list.file.clone(), column: column.clone() };
            place.ok_or_else(missing)?
        }
        None => {
            let _header = lines.next_if(|(_, line)| is_header(list.holds, line));
            0
        }
    };
    // Without a named column a second field may be anything, so it is an error.
    let alone = list.column.is_none();
    Ok(lines
        .map(|(number, line)| {
            let fields = fields(line).filter(|fields| !alone || fields.len() == 1);
            (number, fields.and_then(|fields| fields.get(place).copied()))
        })
        .collect())
}

/// The name of the one column, in any of its usual spellings.
fn is_header(holds: ListedBy, line: &str) -> bool {
    let name: String = line.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match holds {
        ListedBy::NhsNumber => name == "nhsnumber",
        ListedBy::PersonId => name == "personid",
    }
}

/// The fields of a CSV line; quotes may enclose one whole, and nothing in these lists needs more. `None` for others.
fn fields(line: &str) -> Option<Vec<&str>> {
    line.split(',')
        .map(|field| {
            let field = field.trim();
            match field.strip_prefix('"') {
                Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains('"')).map(str::trim),
                None => (!field.contains('"')).then_some(field),
            }
        })
        .collect()
}

fn id(text: &str) -> Option<Box<str>> {
    (!text.is_empty() && text.len() <= ID_BYTES_MAX && !text.chars().any(char::is_control)).then(|| text.into())
}

/// Reads every entry, or tells the lines of those that cannot be.
fn gather<T: Eq + std::hash::Hash>(
    list: &OptOutList,
    entries: &[(usize, Option<&str>)],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<HashSet<T>, OptOutListError> {
    let mut found = HashSet::with_capacity(entries.len());
    let (mut named, mut count) = (Vec::new(), 0);
    for (line, entry) in entries {
        match entry.and_then(&parse) {
            Some(entry) => drop(found.insert(entry)),
            None => {
                count += 1;
                if named.len() < LINES_NAMED {
                    named.push(*line);
                }
            }
        }
    }
    if count == 0 {
        return Ok(found);
    }
    let what = match list.holds {
        ListedBy::NhsNumber => "an NHS number has ten digits, the last of which is its check digit",
        ListedBy::PersonId => "a line holds one id, as in the person table",
    };
    Err(OptOutListError::Lines { file: list.file.clone(), what, named, count })
}
