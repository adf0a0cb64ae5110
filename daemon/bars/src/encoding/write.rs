//! Writes rows as a Parquet file. The same rows give the same bytes.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::column::writer::ColumnWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;

use super::columns::{self, Column};
use super::layout::{self, Form, TIME};
use super::{GROUP_ROWS, Header};
use crate::row::with_rows;
use crate::rows::Rows;

/// The rows cannot be written as a file of this layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rows cannot be written as Parquet: {0}; this is a fault of the program, report it")]
pub struct EncodeError(String);

impl From<ParquetError> for EncodeError {
    fn from(error: ParquetError) -> Self {
        Self(error.to_string())
    }
}

fn mismatch(what: &str) -> EncodeError {
    EncodeError(what.to_owned())
}

/// The rows as a file. `extended` has one entry for each row.
///
/// # Errors
/// The rows are not of the header's kind, or are not as many as `extended`.
pub(crate) fn encode(
    header: &Header,
    rows: &Rows,
    extended: &[bool],
) -> Result<Vec<u8>, EncodeError> {
    let kind = header.series.kind;
    if !crate::row::fits(rows, kind) || rows.len() != extended.len() {
        return Err(mismatch("rows, kind and marks do not belong together"));
    }
    let properties = Arc::new(properties(header));
    let schema = layout::schema(kind)?;
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    let mut start = 0;
    while start < rows.len() {
        let end = start.saturating_add(GROUP_ROWS).min(rows.len());
        let marks = extended.get(start..end).unwrap_or_default();
        let columns = with_rows!(rows, list => {
            columns::split(list.get(start..end).unwrap_or_default(), marks)
        });
        let mut group = writer.next_row_group()?;
        write_group(&mut group, columns)?;
        group.close()?;
        start = end;
    }
    Ok(writer.into_inner()?)
}

fn properties(header: &Header) -> WriterProperties {
    let notes = header.entries().map(|(key, value)| KeyValue {
        key: key.to_owned(),
        value: Some(value),
    });
    let sorted = SortingColumn {
        column_idx: 0,
        descending: false,
        nulls_first: false,
    };
    let mut builder = WriterProperties::builder()
        // Not the library's version: an update of it must not change files.
        .set_created_by("traderd".to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_key_value_metadata(Some(notes.to_vec()))
        .set_sorting_columns(Some(vec![sorted]));
    for field in layout::fields(header.series.kind) {
        let path = ColumnPath::from(field.name);
        builder = match field.form {
            Form::Text => builder.set_column_dictionary_enabled(path, true),
            Form::Flag => builder.set_column_encoding(path, Encoding::PLAIN),
            _ => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        };
    }
    builder
        .set_column_statistics_enabled(ColumnPath::from(TIME), EnabledStatistics::Chunk)
        .build()
}

fn write_group<W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    columns: Vec<Column>,
) -> Result<(), EncodeError> {
    for column in columns {
        let Some(mut writer) = group.next_column()? else {
            return Err(mismatch("more columns than the layout has"));
        };
        match (writer.untyped(), &column) {
            (ColumnWriter::Int64ColumnWriter(w), Column::Int(values)) => {
                w.write_batch(values, None, None)?
            }
            (ColumnWriter::Int64ColumnWriter(w), Column::MaybeInt { values, present }) => {
                w.write_batch(values, Some(present), None)?
            }
            (ColumnWriter::BoolColumnWriter(w), Column::Flag(values)) => {
                w.write_batch(values, None, None)?
            }
            (ColumnWriter::ByteArrayColumnWriter(w), Column::Text(values)) => {
                w.write_batch(values, None, None)?
            }
            _ => return Err(mismatch("a column is not of its layout's type")),
        };
        writer.close()?;
    }
    match group.next_column()? {
        None => Ok(()),
        Some(_) => Err(mismatch("fewer columns than the layout has")),
    }
}
