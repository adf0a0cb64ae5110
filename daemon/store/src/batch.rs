//! What is committed together: journal entries, answers to operators, settings and edits of the
//! diary, in one transaction.

use std::sync::Arc;

use diesel::prelude::*;
use trader_contract::Timestamp;
use trader_core::record::JournalEntry;

use crate::StoreError;
use crate::column::count;
use crate::connection::Db;
use crate::diary::DiaryEdit;
use crate::schema::{requests, settings};

/// An operator's call that changed something, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorRequest {
    /// The id that the client gave it; the same call sent again has the same.
    pub id: Box<str>,
    /// The method that was called.
    pub method: Box<str>,
    /// Its parameters as JSON, so that the same id with another call is told apart.
    pub params: Box<str>,
    /// The user that called.
    pub uid: u32,
    /// When.
    pub at: Timestamp,
    /// The answer as JSON; `None` until there is one.
    pub result: Option<Box<str>>,
}

/// A change of a durable setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Which setting.
    pub key: Box<str>,
    /// Its value from now on; `None` removes it.
    pub value: Option<Box<str>>,
    /// When.
    pub at: Timestamp,
}

/// What is committed together: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Journal entries; the first follows the newest row, each the one before it.
    pub entries: Vec<Arc<JournalEntry>>,
    /// Calls to remember. The first record of an id stands; a later one only fills in a missing
    /// answer. Ask [`crate::Reader::request`] or [`crate::Store::request`] before acting.
    pub requests: Vec<OperatorRequest>,
    /// Settings to change.
    pub settings: Vec<SettingChange>,
    /// Edits of what people write about trades.
    pub diary: Vec<DiaryEdit>,
}

impl Batch {
    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.requests.is_empty()
            && self.settings.is_empty()
            && self.diary.is_empty()
    }
}

impl From<Vec<JournalEntry>> for Batch {
    fn from(entries: Vec<JournalEntry>) -> Self {
        Self {
            entries: entries.into_iter().map(Arc::new).collect(),
            ..Self::default()
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = requests)]
struct RequestRow {
    id: String,
    method: String,
    params: String,
    uid: i64,
    at: i64,
    result: Option<String>,
}

pub(crate) fn save_request(db: &mut Db, request: &OperatorRequest) -> Result<(), StoreError> {
    let row = RequestRow {
        id: request.id.to_string(),
        method: request.method.to_string(),
        params: request.params.to_string(),
        uid: i64::from(request.uid),
        at: request.at.nanos(),
        result: request.result.as_deref().map(str::to_owned),
    };
    let inserted = diesel::insert_into(requests::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(db)?;
    if inserted == 0 {
        let unanswered = requests::table.filter(
            requests::id
                .eq(&row.id)
                .and(requests::method.eq(&row.method))
                .and(requests::params.eq(&row.params))
                .and(requests::result.is_null()),
        );
        diesel::update(unanswered)
            .set(requests::result.eq(&row.result))
            .execute(db)?;
    }
    Ok(())
}

pub(crate) fn find_request(db: &mut Db, id: &str) -> Result<Option<OperatorRequest>, StoreError> {
    let row = requests::table
        .find(id)
        .select(RequestRow::as_select())
        .first(db)
        .optional()?;
    row.map(|row| {
        Ok(OperatorRequest {
            id: row.id.into(),
            method: row.method.into(),
            params: row.params.into(),
            uid: count("requests", row.uid)?,
            at: Timestamp::from_nanos(row.at),
            result: row.result.map(Into::into),
        })
    })
    .transpose()
}

pub(crate) fn save_setting(db: &mut Db, change: &SettingChange) -> Result<(), StoreError> {
    match &change.value {
        None => diesel::delete(settings::table.find(&*change.key)).execute(db)?,
        Some(value) => {
            let columns = (
                settings::value.eq(&**value),
                settings::updated_at.eq(change.at.nanos()),
            );
            diesel::insert_into(settings::table)
                .values((settings::key.eq(&*change.key), columns))
                .on_conflict(settings::key)
                .do_update()
                .set(columns)
                .execute(db)?
        }
    };
    Ok(())
}

pub(crate) fn find_setting(db: &mut Db, key: &str) -> Result<Option<Box<str>>, StoreError> {
    let value: Option<String> = settings::table
        .find(key)
        .select(settings::value)
        .first(db)
        .optional()?;
    Ok(value.map(Into::into))
}
