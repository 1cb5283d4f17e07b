//! Counts contributions: the one place that sees rows of a snapshot. What comes out is sealed.
//!
//! A checked plan is bound to the snapshot's tables and run by DataFusion within a memory limit and without ever
//! spilling to disk (spilled files would be patients' records). Each batch of contributions is mapped to cells and fed to
//! a [`Tally`]. Counting runs in this process, within limits of memory and time, and is not a separate worker process:
//! what keeps a plan from running away is the plan check, which lets nothing be generated, recursive or quadratic.
//!
//! INVARIANT: no engine error text leaves this module; it may quote values. Only its kind does.

mod batch;
mod levels;
mod table;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::{ExecutionPlan, execute_stream_partitioned};
use disclosure::{RawTable, Tally, TallyError};
use futures::StreamExt as _;
use plan::Checked;
use template::{Lookup, Query};
use tokio::task::JoinSet;

use crate::coverage::optional_tables;
use crate::snapshot::Snapshot;
use batch::Batches;
use table::FrozenProvider;

/// Below so many rows a table is counted in one partition: handing rows over would cost more than it gains.
const PARTITION_ROWS: u64 = 500_000;
/// The footers of a snapshot's files, decoded; a few hundred kilobytes each at most.
const METADATA_CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Counts queries over snapshots.
pub struct Engine {
    state: SessionState,
    metadata: Arc<CachedParquetFileReaderFactory>,
    partitions: NonZeroUsize,
}

/// Why nothing was counted. No variant carries a value or another program's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The memory limit was reached.
    #[error("counting needs more memory than `limits.memory_mb` allows")]
    Memory,
    /// A file could not be read or decoded.
    #[error("a file of the snapshot could not be read")]
    Read,
    /// More contributions of one person than can be counted.
    #[error("a contribution cannot be counted: there are too many of one person")]
    Contribution,
    /// The plan could not be bound or planned.
    #[error("the plan could not be made ready to run")]
    Plan,
    /// Anything else.
    #[error("the engine could not go on")]
    Other,
}

/// A query with what it takes to count it.
pub struct Question<'a> {
    /// The query.
    pub query: &'a Query,
    /// Its checked plan.
    pub checked: &'a Checked,
    /// The signed look-ups that it names.
    pub lookups: &'a [Arc<Lookup>],
    /// Per inner cell whether the provider covers it; records elsewhere are left out.
    pub covered: &'a [bool],
}

impl Engine {
    /// An engine that takes at most `memory_bytes`, and at most `partitions` threads for one question.
    ///
    /// # Errors
    /// [`EngineError::Other`] where the engine cannot be set up.
    pub fn new(memory_bytes: usize, partitions: NonZeroUsize) -> Result<Self, EngineError> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory_bytes)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .with_metadata_cache_limit(METADATA_CACHE_BYTES)
            .build_arc()
            .map_err(|_| EngineError::Other)?;
        let store = runtime.object_store(ObjectStoreUrl::local_filesystem()).map_err(|_| EngineError::Other)?;
        let cache = runtime.cache_manager.get_file_metadata_cache();
        let metadata = Arc::new(CachedParquetFileReaderFactory::new(store, cache));
        let mut state = plan::session::state(runtime, partitions);
        let options = state.config_mut().options_mut();
        // Rows stay in the order of persons, so that counting appends; joins build the smaller side once.
        options.optimizer.repartition_joins = false;
        options.optimizer.enable_round_robin_repartition = false;
        options.optimizer.repartition_file_scans = false;
        options.optimizer.enable_dynamic_filter_pushdown = false;
        options.execution.parquet.bloom_filter_on_read = false;
        options.execution.parquet.enable_page_index = false;
        options.execution.collect_statistics = false;
        Ok(Self { state, metadata, partitions })
    }

    /// Counts a question over a snapshot.
    ///
    /// # Errors
    /// An [`EngineError`]. Dropping the future stops the counting at its next batch.
    pub async fn count(&self, question: &Question<'_>, snapshot: &Snapshot) -> Result<RawTable, EngineError> {
        let plan = self.physical_plan(question, snapshot).await?;
        let batches = Arc::new(Batches::new(question, &plan.schema()).ok_or(EngineError::Plan)?);
        let context = Arc::new(TaskContext::from(&self.state));
        let streams = execute_stream_partitioned(plan, Arc::clone(&context)).map_err(|error| kind(&error))?;
        // At most a number and a row count for each contribution, and an amount for each sum.
        let row_bytes = 8 + 8 * question.query.measures().len();
        let mut tallies = JoinSet::new();
        for (place, mut stream) in streams.into_iter().enumerate() {
            let batches = Arc::clone(&batches);
            let mut tally = Tally::new(question.query.domain(), question.query.measures()).map_err(contribution)?;
            let reservation = MemoryConsumer::new("tally").register(&context.runtime_env().memory_pool);
            tallies.spawn(async move {
                while let Some(batch) = stream.next().await {
                    let batch = batch.map_err(|error| kind(&error))?;
                    reservation.try_grow(batch.num_rows() * row_bytes).map_err(|error| kind(&error))?;
                    batches.add(&batch, &mut tally)?;
                }
                Ok::<_, EngineError>((place, tally))
            });
        }
        // Partitions are merged in the order of their persons, whichever ends first.
        let mut by_place = BTreeMap::new();
        while let Some(done) = tallies.join_next().await {
            let (place, tally) = done.map_err(|_| EngineError::Other)??;
            by_place.insert(place, tally);
        }
        let mut tallies = by_place.into_values();
        let first = match tallies.next() {
            Some(tally) => tally,
            None => Tally::new(question.query.domain(), question.query.measures()).map_err(contribution)?,
        };
        tallies.try_fold(first, Tally::merge).and_then(Tally::finish).map_err(contribution)
    }

    async fn physical_plan(
        &self,
        question: &Question<'_>,
        snapshot: &Snapshot,
    ) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
        let optional = optional_tables(question.query.template());
        let table = |name: &str| -> Option<Arc<dyn TableProvider>> {
            if let Some(lookup) = question.lookups.iter().find(|lookup| lookup.name() == name) {
                return lookup_table(lookup);
            }
            let core = plan::model::table(name)?;
            match snapshot.tables().get(name) {
                Some(frozen) => {
                    let partitions = if frozen.rows < PARTITION_ROWS { NonZeroUsize::MIN } else { self.partitions };
                    let provider = FrozenProvider::new(core, frozen.clone(), Arc::clone(&self.metadata), partitions);
                    Some(Arc::new(provider))
                }
                // A table that only some levels need: their cells are not covered, whatever is counted there.
                None if optional.contains(name) => Some(Arc::new(EmptyTable::new(core.snapshot_schema()))),
                None => None,
            }
        };
        let bound = question.checked.bind_to(&plan::values(question.query), table).map_err(|_| EngineError::Plan)?;
        self.state.create_physical_plan(&bound).await.map_err(|_| EngineError::Plan)
    }
}

fn lookup_table(lookup: &Lookup) -> Option<Arc<dyn TableProvider>> {
    let schema = plan::LookupSchema::from(lookup).schema();
    let column = |place: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(lookup.rows().iter().filter_map(|row| row.get(place))))
    };
    let columns = (0..lookup.columns().len()).map(column).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).ok()?;
    Some(Arc::new(MemTable::try_new(schema, vec![vec![batch]]).ok()?))
}

fn kind(error: &DataFusionError) -> EngineError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => EngineError::Memory,
        DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) | DataFusionError::ParquetError(_) => {
            EngineError::Read
        }
        _ => EngineError::Other,
    }
}

fn contribution(error: TallyError) -> EngineError {
    match error {
        TallyError::Negative | TallyError::TooLarge => EngineError::Contribution,
        _ => EngineError::Other,
    }
}

#[cfg(test)]
mod tests;
