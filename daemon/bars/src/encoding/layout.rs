//! The columns of each kind of rows, and the schema that they make.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};

use crate::series::Kind;

/// How a column holds its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Microseconds since 1970 in UTC.
    Time,
    /// Millionths of a dollar.
    Price,
    /// A price, or nothing.
    MaybePrice,
    /// A whole number.
    Count,
    /// A whole number, or nothing.
    MaybeCount,
    /// Text of few different values.
    Text,
    /// Yes or no.
    Flag,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
}

const fn field(name: &'static str, form: Form) -> Field {
    Field { name, form }
}

/// The first column of every kind.
pub(super) const TIME: &str = "timestamp";

const BARS: &[Field] = &[
    field(TIME, Form::Time),
    field("open", Form::Price),
    field("high", Form::Price),
    field("low", Form::Price),
    field("close", Form::Price),
    field("volume", Form::Count),
    field("extended", Form::Flag),
];

const QUOTES: &[Field] = &[
    field(TIME, Form::Time),
    field("bid_open", Form::MaybePrice),
    field("bid_high", Form::MaybePrice),
    field("bid_low", Form::MaybePrice),
    field("bid_close", Form::MaybePrice),
    field("bid_size", Form::MaybeCount),
    field("ask_open", Form::MaybePrice),
    field("ask_high", Form::MaybePrice),
    field("ask_low", Form::MaybePrice),
    field("ask_close", Form::MaybePrice),
    field("ask_size", Form::MaybeCount),
    field("extended", Form::Flag),
];

const TRADES: &[Field] = &[
    field(TIME, Form::Time),
    field("price", Form::Price),
    field("size", Form::Count),
    field("exchange", Form::Text),
    field("condition", Form::Text),
    field("suspicious", Form::Flag),
    field("extended", Form::Flag),
];

const QUOTE_TICKS: &[Field] = &[
    field(TIME, Form::Time),
    field("side", Form::Text),
    field("price", Form::Price),
    field("size", Form::Count),
    field("exchange", Form::Text),
    field("condition", Form::Text),
    field("suspicious", Form::Flag),
    field("extended", Form::Flag),
];

/// The columns of a kind, in order. The last one tells whether the row lies outside the regular
/// session; it is there for other readers and follows from the calendar.
pub(super) const fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Bars(_) => BARS,
        Kind::Quotes(_) => QUOTES,
        Kind::Trades => TRADES,
        Kind::QuoteTicks => QUOTE_TICKS,
    }
}

/// The schema of a kind.
///
/// # Errors
/// None in practice: the columns are constants.
pub(super) fn schema(kind: Kind) -> Result<TypePtr> {
    let columns = fields(kind).iter().map(column).collect::<Result<_>>()?;
    let group = Type::group_type_builder("rows").with_fields(columns);
    group.build().map(Arc::new)
}

fn column(field: &Field) -> Result<TypePtr> {
    let price = LogicalType::decimal(6, 18);
    let (physical, logical) = match field.form {
        Form::Time => {
            let time = LogicalType::timestamp(true, TimeUnit::MICROS);
            (PhysicalType::INT64, Some(time))
        }
        Form::Price | Form::MaybePrice => (PhysicalType::INT64, Some(price)),
        Form::Count | Form::MaybeCount => (PhysicalType::INT64, None),
        Form::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Form::Flag => (PhysicalType::BOOLEAN, None),
    };
    let repetition = match field.form {
        Form::MaybePrice | Form::MaybeCount => Repetition::OPTIONAL,
        _ => Repetition::REQUIRED,
    };
    let mut builder = Type::primitive_type_builder(field.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical);
    if matches!(field.form, Form::Price | Form::MaybePrice) {
        builder = builder.with_precision(18).with_scale(6);
    }
    builder.build().map(Arc::new)
}
