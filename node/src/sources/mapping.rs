//! The provider's own mapping SQL: raw tables in, one core-model table out.
//!
//! It runs when a snapshot is taken, never for a question, so it may use all of the engine's SQL. Nothing spills to
//! disk: what cannot be mapped within the configured memory is an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use plan::model::Table;

use super::conform::{Leniency, check, conform};
use super::{Place, Rows, SourceError, csv};
use crate::config::RawSource;

/// The most memory that mapping takes, as a multiple of what counting may take: it happens once, and alone.
const MEMORY_FACTOR: usize = 4;

/// The rows that the SQL in the place's file makes of the raw tables.
pub(super) fn rows(
    table: &'static Table,
    place: Place,
    raw: &BTreeMap<String, RawSource>,
    memory_bytes: usize,
) -> Result<Rows, SourceError> {
    let fitting = Fitting {
        check: &|schema| check(table, schema, &place, Leniency::Mapping),
        fit: &|batch| conform(table, batch, &place),
    };
    batches(&place, raw, memory_bytes, &fitting)
}

/// These columns of what the SQL makes, in its own types.
pub(super) fn columns(
    place: Place,
    columns: &[&str],
    raw: &BTreeMap<String, RawSource>,
    memory_bytes: usize,
) -> Result<Rows, SourceError> {
    let indices = |schema: &Schema| {
        columns.iter().map(|name| schema.index_of(name).map_err(|_| place.missing(name))).collect::<Result<Vec<_>, _>>()
    };
    let fitting = Fitting {
        check: &|schema| indices(schema).map(|_| ()),
        fit: &|batch| batch.project(&indices(batch.schema_ref())?).map_err(|_| place.format("the SQL's own columns")),
    };
    batches(&place, raw, memory_bytes, &fitting)
}

/// What is asked of the SQL's columns before it runs, and what is made of its rows.
struct Fitting<'a> {
    check: &'a (dyn Fn(&Schema) -> Result<(), SourceError> + Sync),
    fit: &'a (dyn Fn(&RecordBatch) -> Result<RecordBatch, SourceError> + Sync),
}

fn batches(
    place: &Place,
    raw: &BTreeMap<String, RawSource>,
    memory_bytes: usize,
    fitting: &Fitting<'_>,
) -> Result<Rows, SourceError> {
    let sql = std::fs::read_to_string(&place.path).map_err(|source| SourceError::Open {
        table: place.table.clone(),
        path: place.path.clone(),
        source,
    })?;
    let thread = || SourceError::Thread { table: place.table.clone() };
    // A thread of its own, because the caller's may already be driving a runtime.
    let batches = std::thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| thread())?;
            runtime.block_on(run(place, &sql, raw, memory_bytes, fitting))
        };
        scope.spawn(run).join().map_err(|_| thread())?
    })?;
    Ok(Box::new(batches.into_iter().map(Ok)))
}

async fn run(
    place: &Place,
    sql: &str,
    raw: &BTreeMap<String, RawSource>,
    memory_bytes: usize,
    fitting: &Fitting<'_>,
) -> Result<Vec<RecordBatch>, SourceError> {
    let context = context(memory_bytes).map_err(|error| running(place, &error))?;
    for (name, source) in raw {
        register(&context, name, source).await?;
    }
    let frame = context.sql(sql).await.map_err(|error| SourceError::Sql {
        table: place.table.clone(),
        path: place.path.clone(),
        problem: error.strip_backtrace(),
    })?;
    (fitting.check)(frame.schema().as_arrow())?;
    let batches = frame.collect().await.map_err(|error| running(place, &error))?;
    batches.iter().map(fitting.fit).collect()
}

fn context(memory_bytes: usize) -> Result<SessionContext, DataFusionError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory_bytes.saturating_mul(MEMORY_FACTOR))))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    // One partition keeps the order of the files, which is often that of the persons already.
    let config = SessionConfig::new().with_target_partitions(1).with_information_schema(false);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

async fn register(context: &SessionContext, name: &str, source: &RawSource) -> Result<(), SourceError> {
    match source {
        RawSource::Parquet { path } => {
            let place = Place::new(&format!("raw.{name}"), path);
            // Says which file is missing, which the engine would not.
            place.open()?;
            let text = path.to_str().ok_or_else(|| place.format("a path in UTF-8"))?;
            context
                .register_parquet(name, text, ParquetReadOptions::default())
                .await
                .map_err(|_| place.format("Parquet"))
        }
        RawSource::Csv { path, columns } => {
            let place = Place::new(&format!("raw.{name}"), path);
            let (schema, rows) = csv::raw_rows(place.clone(), columns)?;
            let batches = rows.collect::<Result<Vec<_>, _>>()?;
            let table = MemTable::try_new(schema, vec![batches]).map_err(|_| place.format("CSV"))?;
            context.register_table(name, Arc::new(table)).map(|_| ()).map_err(|_| place.format("CSV"))
        }
    }
}

/// INVARIANT: the engine's text about a row is dropped; only the kind of failure remains.
fn running(place: &Place, error: &DataFusionError) -> SourceError {
    let kind = match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => "out of memory",
        DataFusionError::ArrowError(..) => "a value could not be converted or computed with",
        DataFusionError::ParquetError(_) => "a raw Parquet file could not be decoded",
        DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) => "a raw file could not be read",
        _ => "the engine could not go on",
    };
    SourceError::Running { table: place.table.clone(), path: place.path.clone(), kind }
}
