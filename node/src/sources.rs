//! Reads a provider's own files as core-model tables, with the schemas that the core model states and no others.
//!
//! Nothing is guessed: a column that is missing, of another type or empty where it must not be is an error that names
//! file, table and column. INVARIANT: no error carries a value from a row, nor an engine's or decoder's text about one.

mod conform;
mod csv;
mod mapping;
mod parquet;

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use plan::model::{PERSON_ID, Table};

use crate::config::{ColumnKind, Origin, Sources};

/// The rows of a table, in the core model's source schema.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<RecordBatch, SourceError>> + Send>;

/// Why a table cannot be read. The operator reads it.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file that cannot be opened.
    #[error("table `{table}`: {path} cannot be opened")]
    Open {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not what it is configured to be.
    #[error("table `{table}`: {path} is not {format}, or only a part of it; write the file again")]
    Format {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// What it ought to be.
        format: &'static str,
    },
    /// A column that core-1 has and the file has not.
    #[error("table `{table}`: {path} has no column `{column}`; add it, empty if need be and allowed")]
    MissingColumn {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A column of another type.
    #[error("table `{table}`: in {path} column `{column}` is {found}, and must be {wanted}; convert it in mapping SQL")]
    WrongType {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type it has.
        found: String,
        /// The type it must have.
        wanted: String,
    },
    /// Nothing where something must be.
    #[error("table `{table}`: in {path} column `{column}` is empty in some row, and must not be")]
    Nulls {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// Values beyond the column's type.
    #[error("table `{table}`: in {path} column `{column}` has a value that does not fit {wanted}")]
    Range {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type it must have.
        wanted: String,
    },
    /// A CSV record that cannot be read.
    #[error("table `{table}`: {path} cannot be read at record {record}, not counting the header{}", in_column(column))]
    Record {
        /// The table.
        table: String,
        /// The file.
        path: PathBuf,
        /// Counted from 1, without the header.
        record: u64,
        /// The column whose type does not fit; `None` where the record has another number of fields than the header.
        column: Option<String>,
    },
    /// Mapping SQL that cannot be planned. The words are the planner's, about SQL and schemas, before any row is read.
    #[error("table `{table}`: {path}: {problem}")]
    Sql {
        /// The table.
        table: String,
        /// The SQL file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Mapping SQL that failed on some row, or ran out of memory.
    #[error(
        "table `{table}`: {path} failed while running ({kind}); look for conversions that some value does not allow, \
         or raise `limits.memory_mb`"
    )]
    Running {
        /// The table.
        table: String,
        /// The SQL file.
        path: PathBuf,
        /// Which kind of failure, in our own words.
        kind: &'static str,
    },
    /// A thread or runtime that the operating system did not give.
    #[error("table `{table}`: the operating system gave no thread to read it")]
    Thread {
        /// The table.
        table: String,
    },
}

fn in_column(column: &Option<String>) -> String {
    match column {
        Some(column) => format!(": the value of `{column}` is not of its type"),
        None => ": it has another number of fields than the header".to_owned(),
    }
}

/// What is being read, for messages.
#[derive(Clone, Debug)]
struct Place {
    table: String,
    path: PathBuf,
}

impl Place {
    fn new(table: &str, path: &Path) -> Self {
        Self { table: table.to_owned(), path: path.to_owned() }
    }

    fn open(&self) -> Result<std::fs::File, SourceError> {
        std::fs::File::open(&self.path).map_err(|source| SourceError::Open {
            table: self.table.clone(),
            path: self.path.clone(),
            source,
        })
    }

    fn format(&self, format: &'static str) -> SourceError {
        SourceError::Format { table: self.table.clone(), path: self.path.clone(), format }
    }

    fn missing(&self, column: &str) -> SourceError {
        SourceError::MissingColumn { table: self.table.clone(), path: self.path.clone(), column: column.to_owned() }
    }
}

/// The rows of a core-model table. May be called again for the same rows.
pub(crate) fn rows(
    table: &'static Table,
    origin: &Origin,
    sources: &Sources,
    memory_bytes: usize,
) -> Result<Rows, SourceError> {
    match origin {
        Origin::Parquet(path) => parquet::rows(table, Place::new(table.name, path)),
        Origin::Csv(path) => csv::table_rows(table, Place::new(table.name, path)),
        Origin::Sql(path) => mapping::rows(table, Place::new(table.name, path), &sources.raw, memory_bytes),
    }
}

/// The local id and one more column of the person table's source, both as they are there: the column is none of core-1's
/// and leads nowhere but to the lists of opt-outs.
pub(crate) fn person_column(
    origin: &Origin,
    column: &str,
    sources: &Sources,
    memory_bytes: usize,
) -> Result<Rows, SourceError> {
    match origin {
        Origin::Parquet(path) => parquet::columns(Place::new("person", path), &[PERSON_ID, column]),
        Origin::Csv(path) => {
            let kinds = [PERSON_ID, column].map(|name| (name.to_owned(), ColumnKind::Text));
            csv::raw_rows(Place::new("person", path), &kinds.into()).map(|(_, rows)| rows)
        }
        Origin::Sql(path) => {
            mapping::columns(Place::new("person", path), &[PERSON_ID, column], &sources.raw, memory_bytes)
        }
    }
}

/// The files that a table is read from, for the snapshot's record of where it came from.
pub(crate) fn files(origin: &Origin) -> &Path {
    match origin {
        Origin::Parquet(path) | Origin::Csv(path) | Origin::Sql(path) => path,
    }
}

#[cfg(test)]
mod tests;
