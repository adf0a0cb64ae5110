//! Reads rows from a Parquet file of ours, only the groups that a range needs. The caller has checked
//! its sum: the library panics on some damaged files.

use bytes::Bytes;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::statistics::Statistics;

use super::columns::{Column, Columnar};
use super::layout::{self, Form};
use super::{GROUP_ROWS, Header};
use crate::dates::Window;
use crate::row::{Row, fits, with_rows};
use crate::rows::Rows;
use crate::series::Kind;

/// The bytes are no file of rows of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not Parquet, or damaged.
    #[error("it is no intact Parquet file: {0}")]
    Parquet(String),
    /// Parquet, but not of our columns.
    #[error("{0}")]
    Layout(String),
}

impl From<ParquetError> for DecodeError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error.to_string())
    }
}

fn layout_error(what: impl Into<String>) -> DecodeError {
    DecodeError::Layout(what.into())
}

/// Appends the rows of a file that lie in the window.
///
/// # Errors
/// The file is damaged, not of this kind, or holds a row that is none. `rows` may have grown then.
pub(crate) fn decode(
    file: Bytes,
    kind: Kind,
    window: Window,
    rows: &mut Rows,
) -> Result<(), DecodeError> {
    if !fits(rows, kind) {
        return Err(layout_error(
            "rows of one kind were asked of a file of another",
        ));
    }
    let reader = SerializedFileReader::new(file)?;
    check_schema(reader.metadata().file_metadata(), kind)?;
    for (index, group) in reader.metadata().row_groups().iter().enumerate() {
        if group_meets(group, window) {
            let group = reader.get_row_group(index)?;
            with_rows!(&mut *rows, list => append(group.as_ref(), kind, window, list))?;
        }
    }
    Ok(())
}

/// Everything in a file: the rows, their marks of extended hours, and whether it says what `header`
/// says.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_all(file: Bytes, header: &Header) -> Result<(Rows, Vec<bool>), DecodeError> {
    let kind = header.series.kind;
    let reader = SerializedFileReader::new(file)?;
    let about = reader.metadata().file_metadata();
    check_schema(about, kind)?;
    check_header(about, header)?;
    let mut rows = Rows::none(kind);
    let mut extended = Vec::new();
    for index in 0..reader.metadata().num_row_groups() {
        let group = reader.get_row_group(index)?;
        let before = rows.len();
        let columns = read_columns(group.as_ref(), kind)?;
        with_rows!(&mut rows, list => Columnar::put_together(columns, list))
            .map_err(layout_error)?;
        let added = rows.len().saturating_sub(before);
        let last = layout::fields(kind).len().saturating_sub(1);
        match read_column(group.as_ref(), last, Form::Flag, added)? {
            Column::Flag(marks) => extended.extend(marks),
            _ => return Err(layout_error("the marks of extended hours are missing")),
        }
    }
    Ok((rows, extended))
}

fn check_schema(about: &FileMetaData, kind: Kind) -> Result<(), DecodeError> {
    let ours = layout::schema(kind)?;
    let same = about.schema().get_fields() == ours.get_fields();
    same.then_some(())
        .ok_or_else(|| layout_error(format!("its columns are not those of {kind}")))
}

fn check_header(about: &FileMetaData, header: &Header) -> Result<(), DecodeError> {
    let notes = about.key_value_metadata().map_or(&[][..], Vec::as_slice);
    for (key, wanted) in header.entries() {
        let note = notes.iter().find(|note| note.key == key);
        let found = note.and_then(|note| note.value.as_deref());
        if found != Some(wanted.as_str()) {
            let found = found.unwrap_or("nothing");
            return Err(layout_error(format!(
                "its note {key} says {found:?}, the catalogue {wanted:?}"
            )));
        }
    }
    Ok(())
}

/// Whether a group may hold rows of the window. Without statistics it may.
fn group_meets(group: &RowGroupMetaData, window: Window) -> bool {
    let statistics = group.columns().first().and_then(|time| time.statistics());
    let Some(Statistics::Int64(times)) = statistics else {
        return true;
    };
    match (times.min_opt(), times.max_opt()) {
        // Microseconds, rounded towards the inside of the window at worst by nothing: all times
        // are whole ones.
        (Some(min), Some(max)) => {
            let nanos = |micros: i64| micros.saturating_mul(1000);
            window.from.nanos() <= nanos(*max) && nanos(*min) < window.until.nanos()
        }
        _ => true,
    }
}

/// Appends the rows of a group that lie in the window.
fn append<T: Columnar + Row>(
    group: &dyn RowGroupReader,
    kind: Kind,
    window: Window,
    rows: &mut Vec<T>,
) -> Result<(), DecodeError> {
    let before = rows.len();
    T::put_together(read_columns(group, kind)?, rows).map_err(layout_error)?;
    let added = rows.get(before..).unwrap_or_default();
    let early = added.partition_point(|row| row.at() < window.from);
    let kept = added.partition_point(|row| row.at() < window.until);
    rows.truncate(before.saturating_add(kept));
    if early > 0 {
        let end = before.saturating_add(early.min(kept));
        rows.drain(before..end);
    }
    Ok(())
}

/// All columns but the marks of extended hours.
fn read_columns(group: &dyn RowGroupReader, kind: Kind) -> Result<Vec<Column>, DecodeError> {
    let count = usize::try_from(group.metadata().num_rows()).unwrap_or(usize::MAX);
    if count > GROUP_ROWS {
        return Err(layout_error(format!(
            "a group has more than {GROUP_ROWS} rows"
        )));
    }
    let fields = layout::fields(kind);
    let needed = fields.split_last().map_or(&[][..], |(_, needed)| needed);
    let columns = needed.iter().enumerate();
    columns
        .map(|(index, field)| read_column(group, index, field.form, count))
        .collect()
}

fn read_column(
    group: &dyn RowGroupReader,
    index: usize,
    form: Form,
    count: usize,
) -> Result<Column, DecodeError> {
    match (group.get_column_reader(index)?, form) {
        (ColumnReader::Int64ColumnReader(mut reader), Form::MaybePrice | Form::MaybeCount) => {
            let mut values = Vec::with_capacity(count);
            let mut present = Vec::with_capacity(count);
            let read = reader.read_records(count, Some(&mut present), None, &mut values)?;
            all_read(read.0, count)?;
            Ok(Column::MaybeInt { values, present })
        }
        (ColumnReader::Int64ColumnReader(reader), Form::Time | Form::Price | Form::Count) => {
            required::<Int64Type>(reader, count).map(Column::Int)
        }
        (ColumnReader::BoolColumnReader(reader), Form::Flag) => {
            required(reader, count).map(Column::Flag)
        }
        (ColumnReader::ByteArrayColumnReader(reader), Form::Text) => {
            required::<ByteArrayType>(reader, count).map(Column::Text)
        }
        _ => Err(layout_error("a column is not of its layout's type")),
    }
}

fn required<T: DataType>(
    mut reader: parquet::column::reader::ColumnReaderImpl<T>,
    count: usize,
) -> Result<Vec<T::T>, DecodeError> {
    let mut values = Vec::with_capacity(count);
    let read = reader.read_records(count, None, None, &mut values)?;
    all_read(read.0, count)?;
    Ok(values)
}

fn all_read(read: usize, count: usize) -> Result<(), DecodeError> {
    if read == count {
        Ok(())
    } else {
        Err(layout_error(format!("a column has {read} of {count} rows")))
    }
}
