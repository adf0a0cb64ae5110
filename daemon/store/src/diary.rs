//! What people write about trades, in tables of its own: it may be edited, with the history of the
//! edits, and the journal and its projections know nothing of it.

use diesel::prelude::*;
use trader_contract::Timestamp;

use crate::StoreError;
use crate::column::{self, json, parse_json, row_number};
use crate::connection::Db;
use crate::schema::{trade_edits, trade_notes, trade_tags};

const TABLE: &str = "trade_edits";

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiaryChange {
    /// The note, in place of the one that there was; `None` takes it away.
    Note(Option<Box<str>>),
    /// The tags. One that is put on twice is on once, and one that is not on can be taken off.
    Tags {
        /// Those to put on.
        add: Vec<Box<str>>,
        /// Those to take off; one that is among both is taken off.
        remove: Vec<Box<str>>,
    },
}

/// An edit to be made. Whether the trade exists, and how much may be written, is the caller's business:
/// whatever is here is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiaryEdit {
    /// The trade's number.
    pub trade: u64,
    /// When.
    pub at: Timestamp,
    /// The user who makes it.
    pub uid: u32,
    /// The call that makes it.
    pub request: Box<str>,
    /// What changes.
    pub change: DiaryChange,
}

/// An edit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEdit {
    /// Its number, over all trades.
    pub number: u64,
    /// The edit. Of tags it holds those that were changed by it.
    pub edit: DiaryEdit,
}

/// What is written about a trade.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiaryPage {
    /// The note.
    pub note: Option<Box<str>>,
    /// The tags, in the order of the alphabet.
    pub tags: Vec<Box<str>>,
}

/// Makes an edit and writes it down. The same call makes it once: the writer has every call once.
pub(crate) fn save(db: &mut Db, edit: &DiaryEdit) -> Result<(), StoreError> {
    let trade = row_number(edit.trade);
    let (what, note, added, removed) = match &edit.change {
        DiaryChange::Note(note) => {
            save_note(db, trade, note.as_deref())?;
            ("note", note.as_deref(), Vec::new(), Vec::new())
        }
        DiaryChange::Tags { add, remove } => {
            let added = add.iter().filter(|tag| !remove.contains(tag));
            let added = changed(added, |tag| put_on(db, trade, tag))?;
            let removed = changed(remove.iter(), |tag| take_off(db, trade, tag))?;
            ("tags", None, added, removed)
        }
    };
    diesel::insert_into(trade_edits::table)
        .values((
            trade_edits::trade.eq(trade),
            trade_edits::at.eq(edit.at.nanos()),
            trade_edits::uid.eq(i64::from(edit.uid)),
            trade_edits::request.eq(&*edit.request),
            trade_edits::what.eq(what),
            trade_edits::note.eq(note),
            trade_edits::added.eq(json(&added)),
            trade_edits::removed.eq(json(&removed)),
        ))
        .execute(db)?;
    Ok(())
}

/// Those tags of which `change` says that it changed something.
fn changed<'a>(
    tags: impl Iterator<Item = &'a Box<str>>,
    mut change: impl FnMut(&str) -> Result<usize, StoreError>,
) -> Result<Vec<&'a str>, StoreError> {
    let mut changed = Vec::new();
    for tag in tags {
        if change(tag)? > 0 {
            changed.push(&**tag);
        }
    }
    Ok(changed)
}

fn save_note(db: &mut Db, trade: i64, note: Option<&str>) -> Result<(), StoreError> {
    match note {
        None => diesel::delete(trade_notes::table.find(trade)).execute(db)?,
        Some(note) => diesel::insert_into(trade_notes::table)
            .values((trade_notes::trade.eq(trade), trade_notes::note.eq(note)))
            .on_conflict(trade_notes::trade)
            .do_update()
            .set(trade_notes::note.eq(note))
            .execute(db)?,
    };
    Ok(())
}

fn put_on(db: &mut Db, trade: i64, tag: &str) -> Result<usize, StoreError> {
    Ok(diesel::insert_into(trade_tags::table)
        .values((trade_tags::trade.eq(trade), trade_tags::tag.eq(tag)))
        .on_conflict_do_nothing()
        .execute(db)?)
}

fn take_off(db: &mut Db, trade: i64, tag: &str) -> Result<usize, StoreError> {
    Ok(diesel::delete(trade_tags::table.find((trade, tag))).execute(db)?)
}

/// What is written about a trade.
pub(crate) fn page(db: &mut Db, trade: u64) -> Result<DiaryPage, StoreError> {
    let trade = row_number(trade);
    let note: Option<String> = trade_notes::table
        .find(trade)
        .select(trade_notes::note)
        .first(db)
        .optional()?;
    let tags: Vec<String> = trade_tags::table
        .filter(trade_tags::trade.eq(trade))
        .order(trade_tags::tag.asc())
        .select(trade_tags::tag)
        .load(db)?;
    Ok(DiaryPage {
        note: note.map(Into::into),
        tags: tags.into_iter().map(Into::into).collect(),
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = trade_edits)]
pub(crate) struct Row {
    id: i64,
    trade: i64,
    at: i64,
    uid: i64,
    request: String,
    what: String,
    note: Option<String>,
    added: String,
    removed: String,
}

impl TryFrom<Row> for PastEdit {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let change = match row.what.as_str() {
            "note" => DiaryChange::Note(row.note.map(Into::into)),
            _ => DiaryChange::Tags {
                add: parse_json(TABLE, "list of tags", &row.added)?,
                remove: parse_json(TABLE, "list of tags", &row.removed)?,
            },
        };
        Ok(Self {
            number: column::count(TABLE, row.id)?,
            edit: DiaryEdit {
                trade: column::count(TABLE, row.trade)?,
                at: Timestamp::from_nanos(row.at),
                uid: column::count(TABLE, row.uid)?,
                request: row.request.into(),
                change,
            },
        })
    }
}
