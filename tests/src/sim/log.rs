//! The log of a run: everything that goes in, comes out and is true, as one number. Text is made of it
//! only where somebody reads it.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;

use serde::Serialize;
use trader_contract::{Bar, Timestamp};
use trader_core::record::JournalEntry;

use super::digest::{Digest, Digested, Hash};

/// Lines that are kept of a run that is read only where it fails.
const KEPT: usize = 60;

/// Who reads the lines.
pub enum Reader {
    /// Nobody.
    Nobody,
    /// Whoever asks for the last ones.
    Tail(VecDeque<String>),
    /// Somebody, at once.
    Lines(Box<dyn FnMut(&str)>),
}

impl Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Tail(_) => "Tail",
            Self::Lines(_) => "Lines",
        })
    }
}

/// The log.
#[derive(Debug)]
pub struct Log {
    digest: Digest,
    reader: Reader,
    at: Timestamp,
    event: u64,
    /// Where an entry is put together before the digest takes it at one go.
    bytes: Vec<u8>,
}

impl Log {
    /// An empty one.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self {
            digest: Digest::default(),
            reader,
            at: Timestamp::MIN,
            event: 0,
            bytes: Vec::new(),
        }
    }

    /// One that keeps its last lines.
    #[must_use]
    pub fn with_tail() -> Self {
        Self::new(Reader::Tail(VecDeque::with_capacity(KEPT)))
    }

    /// The next event, and its time.
    pub fn next(&mut self, at: Timestamp) {
        self.at = at;
        self.event += 1;
        self.digest.number(at.nanos());
    }

    /// How many events there were.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.event
    }

    /// What it comes to so far.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.digest.hash()
    }

    /// The last lines, for a log that keeps them.
    #[must_use]
    pub fn tail(&self) -> Vec<String> {
        match &self.reader {
            Reader::Tail(lines) => lines.iter().cloned().collect(),
            Reader::Nobody | Reader::Lines(_) => Vec::new(),
        }
    }

    /// Something that JSON can say.
    pub fn data(&mut self, tag: &'static str, data: &impl Serialize) {
        self.tag(tag);
        self.digest.value(data);
        if !matches!(self.reader, Reader::Nobody) {
            let text = serde_json::to_string(data).unwrap_or_default();
            self.line(tag, &text);
        }
    }

    /// A journal entry.
    pub fn entry(&mut self, entry: &JournalEntry, durable: bool) {
        self.digest.value_by(entry, &mut self.bytes);
        if !matches!(self.reader, Reader::Nobody) {
            let text = serde_json::to_string(&entry.record).unwrap_or_default();
            let text = format!("{} {text}", entry.seq);
            self.line(if durable { "write" } else { "lost" }, &text);
        }
    }

    /// Something of which there is much.
    pub fn said(&mut self, tag: &'static str, data: &(impl Digested + Serialize)) {
        self.tag(tag);
        data.digest(&mut self.digest);
        if !matches!(self.reader, Reader::Nobody) {
            let text = serde_json::to_string(data).unwrap_or_default();
            self.line(tag, &text);
        }
    }

    /// A bar.
    pub fn bar(&mut self, tag: &'static str, symbol: usize, bar: &Bar) {
        self.tag(tag);
        self.digest.word(u64::try_from(symbol).unwrap_or(u64::MAX));
        bar.digest(&mut self.digest);
        if !matches!(self.reader, Reader::Nobody) {
            let Bar {
                start,
                open,
                high,
                low,
                close,
                volume,
            } = bar;
            let text = format!("{symbol} {start} {open} {high} {low} {close} {volume}");
            self.line(tag, &text);
        }
    }

    /// Something in words; what makes the words is asked only where somebody reads them.
    pub fn note(&mut self, tag: &'static str, number: i64, words: impl FnOnce() -> String) {
        self.tag(tag);
        self.digest.number(number);
        if !matches!(self.reader, Reader::Nobody) {
            let words = words();
            self.line(tag, &words);
        }
    }

    fn tag(&mut self, tag: &'static str) {
        let _ = io::Write::write(&mut self.digest, tag.as_bytes());
    }

    fn line(&mut self, tag: &str, text: &str) {
        let line = format!("{:>6} {} {tag:<9} {text}", self.event, self.at);
        match &mut self.reader {
            Reader::Nobody => {}
            Reader::Tail(lines) => {
                if lines.len() >= KEPT {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
            Reader::Lines(hear) => hear(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(make: impl Fn(&mut Log)) -> Hash {
        let mut log = Log::new(Reader::Nobody);
        make(&mut log);
        log.hash()
    }

    #[test]
    fn the_hash_is_that_of_the_data_whoever_reads() {
        let write = |log: &mut Log| {
            log.next(Timestamp::from_seconds(7));
            log.data("out", &("cancel", 3));
            log.note("fault", 9, || "words".to_owned());
        };
        let mut tailed = Log::with_tail();
        write(&mut tailed);
        assert_eq!(hash_of(write), tailed.hash());
        assert_eq!(tailed.tail().len(), 2);
        assert!(tailed.tail()[1].ends_with("words"));
    }

    #[test]
    fn other_data_and_another_order_give_another_hash() {
        let one = hash_of(|log| log.data("a", &1));
        assert_ne!(one, hash_of(|log| log.data("a", &2)));
        assert_ne!(one, hash_of(|log| log.data("b", &1)));
        let two = |first: i32, second: i32| {
            hash_of(move |log| {
                log.data("a", &first);
                log.data("a", &second);
            })
        };
        assert_ne!(two(1, 2), two(2, 1));
    }
}
