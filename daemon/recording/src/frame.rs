//! Frames: a length, a checksum over what follows, and that many bytes. What is not intact ends the
//! reading.

use flate2::Crc;

/// The first bytes of every segment; the last two are the version of the format.
pub const MAGIC: &[u8; 8] = b"TRADER01";

/// What stands before the bytes of a frame.
const HEAD: usize = 8;

/// What a frame holds: its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The segment's opening.
    Opening,
    /// Bars of the past of one symbol.
    History,
    /// Bars, in the order in which the engine took them.
    Bars,
    /// Another event.
    Event,
    /// The commands that came of the event before.
    Commands,
    /// The life, or the segment, has ended in good order.
    End,
}

impl Kind {
    const ALL: [(Self, u8); 6] = [
        (Self::Opening, b'O'),
        (Self::History, b'H'),
        (Self::Bars, b'B'),
        (Self::Event, b'E'),
        (Self::Commands, b'C'),
        (Self::End, b'Z'),
    ];

    /// Its byte.
    pub(crate) fn byte(self) -> u8 {
        let found = Self::ALL.into_iter().find(|(kind, _)| *kind == self);
        found.map_or(0, |(_, byte)| byte)
    }

    /// The kind with this byte.
    pub(crate) fn of(byte: u8) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(_, b)| *b == byte);
        found.map(|(kind, _)| kind)
    }
}

/// Adds a frame whose payload `fill` writes behind the kind's byte.
pub(crate) fn put<E>(
    out: &mut Vec<u8>,
    kind: Kind,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let begin = out.len();
    out.extend_from_slice(&[0; HEAD]);
    out.push(kind.byte());
    if let Err(error) = fill(out) {
        out.truncate(begin);
        return Err(error);
    }
    let body = begin.saturating_add(HEAD);
    let payload = out.get(body..).unwrap_or_default();
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let head = [length.to_le_bytes(), sum(payload).to_le_bytes()].concat();
    if let Some(place) = out.get_mut(begin..body) {
        place.copy_from_slice(&head);
    }
    Ok(())
}

fn sum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// What stands at the front of some bytes.
pub(crate) enum Front<'a> {
    /// Nothing: they are at their end.
    Nothing,
    /// An intact frame, and what comes after it.
    Frame(Kind, &'a [u8], &'a [u8]),
    /// The beginning of one: the rest was never written.
    Torn,
    /// A whole one whose checksum or kind is wrong.
    Damaged,
}

/// Looks at the front.
pub(crate) fn front(bytes: &[u8]) -> Front<'_> {
    if bytes.is_empty() {
        return Front::Nothing;
    }
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Front::Torn;
    };
    let Some((wanted, rest)) = rest.split_first_chunk::<4>() else {
        return Front::Torn;
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let Some((payload, rest)) = rest.split_at_checked(length) else {
        return Front::Torn;
    };
    if sum(payload) != u32::from_le_bytes(*wanted) {
        return Front::Damaged;
    }
    match payload.split_first() {
        Some((byte, payload)) => {
            Kind::of(*byte).map_or(Front::Damaged, |kind| Front::Frame(kind, payload, rest))
        }
        // Zeros that a file system left where nothing was written are a frame without a kind.
        None => Front::Torn,
    }
}
