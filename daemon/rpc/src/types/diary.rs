//! The trader's diary: notes and tags on trades that have ended, and the history of their edits. They
//! are apart from the ledger, which nobody edits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

use crate::limits::{NOTE_BYTES_MAX, TAG_LENGTH_MAX};
use crate::request_id::RequestId;

/// Why a text is no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Nothing to read is in it.
    #[error("the note is empty")]
    Empty,
    /// It is too long.
    #[error("the note has {0} bytes of UTF-8, and at most {NOTE_BYTES_MAX} are kept")]
    Long(usize),
    /// It has a character that could draw on a terminal or hide what stands there.
    #[error(
        "the note has the character U+{0:04X}: line breaks are fine, other control characters and marks \
         that turn the direction of text are not"
    )]
    Character(u32),
}

/// What a person wrote about a trade: up to [`NOTE_BYTES_MAX`] bytes of UTF-8, line breaks among them,
/// no other control character, no blank space around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(Box<str>);

impl Note {
    /// The note as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character turns the direction of the text around it, so that it reads as it is not.
const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl FromStr for Note {
    type Err = NoteError;
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NoteError::Empty);
        }
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Long(text.len()));
        }
        let bad = |c: &char| (c.is_control() && *c != '\n') || turns(*c);
        match text.chars().find(bad) {
            Some(c) => Err(NoteError::Character(u32::from(c))),
            None => Ok(Self(text.into())),
        }
    }
}

impl TryFrom<String> for Note {
    type Error = NoteError;
    fn try_from(text: String) -> Result<Self, NoteError> {
        text.parse()
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0.into()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a text is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a tag: 1 to {TAG_LENGTH_MAX} characters of a-z, 0-9, '-' and '_', a letter or digit first"
)]
pub struct TagError(String);

/// A word that trades are found by: 1 to [`TAG_LENGTH_MAX`] characters of `a-z 0-9 - _`, a letter or
/// digit first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(Box<str>);

impl Tag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = TagError;
    fn from_str(text: &str) -> Result<Self, TagError> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let legal = |b: u8| word(b) || b == b'-' || b == b'_';
        let begins = text.bytes().next().is_some_and(word);
        if begins && text.len() <= TAG_LENGTH_MAX && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(TagError(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = TagError;
    fn try_from(text: String) -> Result<Self, TagError> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0.into()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a text names no trade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no trade: give its number, like 812, or its intent, like 20110110-12")]
pub struct TradeNameError(String);

/// What a trade is called: its number, or the intent that opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TradeName {
    /// Its number: that of the journal entry that closed it.
    Number(u64),
    /// The intent that opened it: session and number, `20110110-12`.
    Intent(Box<str>),
}

impl FromStr for TradeName {
    type Err = TradeNameError;
    fn from_str(text: &str) -> Result<Self, TradeNameError> {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let number = || text.parse().ok().filter(|_| digits(text));
        let intent = |(session, number): (&str, &str)| {
            session.len() == 8 && number.len() <= 10 && digits(session) && digits(number)
        };
        match (number(), text.split_once('-')) {
            (Some(number), _) => Ok(Self::Number(number)),
            (None, Some(parts)) if intent(parts) => Ok(Self::Intent(text.into())),
            _ => Err(TradeNameError(text.chars().take(64).collect())),
        }
    }
}

impl TryFrom<String> for TradeName {
    type Error = TradeNameError;
    fn try_from(text: String) -> Result<Self, TradeNameError> {
        text.parse()
    }
}

impl From<TradeName> for String {
    fn from(name: TradeName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for TradeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.pad(&number.to_string()),
            Self::Intent(intent) => f.pad(intent),
        }
    }
}

/// One edit of what is written about a trade. Edits are kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeEdit {
    /// Its number, over all trades.
    pub number: u64,
    /// The trade's number.
    pub trade: u64,
    /// When.
    pub at: Timestamp,
    /// The user who made it.
    pub uid: u32,
    /// The call that made it.
    pub request_id: RequestId,
    /// What was edited.
    pub what: EditKind,
    /// The note since then; `null` where it was taken away or the edit was about tags.
    pub note: Option<Note>,
    /// Tags that were put on.
    pub added: Vec<Tag>,
    /// Tags that were taken off.
    pub removed: Vec<Tag>,
}

/// What an edit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// The note.
    Note,
    /// The tags.
    Tags,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_bounded_and_has_nothing_that_draws_on_a_terminal() {
        let read = |text: &str| text.parse::<Note>();
        assert_eq!(
            read("  too early;\nno volume \n").unwrap().as_str(),
            "too early;\nno volume"
        );
        assert_eq!(read(" \n "), Err(NoteError::Empty));
        assert!(read(&"é".repeat(500)).is_ok());
        assert_eq!(read(&"é".repeat(501)), Err(NoteError::Long(1002)));
        assert_eq!(read("a\u{1b}[2Jb"), Err(NoteError::Character(0x1b)));
        assert_eq!(read("a\tb"), Err(NoteError::Character(9)));
        assert_eq!(read("a\u{202e}b"), Err(NoteError::Character(0x202e)));
    }

    #[test]
    fn a_tag_is_one_word_in_small_letters() {
        for good in ["a", "late", "a-b_c", "2nd-try", &"x".repeat(32)] {
            assert_eq!(good.parse::<Tag>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-late",
            "+a",
            "Late",
            "two words",
            "é",
            "a,b",
            &"x".repeat(33),
        ] {
            assert!(bad.parse::<Tag>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_trade_is_called_by_its_number_or_its_intent() {
        let read = |text: &str| text.parse::<TradeName>();
        assert_eq!(read("812"), Ok(TradeName::Number(812)));
        assert_eq!(
            read("20110110-12"),
            Ok(TradeName::Intent("20110110-12".into()))
        );
        for bad in [
            "",
            "-1",
            "+1",
            "SPY",
            "2011-01-10",
            "20110110-",
            "20110110-1x",
            "99999999999999999999",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for name in ["812", "20110110-12"] {
            assert_eq!(read(name).unwrap().to_string(), name);
        }
    }
}
