//! The table of decisions: who wanted what, why, and what became of it.

use diesel::prelude::*;
use trader_contract::{Intent, Symbol, Timeframe, Timestamp};
use trader_core::record::{Decision, IntentId, JournalEntry, Origin, Record};

use crate::StoreError;
use crate::column::{self, json, parse, parse_json, row_number};
use crate::connection::Db;
use crate::schema::intents;

const TABLE: &str = "intents";

/// One decision to trade, with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenIntent {
    /// Its id.
    pub id: IntentId,
    /// The journal entry that holds it.
    pub seq: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// Who wanted it.
    pub origin: Origin,
    /// In which symbol.
    pub symbol: Symbol,
    /// What was wanted, with the reason.
    pub intent: Intent,
    /// The bar it was decided on: timeframe and start.
    pub bar: Option<(Timeframe, Timestamp)>,
    /// What became of it.
    pub decision: Decision,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = intents, treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: String,
    seq: i64,
    at: i64,
    route: Option<String>,
    origin: String,
    symbol: String,
    kind: String,
    accepted: bool,
    rule: Option<String>,
    intent: String,
    decision: String,
    bar_minutes: Option<i64>,
    bar_start: Option<i64>,
}

impl TryFrom<Row> for TakenIntent {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bar = match (row.bar_minutes, row.bar_start) {
            (Some(minutes), Some(start)) => {
                let minutes = column::count(TABLE, minutes)?;
                let timeframe =
                    Timeframe::minutes(minutes).ok_or_else(|| StoreError::Unreadable {
                        table: TABLE,
                        wanted: "timeframe",
                        value: minutes.to_string(),
                    })?;
                Some((timeframe, Timestamp::from_nanos(start)))
            }
            _ => None,
        };
        Ok(Self {
            id: column::intent_id(TABLE, &row.id)?,
            seq: column::count(TABLE, row.seq)?,
            at: Timestamp::from_nanos(row.at),
            origin: parse_json(TABLE, "origin", &row.origin)?,
            symbol: parse(TABLE, "symbol", row.symbol)?,
            intent: parse_json(TABLE, "intent", &row.intent)?,
            bar,
            decision: parse_json(TABLE, "decision", &row.decision)?,
        })
    }
}

const fn kind(intent: &Intent) -> &'static str {
    match intent {
        Intent::Enter { .. } => "enter",
        Intent::CancelEntry { .. } => "cancel_entry",
        Intent::MoveStop { .. } => "move_stop",
        Intent::Exit { .. } => "exit",
    }
}

/// Adds the decision that an entry holds; any other entry changes nothing.
pub(crate) fn save(db: &mut Db, entry: &JournalEntry) -> Result<(), StoreError> {
    let Record::IntentTaken {
        id,
        origin,
        symbol,
        intent,
        bar,
        decision,
        ..
    } = &entry.record
    else {
        return Ok(());
    };
    let rule = match decision {
        Decision::Accepted { .. } => None,
        Decision::Refused { rule, .. } => Some(rule.to_string()),
    };
    let route = match origin {
        Origin::Strategy { route } => Some(route.to_string()),
        Origin::Operator { .. } | Origin::Engine => None,
    };
    let row = Row {
        id: id.to_string(),
        seq: row_number(entry.seq),
        at: entry.at.nanos(),
        route,
        origin: json(origin),
        symbol: symbol.to_string(),
        kind: kind(intent).to_owned(),
        accepted: rule.is_none(),
        rule,
        intent: json(intent),
        decision: json(decision),
        bar_minutes: bar.map(|(timeframe, _)| i64::from(timeframe.as_minutes())),
        bar_start: bar.map(|(_, start)| start.nanos()),
    };
    diesel::insert_into(intents::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(db)?;
    Ok(())
}
