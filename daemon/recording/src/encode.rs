//! From what the engine took and gave to the bytes of a segment.

use trader_contract::{Bar, SymbolId, Timestamp};
use trader_core::{Command, Event};

use crate::bars::BarCodec;
use crate::frame::{self, Kind, MAGIC};
use crate::opening::Opening;

/// Bars gathered in one frame, in bytes.
const BLOCK: usize = 4_096;

/// Something cannot be written down.
#[derive(Debug, thiserror::Error)]
#[error("cannot be recorded: {0}")]
pub struct EncodeError(#[from] serde_json::Error);

/// Writes one segment. What it has written is taken out with [`Encoder::take`].
#[derive(Debug)]
pub struct Encoder {
    codec: BarCodec,
    block: Vec<u8>,
    out: Vec<u8>,
}

impl Encoder {
    /// A segment with its opening.
    ///
    /// # Errors
    /// The opening cannot be written down.
    pub fn new(opening: &Opening) -> Result<Self, EncodeError> {
        let mut out = MAGIC.to_vec();
        frame::put(&mut out, Kind::Opening, |out| {
            serde_json::to_writer(out, opening)
        })?;
        Ok(Self {
            codec: BarCodec::default(),
            block: Vec::new(),
            out,
        })
    }

    /// Adds a bar that the engine is about to take.
    #[inline]
    pub fn bar(&mut self, at: Timestamp, symbol: SymbolId, bar: &Bar) {
        self.codec.put(&mut self.block, at, symbol, bar);
        if self.block.len() >= BLOCK {
            self.flush();
        }
    }

    /// Adds an event that the engine is about to take.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn event(&mut self, at: Timestamp, event: &Event) -> Result<(), EncodeError> {
        match event {
            Event::Bar { symbol, bar } => {
                self.bar(at, *symbol, bar);
                return Ok(());
            }
            Event::History { symbol, bars } => {
                self.flush();
                let codec = &mut self.codec;
                frame::put(&mut self.out, Kind::History, |out| {
                    codec.put_history(out, at, *symbol, bars);
                    Ok::<_, EncodeError>(())
                })?;
            }
            event => {
                self.flush();
                frame::put(&mut self.out, Kind::Event, |out| {
                    serde_json::to_writer(out, &(at, event))
                })?;
            }
        }
        Ok(())
    }

    /// Adds the commands that came of the event before. Nothing is written where none did.
    ///
    /// # Errors
    /// They cannot be written down.
    pub fn commands(&mut self, commands: &[Command]) -> Result<(), EncodeError> {
        if commands.is_empty() {
            return Ok(());
        }
        self.flush();
        frame::put(&mut self.out, Kind::Commands, |out| {
            serde_json::to_writer(out, commands)
        })?;
        Ok(())
    }

    /// Says that everything is here: what came of the last event, too.
    pub fn end(&mut self) {
        self.flush();
        let ended = frame::put(&mut self.out, Kind::End, |_| Ok::<_, EncodeError>(()));
        debug_assert!(ended.is_ok(), "nothing is written that could not be");
    }

    /// Takes out what was written so far.
    pub fn take(&mut self) -> Vec<u8> {
        self.flush();
        std::mem::take(&mut self.out)
    }

    /// How many bytes wait to be taken out.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.out.len().saturating_add(self.block.len())
    }

    fn flush(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let block = &mut self.block;
        let put = frame::put(&mut self.out, Kind::Bars, |out| {
            out.append(block);
            Ok::<_, EncodeError>(())
        });
        debug_assert!(put.is_ok(), "bytes are copied");
    }
}

/// Commands as a recording has them: what two runs are compared by.
///
/// # Errors
/// They cannot be written down.
pub(crate) fn canonical(commands: &[Command]) -> Result<Vec<u8>, EncodeError> {
    Ok(serde_json::to_vec(commands)?)
}
