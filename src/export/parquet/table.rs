//! One Parquet file, a row group at a time.

use super::super::format::ExportError;
use super::super::output::Output;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// A column of one row group.
pub(super) enum Column {
    /// `None` becomes null, and so does what is not finite.
    Number(Vec<Option<f64>>),
    Count(Vec<i64>),
    Truth(Vec<bool>),
    Text(Vec<String>),
}

/// Units are the endings of column names.
const UNITS: [(&str, &str); 4] = [("_deg", "deg"), ("_s", "s"), ("_ms", "ms"), ("_spm", "steps/min")];

pub(super) struct Table(SerializedFileWriter<Output>);

impl Table {
    /// `like` has the columns; its rows are not written. `recording` stands in the file's metadata.
    pub(super) fn create(
        out: Output,
        like: &[(&'static str, Column)],
        recording: &str,
    ) -> Result<Self, ExportError> {
        let fields = like.iter().map(|(name, column)| field(name, column).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("table").with_fields(fields).build()?;
        let mut about = vec![
            KeyValue::new(
                "created_by".to_owned(),
                concat!("stancewatch ", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            KeyValue::new("recording".to_owned(), recording.to_owned()),
        ];
        for (name, _) in like {
            let unit = UNITS.iter().find(|(ending, _)| name.ends_with(ending));
            about.extend(unit.map(|(_, unit)| KeyValue::new(format!("unit:{name}"), (*unit).to_owned())));
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(about))
            .build();
        SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map(Self)
            .map_err(ExportError::from)
    }

    pub(super) fn group(&mut self, columns: Vec<(&'static str, Column)>) -> Result<(), ExportError> {
        let mut group = self.0.next_row_group()?;
        for (_, column) in columns {
            let Some(mut writer) = group.next_column()? else { break };
            write(&mut writer, column).and_then(|_| writer.close())?;
        }
        group.close().map(drop).map_err(ExportError::from)
    }

    /// The file with its footer, not yet under its name.
    pub(super) fn finish(self) -> Result<Output, ExportError> {
        self.0.into_inner().map_err(ExportError::from)
    }
}

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error.to_string())
    }
}

fn field(name: &str, column: &Column) -> Result<Type, ParquetError> {
    let (physical, repetition, logical) = match column {
        Column::Number(_) => (Physical::DOUBLE, Repetition::OPTIONAL, None),
        Column::Count(_) => (Physical::INT64, Repetition::REQUIRED, None),
        Column::Truth(_) => (Physical::BOOLEAN, Repetition::REQUIRED, None),
        Column::Text(_) => (Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
}

fn write(writer: &mut SerializedColumnWriter<'_>, column: Column) -> Result<usize, ParquetError> {
    match column {
        Column::Number(rows) => {
            let rows: Vec<_> = rows.into_iter().map(|value| value.filter(|v| v.is_finite())).collect();
            let there: Vec<i16> = rows.iter().map(|value| i16::from(value.is_some())).collect();
            let values: Vec<f64> = rows.into_iter().flatten().collect();
            writer.typed::<DoubleType>().write_batch(&values, Some(&there), None)
        }
        Column::Count(rows) => writer.typed::<Int64Type>().write_batch(&rows, None, None),
        Column::Truth(rows) => writer.typed::<BoolType>().write_batch(&rows, None, None),
        Column::Text(rows) => {
            let rows: Vec<ByteArray> = rows.iter().map(|text| text.as_str().into()).collect();
            writer.typed::<ByteArrayType>().write_batch(&rows, None, None)
        }
    }
}
