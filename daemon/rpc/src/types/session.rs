//! Recordings of sessions, and their replay.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

/// A recording to replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaySpec {
    /// The session's date, or `latest`.
    pub session: String,
    /// Up to this moment: a time in New York (`14:30`), or RFC 3339.
    #[serde(default)]
    pub until: Option<String>,
    /// Compare only what is about this symbol.
    #[serde(default)]
    pub symbol: Option<Symbol>,
    /// Settings that are to be others, each as `strategy.key=value`: what would have been decided.
    #[serde(default)]
    pub with: Vec<String>,
    /// Whether the recorded decisions and fills are put beside those of a backtest over the recorded bars.
    #[serde(default)]
    pub against_backtest: bool,
}

/// A moment of a recorded session to look at: what each lane of a symbol made of the bars that touch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSpec {
    /// The session's date; the newest recording if it is left out.
    #[serde(default)]
    pub session: Option<NaiveDate>,
    /// The symbol.
    pub symbol: Symbol,
    /// The time of day in New York.
    pub time: NaiveTime,
}

/// A recording to give out as one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionExportSpec {
    /// The session's date.
    pub session: NaiveDate,
}

/// A recorded session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSession {
    /// Its date in New York.
    pub session: NaiveDate,
    /// Files that it is made of.
    pub segments: u32,
    /// Bytes on the disk.
    pub bytes: u64,
    /// What is in each file, where one session was asked for.
    pub details: Vec<RecordedSegment>,
}

/// What a part of a recording begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentBeginning {
    /// The program started.
    Start,
    /// The program went on from the session before.
    Running,
    /// The part before was full.
    Continues,
    /// That cannot be read.
    Unreadable,
}

/// One file of a recorded session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSegment {
    /// Its place, from 1.
    pub number: u32,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Whether it is packed: nothing more is added to it.
    pub packed: bool,
    /// What it begins with.
    pub begins: SegmentBeginning,
    /// The engine's time at its beginning; `null` if that cannot be read.
    pub first_at: Option<Timestamp>,
    /// The engine's time at its last event; `null` if it has none.
    pub last_at: Option<Timestamp>,
    /// The version of the program that recorded; `null` if that cannot be read.
    pub version: Option<String>,
    /// Events, bars included.
    pub events: u64,
    /// Bars.
    pub bars: u64,
    /// Whether it was ended in good order.
    pub ended: bool,
    /// What was cut off, in words; `null` if nothing was.
    pub cut: Option<String>,
}
