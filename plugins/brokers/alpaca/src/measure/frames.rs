//! Frames of a WebSocket as a server writes and reads them: whole messages, nothing else.

use std::io::{self, Read, Write};

/// The longest message that a client sends here.
const LONGEST: u64 = 1 << 20;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }
}

/// A whole message as one frame, so that one write sends it.
pub(super) fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind.code()];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..=125), _) => frame.push(short),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
            frame.extend_from_slice(&length.to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// Reads the next message of a client.
///
/// # Errors
/// The connection ended, or what came is none.
pub(super) fn read(from: &mut impl Read) -> io::Result<(Kind, Vec<u8>)> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let [first, second] = array(from)?;
    let kind = Kind::of(first & 0x0f).filter(|_| first & 0x80 != 0);
    let kind = kind.ok_or_else(|| wrong("no whole message"))?;
    let length = match second & 0x7f {
        126 => u64::from(u16::from_be_bytes(array(from)?)),
        127 => u64::from_be_bytes(array(from)?),
        short => u64::from(short),
    };
    if length > LONGEST {
        return Err(wrong("a message that is too long"));
    }
    let mask: [u8; 4] = match second & 0x80 {
        0 => [0; 4],
        _ => array(from)?,
    };
    let mut payload = vec![0; usize::try_from(length).unwrap_or(0)];
    from.read_exact(&mut payload)?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((kind, payload))
}

/// Writes a message.
///
/// # Errors
/// The connection ended.
pub(super) fn write(to: &mut impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    to.write_all(&frame(kind, payload))
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_whatever_its_length() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            let frame = frame(Kind::Binary, &payload);
            let read = read(&mut frame.as_slice()).unwrap();
            assert_eq!(read, (Kind::Binary, payload));
        }
    }

    #[test]
    fn a_client_masks_what_it_sends() {
        let masked = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
        assert_eq!(
            read(&mut masked.as_slice()).unwrap(),
            (Kind::Text, b"hi".to_vec())
        );
        assert!(read(&mut [0x01, 0x00].as_slice()).is_err(), "a part");
        assert!(read(&mut [0x82].as_slice()).is_err(), "cut off");
    }
}
