//! From the bytes of a segment to what the engine took and gave, up to the last intact frame.

use std::collections::VecDeque;
use std::sync::Arc;

use trader_contract::{Bar, SymbolId, Timestamp};
use trader_core::Event;

use crate::bars::BarCodec;
use crate::bytes::{Cursor, Malformed};
use crate::frame::{self, Front, Kind, MAGIC};
use crate::opening::{FORMAT, Opening};

/// Why a segment cannot be read at all, or says something that no encoder writes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It does not begin as one.
    #[error("this is no segment of a recording, or of a format that this program does not know")]
    NotOne,
    /// Its opening was not completely written.
    #[error("the segment has no opening: it was torn off right at its start")]
    NoOpening,
    /// It is of another format.
    #[error(
        "the recording has format {0}, and this program knows {FORMAT}; replay it with the program that recorded it"
    )]
    Format(u32),
    /// An intact frame says something that is no such thing.
    #[error("an intact record cannot be read: {0}; was it written by a newer program?")]
    Content(String),
}

/// One thing that a segment says.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The engine took this.
    Event {
        /// When.
        at: Timestamp,
        /// What.
        event: Event,
    },
    /// These commands came of the event before, as JSON.
    Commands(Box<[u8]>),
    /// The segment was closed in good order.
    End,
}

/// Where the reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// At the segment's end.
    Whole,
    /// Within a frame that was not completely written: so many bytes are left over.
    Torn(usize),
    /// Before a frame that is not what was written: so many bytes are left over.
    Damaged(usize),
}

impl Tail {
    /// What to say of it; nothing of a whole one.
    #[must_use]
    pub fn describe(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Torn(bytes) => Some(format!(
                "its last record was not completely written: {bytes} bytes are left out"
            )),
            Self::Damaged(bytes) => Some(format!(
                "a record is damaged: it and what follows, {bytes} bytes, are left out"
            )),
        }
    }
}

/// A segment that is being read.
#[derive(Debug)]
pub struct Segment<'a> {
    opening: Box<Opening>,
    rest: &'a [u8],
    codec: BarCodec,
    waiting: VecDeque<(Timestamp, SymbolId, Bar)>,
    tail: Option<Tail>,
}

impl<'a> Segment<'a> {
    /// Reads the opening.
    ///
    /// # Errors
    /// It is no segment, or its opening cannot be read.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ReadError::NotOne)?;
        let Front::Frame(Kind::Opening, payload, rest) = frame::front(rest) else {
            return Err(ReadError::NoOpening);
        };
        let format: Format = read_json(payload)?;
        if format.format != FORMAT {
            return Err(ReadError::Format(format.format));
        }
        Ok(Self {
            opening: read_json(payload)?,
            rest,
            codec: BarCodec::default(),
            waiting: VecDeque::new(),
            tail: None,
        })
    }

    /// What it opens with.
    #[must_use]
    pub const fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Where the reading ended; `None` while it has not.
    #[must_use]
    pub const fn tail(&self) -> Option<Tail> {
        self.tail
    }

    fn frame(&mut self) -> Result<Option<Item>, ReadError> {
        let (kind, payload) = match frame::front(self.rest) {
            Front::Frame(kind, payload, rest) => {
                self.rest = rest;
                (kind, payload)
            }
            Front::Nothing => {
                self.tail = Some(Tail::Whole);
                return Ok(None);
            }
            Front::Torn => {
                self.tail = Some(Tail::Torn(self.rest.len()));
                return Ok(None);
            }
            Front::Damaged => {
                self.tail = Some(Tail::Damaged(self.rest.len()));
                return Ok(None);
            }
        };
        let malformed = |_: Malformed| ReadError::Content("its bars are malformed".to_owned());
        match kind {
            Kind::Opening => Err(ReadError::Content("a second opening".to_owned())),
            Kind::History => {
                let mut cursor = Cursor(payload);
                let (at, symbol, bars) =
                    (self.codec.take_history(&mut cursor)).map_err(malformed)?;
                let bars = Arc::from(bars);
                let event = Event::History { symbol, bars };
                Ok(Some(Item::Event { at, event }))
            }
            Kind::Bars => {
                let mut cursor = Cursor(payload);
                while !cursor.is_empty() {
                    let bar = self.codec.take(&mut cursor).map_err(malformed)?;
                    self.waiting.push_back(bar);
                }
                let bar = self.next_bar().ok_or(Malformed).map_err(malformed)?;
                Ok(Some(bar))
            }
            Kind::Event => {
                let (at, event) = read_json(payload)?;
                Ok(Some(Item::Event { at, event }))
            }
            Kind::Commands => Ok(Some(Item::Commands(payload.into()))),
            Kind::End => Ok(Some(Item::End)),
        }
    }

    fn next_bar(&mut self) -> Option<Item> {
        let (at, symbol, bar) = self.waiting.pop_front()?;
        let event = Event::Bar { symbol, bar };
        Some(Item::Event { at, event })
    }
}

impl Iterator for Segment<'_> {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(bar) = self.next_bar() {
            return Some(Ok(bar));
        }
        if self.tail.is_some() {
            return None;
        }
        self.frame().transpose()
    }
}

/// The one field that every format has.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

fn read_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ReadError> {
    serde_json::from_slice(bytes).map_err(|error| ReadError::Content(error.to_string()))
}
