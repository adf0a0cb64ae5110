//! The lines of an input that is plain text or gzip, told apart by its first bytes, and how far the
//! input has been consumed.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::CsvError;

/// The longest line, in bytes, that is looked at. The longest good row has about 160.
pub(super) const LINE_MAX: usize = 1024;
const BUFFER: usize = 256 * 1024;
const SIGNATURE_MAX: usize = 6;
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// First bytes of what is no text, and what it is.
const SIGNATURES: [(&[u8], &str); 8] = [
    (b"PK", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"PAR1", "Parquet"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"SQLite", "a database"),
];

/// Counts what is taken from a reader.
#[derive(Debug)]
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        let more = u64::try_from(n).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(more);
        Ok(n)
    }
}

type Raw<R> = BufReader<Counted<io::Chain<Cursor<Vec<u8>>, R>>>;

#[derive(Debug)]
enum Source<R> {
    Plain(Raw<R>),
    Gzip(Box<BufReader<MultiGzDecoder<Raw<R>>>>),
}

/// Hands out the lines of an input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: Source<R>,
    line: Vec<u8>,
    number: u64,
}

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1, the header's.
    pub(super) number: u64,
    /// At most [`LINE_MAX`] bytes of it.
    pub(super) text: &'a [u8],
    /// Whether that is not all of it.
    pub(super) too_long: bool,
}

impl<R: Read> Lines<R> {
    /// Looks at the first bytes of the input.
    pub(super) fn new(mut reader: R) -> Result<Self, CsvError> {
        let mut start = Vec::with_capacity(SIGNATURE_MAX);
        let limit = u64::try_from(SIGNATURE_MAX).unwrap_or(0);
        reader
            .by_ref()
            .take(limit)
            .read_to_end(&mut start)
            .map_err(CsvError::Input)?;
        let found = |(signature, _): &&(&[u8], &str)| start.starts_with(signature);
        if let Some((_, what)) = SIGNATURES.iter().find(found) {
            return Err(CsvError::NotText(what));
        }
        let gzip = start.starts_with(b"\x1f\x8b");
        let counted = Counted {
            inner: Cursor::new(start).chain(reader),
            bytes: 0,
        };
        let raw = BufReader::with_capacity(BUFFER, counted);
        let source = if gzip {
            let inflated = MultiGzDecoder::new(raw);
            Source::Gzip(Box::new(BufReader::with_capacity(BUFFER, inflated)))
        } else {
            Source::Plain(raw)
        };
        Ok(Self {
            source,
            line: Vec::with_capacity(LINE_MAX),
            number: 0,
        })
    }

    /// Bytes of the input consumed so far, as it came: of a gzip file, packed ones.
    pub(super) fn bytes(&self) -> u64 {
        match &self.source {
            Source::Plain(raw) => raw.get_ref().bytes,
            Source::Gzip(inflated) => inflated.get_ref().get_ref().get_ref().bytes,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, CsvError> {
        let line = &mut self.line;
        let read = match &mut self.source {
            Source::Plain(raw) => read_line(raw, line).map_err(CsvError::Input),
            Source::Gzip(inflated) => read_line(inflated, line).map_err(of_gzip),
        };
        let too_long = match read? {
            Found::End => return Ok(None),
            Found::Line => false,
            Found::TooLong => true,
        };
        self.number = self.number.saturating_add(1);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let mut text = text.strip_suffix(b"\r").unwrap_or(text);
        if self.number == 1 {
            text = text.strip_prefix(UTF_8_MARK).unwrap_or(text);
        }
        Ok(Some(Line {
            number: self.number,
            text,
            too_long,
        }))
    }
}

/// The whole text of a small input that is plain or gzip, as it stands.
///
/// # Errors
/// It cannot be read, is damaged, is no text, or unpacks to more than `most` bytes.
pub fn read_text(reader: impl Read, most: u64) -> Result<String, CsvError> {
    let mut text = Vec::new();
    let one_more = most.saturating_add(1);
    match Lines::new(reader)?.source {
        Source::Plain(raw) => raw
            .take(one_more)
            .read_to_end(&mut text)
            .map_err(CsvError::Input)?,
        Source::Gzip(inflated) => inflated
            .take(one_more)
            .read_to_end(&mut text)
            .map_err(of_gzip)?,
    };
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > most {
        return Err(CsvError::TooLarge(most));
    }
    String::from_utf8(text).map_err(|_| CsvError::NotText("no UTF-8 text"))
}

/// What a read of one line came to.
enum Found {
    End,
    Line,
    TooLong,
}

/// Reads up to and including a line end into `line`, and passes over what exceeds the limit.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Found> {
    line.clear();
    let limit = u64::try_from(LINE_MAX).unwrap_or(0);
    if source.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(Found::End);
    }
    if line.len() < LINE_MAX || line.ends_with(b"\n") {
        return Ok(Found::Line);
    }
    source.skip_until(b'\n')?;
    Ok(Found::TooLong)
}

/// What the decoder says of bad data is told apart from what the system says of a bad read.
fn of_gzip(error: io::Error) -> CsvError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CsvError::GzipCutShort,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            CsvError::GzipCorrupt(error.to_string())
        }
        _ => CsvError::Input(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_small_text_comes_whole_whether_packed_or_not() {
        let text = "\u{feff}a,b\r\n1,2\n";
        assert_eq!(read_text(text.as_bytes(), 12).unwrap(), text);
        assert_eq!(read_text(&packed(text.as_bytes())[..], 12).unwrap(), text);
    }

    #[test]
    fn a_text_that_is_large_cut_short_or_no_text_is_refused() {
        let text = [b'a'; 13];
        for file in [text.to_vec(), packed(&text)] {
            let refused = read_text(&file[..], 12);
            assert!(
                matches!(refused, Err(CsvError::TooLarge(12))),
                "{refused:?}"
            );
        }
        let mut short = packed(&text);
        short.truncate(short.len() / 2);
        let refused = read_text(&short[..], 99);
        assert!(
            matches!(refused, Err(CsvError::GzipCutShort)),
            "{refused:?}"
        );
        let refused = read_text(&b"a\xc3(,b"[..], 99);
        assert!(matches!(refused, Err(CsvError::NotText(_))), "{refused:?}");
    }
}
