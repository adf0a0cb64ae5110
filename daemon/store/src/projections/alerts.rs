//! The table of alerts.

use diesel::prelude::*;
use trader_contract::Timestamp;
use trader_core::record::Alert;

use crate::StoreError;
use crate::column::{self, parse, parse_opt, row_number, word};
use crate::connection::Db;
use crate::schema::alerts;

const TABLE: &str = "alerts";

/// An alert with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedAlert {
    /// The journal entry that holds it, which is the alert's number.
    pub id: u64,
    /// When it was raised.
    pub at: Timestamp,
    /// The alert.
    pub alert: Alert,
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
}

impl TryFrom<Row> for RaisedAlert {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column::count(TABLE, row.id)?,
            at: Timestamp::from_nanos(row.at),
            alert: Alert {
                severity: parse(TABLE, "severity", row.severity)?,
                kind: row.kind.into(),
                symbol: parse_opt(TABLE, "symbol", row.symbol)?,
                message: row.message.into(),
                action: row.action.into(),
                standing: false,
            },
        })
    }
}

/// Adds an alert.
pub(crate) fn save(db: &mut Db, seq: u64, at: Timestamp, alert: &Alert) -> Result<(), StoreError> {
    let row = Row {
        id: row_number(seq),
        at: at.nanos(),
        severity: word(&alert.severity),
        kind: alert.kind.to_string(),
        symbol: alert.symbol.map(|symbol| symbol.to_string()),
        message: alert.message.to_string(),
        action: alert.action.to_string(),
    };
    diesel::insert_into(alerts::table)
        .values(&row)
        .execute(db)?;
    Ok(())
}
