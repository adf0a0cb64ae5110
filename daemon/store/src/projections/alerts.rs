//! The table of alerts: each as it was raised, whether it stands, and who has seen it. Nothing leaves it.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use trader_contract::{Symbol, Timestamp};
use trader_core::record::{Alert, Origin};

use crate::StoreError;
use crate::column::{self, json, parse, parse_json, parse_opt, row_number, word};
use crate::connection::{Backend, Db};
use crate::schema::alerts;

const TABLE: &str = "alerts";

/// An alert with its number and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedAlert {
    /// The journal entry that holds it, which is the alert's number.
    pub id: u64,
    /// When it was raised.
    pub at: Timestamp,
    /// The alert.
    pub alert: Alert,
    /// When its cause went, if it is one that stands.
    pub cleared_at: Option<Timestamp>,
    /// The alert of the same kind and symbol that took its place while it stood.
    pub replaced_by: Option<u64>,
    /// Who has seen it first.
    pub acknowledged: Option<Acknowledgement>,
}

/// That somebody has seen an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Origin,
}

impl RaisedAlert {
    /// Whether it stands: its cause has not gone, and nothing newer says the same.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.alert.standing && self.cleared_at.is_none() && self.replaced_by.is_none()
    }

    /// Whether it needs somebody: it stands, or nobody has seen it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.stands() || (self.acknowledged.is_none() && self.replaced_by.is_none())
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = alerts, treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: i64,
    at: i64,
    severity: String,
    kind: String,
    symbol: Option<String>,
    message: String,
    action: String,
    standing: bool,
    cleared_at: Option<i64>,
    replaced_by: Option<i64>,
    acknowledged_at: Option<i64>,
    acknowledged_by: Option<String>,
}

impl TryFrom<Row> for RaisedAlert {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let replaced_by = row.replaced_by.map(|id| column::count(TABLE, id));
        let acknowledged = match (row.acknowledged_at, row.acknowledged_by) {
            (Some(at), Some(by)) => Some(Acknowledgement {
                at: Timestamp::from_nanos(at),
                by: parse_json(TABLE, "origin", &by)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: column::count(TABLE, row.id)?,
            at: Timestamp::from_nanos(row.at),
            alert: Alert {
                severity: parse(TABLE, "severity", row.severity)?,
                kind: row.kind.into(),
                symbol: parse_opt(TABLE, "symbol", row.symbol)?,
                message: row.message.into(),
                action: row.action.into(),
                standing: row.standing,
            },
            cleared_at: row.cleared_at.map(Timestamp::from_nanos),
            replaced_by: replaced_by.transpose()?,
            acknowledged,
        })
    }
}

type Condition = Box<dyn BoxableExpression<alerts::table, Backend, SqlType = Nullable<Bool>>>;

/// What [`RaisedAlert::stands`] says, as a condition.
fn stand() -> Condition {
    Box::new(
        alerts::standing
            .and(alerts::cleared_at.is_null())
            .and(alerts::replaced_by.is_null())
            .nullable(),
    )
}

/// What [`RaisedAlert::is_open`] says, as a condition.
pub(crate) fn open() -> Condition {
    let unseen = alerts::acknowledged_at
        .is_null()
        .and(alerts::replaced_by.is_null());
    Box::new(stand().or(unseen))
}

/// That of a kind and symbol which stands: one or none.
fn standing_of(kind: &str, symbol: Option<Symbol>) -> Condition {
    let ours = stand().and(alerts::kind.eq(kind.to_owned()));
    match symbol {
        Some(symbol) => Box::new(ours.and(alerts::symbol.eq(symbol.to_string()))),
        None => Box::new(ours.and(alerts::symbol.is_null())),
    }
}

/// Adds an alert; one that stands takes the place of the one that said the same before.
pub(crate) fn save(db: &mut Db, seq: u64, at: Timestamp, alert: &Alert) -> Result<(), StoreError> {
    let id = row_number(seq);
    if alert.standing {
        diesel::update(alerts::table.filter(standing_of(&alert.kind, alert.symbol)))
            .set(alerts::replaced_by.eq(id))
            .execute(db)?;
    }
    let row = Row {
        id,
        at: at.nanos(),
        severity: word(&alert.severity),
        kind: alert.kind.to_string(),
        symbol: alert.symbol.map(|symbol| symbol.to_string()),
        message: alert.message.to_string(),
        action: alert.action.to_string(),
        standing: alert.standing,
        cleared_at: None,
        replaced_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
    };
    diesel::insert_into(alerts::table)
        .values(&row)
        .execute(db)?;
    Ok(())
}

/// The cause of the alert of this kind and symbol that stands has gone; where none stands, nothing.
pub(crate) fn clear(
    db: &mut Db,
    at: Timestamp,
    kind: &str,
    symbol: Option<Symbol>,
) -> Result<(), StoreError> {
    diesel::update(alerts::table.filter(standing_of(kind, symbol)))
        .set(alerts::cleared_at.eq(at.nanos()))
        .execute(db)?;
    Ok(())
}

/// Somebody has seen an alert. Who saw it first stays; a number that is no alert's is left out.
pub(crate) fn acknowledge(
    db: &mut Db,
    at: Timestamp,
    number: u64,
    by: &Origin,
) -> Result<(), StoreError> {
    let unseen = alerts::id
        .eq(row_number(number))
        .and(alerts::acknowledged_at.is_null());
    diesel::update(alerts::table.filter(unseen))
        .set((
            alerts::acknowledged_at.eq(at.nanos()),
            alerts::acknowledged_by.eq(json(by)),
        ))
        .execute(db)?;
    Ok(())
}
