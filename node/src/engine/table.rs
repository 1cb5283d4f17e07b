//! A frozen table as DataFusion reads it: one known file with a known schema, nothing listed and nothing inferred.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as StorePath;
use datafusion::physical_plan::ExecutionPlan;
use plan::model::Table;

use crate::snapshot::FrozenTable;

/// One table of a snapshot.
pub(super) struct FrozenProvider {
    schema: SchemaRef,
    frozen: FrozenTable,
    reader: Arc<CachedParquetFileReaderFactory>,
    partitions: NonZeroUsize,
}

impl FrozenProvider {
    pub(super) fn new(
        table: &Table,
        frozen: FrozenTable,
        reader: Arc<CachedParquetFileReaderFactory>,
        partitions: NonZeroUsize,
    ) -> Self {
        Self { schema: table.snapshot_schema(), frozen, reader, partitions }
    }

    /// The file in pieces of about equal length. A row group belongs to the piece in which its middle lies, so pieces
    /// are ranges of persons, in order.
    fn pieces(&self) -> Result<Vec<FileGroup>, DataFusionError> {
        let object = ObjectMeta {
            location: store_path(&self.frozen.path)?,
            last_modified: self.frozen.modified.into(),
            size: self.frozen.bytes,
            e_tag: None,
            version: None,
        };
        let file = PartitionedFile::new_from_meta(object);
        let pieces = self.partitions.get() as u64;
        if pieces == 1 {
            return Ok(vec![FileGroup::new(vec![file])]);
        }
        let at = |piece: u64| i64::try_from(self.frozen.bytes / pieces * piece).unwrap_or(i64::MAX);
        let end = |piece: u64| match piece + 1 {
            next if next == pieces => i64::try_from(self.frozen.bytes).unwrap_or(i64::MAX),
            next => at(next),
        };
        Ok((0..pieces).map(|n| FileGroup::new(vec![file.clone().with_range(at(n), end(n))])).collect())
    }

    fn plan(&self, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let reader: Arc<CachedParquetFileReaderFactory> = Arc::clone(&self.reader);
        let source = ParquetSource::new(Arc::clone(&self.schema)).with_parquet_file_reader_factory(reader);
        let rows = usize::try_from(self.frozen.rows).unwrap_or(usize::MAX);
        let statistics = Statistics::new_unknown(&self.schema).with_num_rows(Precision::Exact(rows));
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(self.pieces()?)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

fn store_path(path: &Path) -> Result<StorePath, DataFusionError> {
    let path = std::path::absolute(path)?;
    StorePath::from_absolute_path(path).map_err(|_| DataFusionError::Internal("a path is not usable".to_owned()))
}

impl fmt::Debug for FrozenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenProvider").field("path", &self.frozen.path).finish_non_exhaustive()
    }
}

type Scan<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>, DataFusionError>> + Send + 'a>>;

impl TableProvider for FrozenProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // Written out as the trait's `async_trait` has it; there is nothing to wait for.
    fn scan<'life0, 'life1, 'life2, 'life3, 'async_trait>(
        &'life0 self,
        _session: &'life1 dyn Session,
        projection: Option<&'life2 Vec<usize>>,
        _filters: &'life3 [Expr],
        _limit: Option<usize>,
    ) -> Scan<'async_trait>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        'life3: 'async_trait,
        Self: 'async_trait,
    {
        let plan = self.plan(projection);
        Box::pin(async move { plan })
    }
}
