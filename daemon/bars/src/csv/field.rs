//! Single fields of a line: times, prices, whole numbers, short texts. The usual forms are read
//! byte by byte; anything else goes the general way, which also words the refusals.

use std::str;

use trader_contract::{NumberError, Price, Timestamp};

use super::problem::{Problem, excerpt};

/// The largest volume or size of a row, in shares: sums over billions of rows still fit 64 bits.
pub const SHARES_MAX: u64 = 1_000_000_000_000_000;
/// The longest exchange or condition text, in characters.
pub const TEXT_MAX: usize = 32;
/// The most digits before the decimal point that the short way reads.
const WHOLE_DIGITS_MAX: usize = 8;

/// Reads times. Remembers the midnight of the last date, since rows of a day follow each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    date: [u8; 10],
    midnight_nanos: Option<i64>,
}

impl Times {
    /// Reads `2013-10-07T13:30:00Z`, with or without milliseconds, or any other RFC 3339 time.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<Timestamp, Problem> {
        match self.canonical(text) {
            Some(nanos) => Ok(Timestamp::from_nanos(nanos)),
            None => str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Problem::Time(excerpt(text))),
        }
    }

    fn canonical(&mut self, text: &[u8]) -> Option<i64> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let (h, m, s, millis) = match rest {
            [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] => {
                (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?, 0)
            }
            [
                b'T',
                h1,
                h2,
                b':',
                m1,
                m2,
                b':',
                s1,
                s2,
                b'.',
                f1,
                f2,
                f3,
                b'Z',
            ] => {
                let millis = two(*f1, *f2)?.wrapping_mul(10).wrapping_add(digit(*f3)?);
                (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?, millis)
            }
            _ => return None,
        };
        if h > 23 || m > 59 || s > 59 {
            return None;
        }
        let midnight = self.midnight(date)?;
        let seconds = h.wrapping_mul(60).wrapping_add(m).wrapping_mul(60);
        let millis = seconds
            .wrapping_add(s)
            .wrapping_mul(1000)
            .wrapping_add(millis);
        midnight.checked_add(millis.wrapping_mul(1_000_000))
    }

    fn midnight(&mut self, date: &[u8; 10]) -> Option<i64> {
        if self.date == *date {
            return self.midnight_nanos;
        }
        let [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2] = date else {
            return None;
        };
        let year = two(*c1, *c2)?
            .wrapping_mul(100)
            .wrapping_add(two(*y1, *y2)?);
        let day = chrono::NaiveDate::from_ymd_opt(
            i32::try_from(year).ok()?,
            u32::try_from(two(*m1, *m2)?).ok()?,
            u32::try_from(two(*d1, *d2)?).ok()?,
        )?;
        let nanos = day
            .and_time(chrono::NaiveTime::MIN)
            .and_utc()
            .timestamp_nanos_opt()?;
        self.date = *date;
        self.midnight_nanos = Some(nanos);
        Some(nanos)
    }
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit()
        .then(|| i64::from(byte.wrapping_sub(b'0')))
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?))
}

/// Reads a price of a column.
pub(super) fn price(column: &'static str, text: &[u8]) -> Result<Price, Problem> {
    match plain_micros(text).and_then(Price::from_micros) {
        Some(price) => Ok(price),
        None => general_price(column, text),
    }
}

/// Digits, perhaps a point and one to six digits; `None` for every other form.
fn plain_micros(text: &[u8]) -> Option<i64> {
    let mut micros: i64 = 0;
    let mut bytes = text.iter();
    let mut whole = 0;
    for &byte in bytes.by_ref() {
        if byte == b'.' {
            break;
        }
        micros = micros.wrapping_mul(10).wrapping_add(digit(byte)?);
        whole = usize::saturating_add(whole, 1);
    }
    let fraction = bytes.as_slice();
    let point = text.len() > whole;
    if whole == 0 || whole > WHOLE_DIGITS_MAX || point == fraction.is_empty() {
        return None;
    }
    let scale = match fraction.len() {
        0 => 1_000_000,
        1 => 100_000,
        2 => 10_000,
        3 => 1_000,
        4 => 100,
        5 => 10,
        6 => 1,
        _ => return None,
    };
    for &byte in fraction {
        micros = micros.wrapping_mul(10).wrapping_add(digit(byte)?);
    }
    // At most fourteen digits.
    Some(micros.wrapping_mul(scale))
}

fn general_price(column: &'static str, text: &[u8]) -> Result<Price, Problem> {
    let number = match str::from_utf8(text) {
        Ok("") => return Err(Problem::Empty(column)),
        Ok(text) if text.len() <= 64 => text.parse::<Price>(),
        _ => Err(NumberError::Syntax(excerpt(text))),
    };
    number.map_err(|why| Problem::Price { column, why })
}

/// Reads a whole number of shares, 0 to [`SHARES_MAX`]. Decimals are fine if they are zeros.
pub(super) fn shares(column: &'static str, text: &[u8]) -> Result<u64, Problem> {
    let wrong = || Problem::Shares {
        column,
        text: excerpt(text),
    };
    let (digits, fraction) = match text.iter().position(|&byte| byte == b'.') {
        None => (text, None),
        Some(point) => {
            let (whole, rest) = text.split_at_checked(point).ok_or_else(wrong)?;
            (whole, rest.get(1..))
        }
    };
    if text.is_empty() {
        return Err(Problem::Empty(column));
    }
    let zeros = |part: &[u8]| !part.is_empty() && part.iter().all(|&byte| byte == b'0');
    if digits.is_empty() || digits.len() > 18 || !fraction.is_none_or(zeros) {
        return Err(wrong());
    }
    let mut value: u64 = 0;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return Err(wrong());
        }
        // At most eighteen digits.
        value = value
            .wrapping_mul(10)
            .wrapping_add(u64::from(byte.wrapping_sub(b'0')));
    }
    if value > SHARES_MAX {
        return Err(wrong());
    }
    Ok(value)
}

/// Reads the letter of an exchange or a condition: printable ASCII, at most [`TEXT_MAX`] long.
pub(super) fn short_text(column: &'static str, text: &[u8]) -> Result<Box<str>, Problem> {
    let printable = |byte: &u8| (b' '..=b'~').contains(byte);
    if text.len() > TEXT_MAX || !text.iter().all(printable) {
        return Err(Problem::Text {
            column,
            text: excerpt(text),
        });
    }
    Ok(String::from_utf8_lossy(text).into())
}

/// Reads `0` or `1`.
pub(super) fn flag(column: &'static str, text: &[u8]) -> Result<bool, Problem> {
    match text {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Problem::Flag {
            column,
            text: excerpt(text),
        }),
    }
}

/// Cuts a line at its commas into exactly `N` fields and gives them to `take`. A field in quotes
/// may hold commas and, doubled, quotes.
pub(super) fn with_fields<const N: usize, T>(
    line: &[u8],
    take: impl FnOnce([&[u8]; N]) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let mut fields: [&[u8]; N] = [b""; N];
    if line.contains(&b'"') {
        let parts = unquoted(line).ok_or(Problem::Quotes)?;
        fill(&mut fields, parts.iter().map(Vec::as_slice))?;
        return take(fields);
    }
    fill(&mut fields, line.split(|&byte| byte == b','))?;
    take(fields)
}

fn fill<'a, const N: usize>(
    fields: &mut [&'a [u8]; N],
    mut parts: impl Iterator<Item = &'a [u8]>,
) -> Result<(), Problem> {
    for (i, field) in fields.iter_mut().enumerate() {
        *field = parts.next().ok_or(Problem::FieldCount {
            expected: N,
            found: i,
        })?;
    }
    match parts.count() {
        0 => Ok(()),
        more => Err(Problem::FieldCount {
            expected: N,
            found: N.saturating_add(more),
        }),
    }
}

/// The fields of a line that holds quotes; `None` if they do not pair up around whole fields.
pub(super) fn unquoted(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let mut field = Vec::new();
        if let Some(mut inner) = rest.strip_prefix(b"\"") {
            loop {
                let end = inner.iter().position(|&byte| byte == b'"')?;
                field.extend_from_slice(inner.get(..end)?);
                inner = inner.get(end.checked_add(1)?..)?;
                match inner.strip_prefix(b"\"") {
                    Some(after) => {
                        field.push(b'"');
                        inner = after;
                    }
                    None => break,
                }
            }
            rest = inner;
        } else {
            let end = rest.iter().position(|&byte| byte == b',');
            let (head, tail) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            if head.contains(&b'"') {
                return None;
            }
            field.extend_from_slice(head);
            rest = tail;
        }
        fields.push(field);
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(b",")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_and_the_general_way_agree_on_times() {
        let mut times = Times::default();
        for text in [
            "2013-10-07T13:30:00Z",
            "2013-10-07T13:30:00.688Z",
            "2013-10-07T23:59:59Z",
            "1998-01-02T05:00:00Z",
            "2012-02-29T00:00:00Z",
            "2013-10-07T09:30:00-04:00",
            "2013-10-07T13:30:00.123456789Z",
        ] {
            let general: Timestamp = text.parse().unwrap();
            assert_eq!(times.read(text.as_bytes()).unwrap(), general, "{text}");
        }
        for text in [
            "2013-10-07T24:00:00Z",
            "2013-02-29T13:30:00Z",
            "2013-10-07T13:60:00Z",
            "2013-10-07T13:30:00",
            "2013-10-07",
            "13:30",
            "",
            "2013-1a-07T13:30:00Z",
            "+013-10-07T13:30:00Z",
            "2013-10- 7T13:30:00Z",
        ] {
            assert!(times.read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_short_way_and_the_general_way_agree_on_prices() {
        for text in [
            "168.81",
            "0.000001",
            "10000000",
            "10000000.000000",
            "99999999",
            "00012.5",
            "1",
            "1.2345678",
            "1.2000000",
            "0",
            "0.0",
            ".5",
            "5.",
            "",
            "-1",
            "+1",
            "NaN",
            "inf",
            "1e3",
            "1,5",
            " 1",
            "1 ",
            "123456789.1",
            "10000000.000001",
        ] {
            let general = text.parse::<Price>().ok();
            assert_eq!(price("open", text.as_bytes()).ok(), general, "{text:?}");
        }
    }

    #[test]
    fn a_number_of_shares_is_whole_and_not_negative() {
        for (text, value) in [
            ("0", 0),
            ("4510", 4510),
            ("100.0", 100),
            ("1000000000000000", SHARES_MAX),
        ] {
            assert_eq!(shares("volume", text.as_bytes()).unwrap(), value);
        }
        for text in [
            "",
            "-1",
            "1.5",
            "1.",
            ".0",
            "1e3",
            "NaN",
            "1000000000000001",
            "99999999999999999999",
        ] {
            assert!(shares("volume", text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn quoted_fields_hold_commas_and_doubled_quotes() {
        let cut = |line: &str| {
            unquoted(line.as_bytes()).map(|fields| {
                let text = |field: Vec<u8>| String::from_utf8(field).unwrap();
                fields.into_iter().map(text).collect::<Vec<_>>()
            })
        };
        assert_eq!(
            cut(r#""a,b",c,"d""e","#).unwrap(),
            ["a,b", "c", r#"d"e"#, ""]
        );
        assert_eq!(cut(r#""","""#).unwrap(), ["", ""]);
        for bad in [r#""a"#, r#"a"b,c"#, r#""a"b,c"#, "\"", r#"a,""b"#] {
            assert_eq!(cut(bad), None, "{bad}");
        }
    }
}
