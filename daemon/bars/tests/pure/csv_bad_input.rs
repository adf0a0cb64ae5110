//! What is refused, with which words, and what is taken although it is not canonical.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use trader_bars::csv::{CsvError, Problem, Progress, ReadRows, Rules, read, write};
use trader_bars::{Rows, Series};
use trader_calendar::Calendar;

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

fn series(kind: &str) -> Series {
    Series {
        symbol: "SPY".parse().unwrap(),
        kind: kind.parse().unwrap(),
    }
}

fn try_read(kind: &str, input: impl Read) -> Result<ReadRows, CsvError> {
    read(
        input,
        series(kind),
        &Rules::new(Calendar::nyse()),
        &mut |_| (),
    )
}

/// What is said of rows of bars.
fn said(kind: &str, rows: &str) -> String {
    match try_read(kind, format!("{HEADER}{rows}").as_bytes()) {
        Ok(read) => format!("{} rows", read.rows.len()),
        Err(error) => error.to_string(),
    }
}

fn canonical(kind: &str, input: &[u8]) -> String {
    let rows = match try_read(kind, input) {
        Ok(rows) => rows,
        Err(error) => panic!("{error}"),
    };
    let mut text = Vec::new();
    write(&mut text, kind.parse().unwrap(), &rows.rows).unwrap();
    String::from_utf8(text).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Minutes of 2024-11-27 from 09:30 on.
fn minutes(count: i64, step: i64) -> String {
    let open: trader_contract::Timestamp = "2024-11-27T14:30:00Z".parse().unwrap();
    let row = |i: i64| {
        let start = open.plus_minutes(i * step);
        format!("{start},9.10,9.20,9.00,9.15,{i}\n")
    };
    (0..count).map(row).collect()
}

/// Rows with one mistake each, and what is said of it.
const MISTAKES: [(&str, &str); 21] = [
    (
        "2024-11-27T14:30:00Z,NaN,9.2,9,9.1,100",
        "open: \"NaN\" is not a plain decimal number",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,inf,9,9.1,100",
        "high: \"inf\" is not",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,-9,9.1,100",
        "low: -9 is outside the prices",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,0,9.1,100",
        "low: 0 is outside the prices",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9e1,100",
        "close: \"9e1\" is not",
    ),
    ("2024-11-27T14:30:00Z,9.1,9.2,9,,100", "close is empty"),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9.1234567,100",
        "close: 9.1234567 has more than 6 decimals",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9.1,-5",
        "volume \"-5\" is no whole number",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9.1,1.5",
        "volume \"1.5\" is no whole number",
    ),
    ("2024-11-27T14:30:00Z,9.1,9.2,9,9.1,", "volume is empty"),
    (
        "2024-11-27T14:30:00Z,9.3,9.2,9,9.1,1",
        "high 9.2 is below open 9.3",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9.15,9.1,1",
        "low 9.15 is above open 9.1",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9.1",
        "it has 5 fields instead of 6",
    ),
    (
        "2024-11-27T14:30:00Z,9.1,9.2,9,9.1,1,1",
        "it has 7 fields instead of 6",
    ),
    (
        "2024-11-27 14:30,9.1,9.2,9,9.1,1",
        "timestamp \"2024-11-27 14:30\" is no RFC 3339 time",
    ),
    (
        "\"2024-11-27T14:30:00Z,9.1,9.2,9,9.1,1",
        "its quotes do not enclose whole fields",
    ),
    (
        "2024-11-28T14:30:00Z,9.1,9.2,9,9.1,1",
        "closed on 2024-11-28: Thanksgiving Day",
    ),
    (
        "2024-11-30T14:30:00Z,9.1,9.2,9,9.1,1",
        "2024-11-30 is a Saturday",
    ),
    (
        "2024-11-27T08:00:00Z,9.1,9.2,9,9.1,1",
        "03:00:00 in New York on 2024-11-27",
    ),
    (
        "1980-01-02T15:00:00Z,9.1,9.2,9,9.1,1",
        "1980-01-02 is outside the years",
    ),
    (
        "2024-11-27T14:30:30Z,9.1,9.2,9,9.1,1",
        "2024-11-27T14:30:30Z is no start of a 1min row",
    ),
];

#[test]
fn each_wrong_field_is_named_with_its_line() {
    for (row, reason) in MISTAKES {
        let said = said("1min", &format!("{row}\n"));
        assert!(said.contains(reason), "{said}");
        assert!(said.starts_with("line 2: "), "{said}");
        assert!(said.ends_with("the file was refused whole"), "{said}");
    }
}

#[test]
fn a_row_that_is_there_twice_and_one_that_goes_back_are_told_apart() {
    let first = minutes(2, 1);
    let twice = said(
        "1min",
        &format!("{first}2024-11-27T14:31:00Z,9.1,9.2,9,9.1,1\n"),
    );
    assert!(twice.starts_with("line 4: 2024-11-27T14:31:00Z is there twice, first in line 3"));
    assert!(twice.contains("keep one of the rows"));
    let back = said(
        "1min",
        &format!("{first}2024-11-27T14:30:00Z,9.1,9.2,9,9.1,1\n"),
    );
    let reason = "line 4: 2024-11-27T14:30:00Z goes back behind 2024-11-27T14:31:00Z in line 3";
    assert!(back.starts_with(reason), "{back}");
    assert!(back.contains("sort the file by time"));
}

#[test]
fn five_wrong_rows_are_listed_and_all_of_them_counted() {
    let wrong = minutes(8, 1).replace("9.20", "8.00");
    let error = try_read(
        "1min",
        format!("{HEADER}{}{wrong}", minutes(1, 1)).as_bytes(),
    );
    let Err(CsvError::Rows(rows)) = error else {
        panic!("{error:?}");
    };
    assert_eq!((rows.first.len(), rows.total, rows.rows), (5, 8, 9));
    assert_eq!(rows.first[0].line, 3);
    assert!(matches!(rows.first[0].problem, Problem::Prices { .. }));
    assert_eq!(
        rows.first[0].text,
        "2024-11-27T14:30:00Z,9.10,8.00,9.00,9.15,0"
    );
    let text = rows.to_string();
    assert!(
        text.contains("8 of 9 rows are wrong") && text.ends_with("and 3 more"),
        "{text}"
    );
}

#[test]
fn rows_of_another_timeframe_are_recognized() {
    let seconds = "2024-11-27T14:30:00Z,9,9,9,9,1\n2024-11-27T14:30:07Z,9,9,9,9,1\n";
    assert!(said("1min", seconds).contains("this looks like 1s data, not 1min"));
    let days = "2024-11-26T05:00:00Z,9,9,9,9,1\n2024-11-27T05:00:00Z,9,9,9,9,1\n";
    assert!(said("1min", days).contains("this looks like 1day data, not 1min"));
    let of_minutes = minutes(5, 1);
    assert!(said("1day", &of_minutes).contains("this looks like 1min data, not 1day"));
    assert!(said("1hour", &of_minutes).contains("this looks like 1min data, not 1hour"));
    let five_minutes = said("1min", &minutes(40, 5));
    assert!(
        five_minutes.contains("all 40 rows are spaced by multiples of 5 minutes"),
        "{five_minutes}"
    );
    assert_eq!(said("1min", &minutes(40, 1)), "40 rows");
    assert_eq!(said("1min", &minutes(20, 5)), "20 rows");
}

#[test]
fn a_day_stamped_with_midnight_in_utc_is_told_the_right_midnight() {
    let said = said("1day", "2024-11-27T00:00:00Z,9,9,9,9,1\n");
    assert!(
        said.contains("midnight in New York, here 2024-11-27T05:00:00Z"),
        "{said}"
    );
}

#[test]
fn an_empty_file_and_a_header_alone_are_refused() {
    for empty in [&b""[..], &gzip("")] {
        let error = try_read("1min", empty).unwrap_err();
        assert!(matches!(error, CsvError::Empty), "{error}");
    }
    for lone in [
        HEADER.to_owned(),
        HEADER.trim_end().to_owned(),
        format!("{HEADER}\n\n"),
    ] {
        let error = try_read("1min", lone.as_bytes()).unwrap_err();
        assert!(matches!(error, CsvError::NoRows), "{error}");
    }
}

#[test]
fn other_formats_are_called_by_their_name() {
    for (start, name) in [
        (&b"PK\x03\x04zip"[..], "a zip archive"),
        (b"\x28\xb5\x2f\xfd0000", "zstd"),
        (b"PAR1....", "Parquet"),
        (b"\xff\xfet\0i\0", "UTF-16"),
    ] {
        let error = try_read("1min", start).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_gzip_file_that_is_cut_short_anywhere_is_refused() {
    let packed = gzip(&format!("{HEADER}{}", minutes(300, 1)));
    for length in 2..packed.len() {
        let error = try_read("1min", &packed[..length]).unwrap_err();
        assert!(
            matches!(error, CsvError::GzipCutShort),
            "{length}: {error:?}"
        );
    }
    assert_eq!(try_read("1min", &packed[..]).unwrap().rows.len(), 300);
}

#[test]
fn a_gzip_file_with_a_flipped_bit_is_refused() {
    let packed = gzip(&format!("{HEADER}{}", minutes(300, 1)));
    // The header holds nothing but its magic, flags and a time.
    for byte in 10..packed.len() {
        let mut damaged = packed.clone();
        damaged[byte] ^= 0x10;
        assert!(try_read("1min", &damaged[..]).is_err(), "byte {byte}");
    }
    let mut followed = packed;
    followed.extend_from_slice(b"more");
    let error = try_read("1min", &followed[..]).unwrap_err().to_string();
    assert!(error.contains("gzip file"), "{error}");
}

#[test]
fn gzip_in_several_members_is_read_to_the_end() {
    let rows = minutes(100, 1);
    let (half, rest) = rows.split_at(rows.len() / 2 + 3);
    let mut packed = gzip(HEADER);
    packed.extend(gzip(half));
    packed.extend(gzip(rest));
    assert_eq!(canonical("1min", &packed), format!("{HEADER}{rows}"));
}

#[test]
fn a_file_that_is_not_canonical_comes_back_canonical() {
    let wanted = format!("{HEADER}{}", minutes(3, 1));
    let mark = format!("\u{feff}{wanted}");
    let crlf = wanted.replace('\n', "\r\n");
    let open = wanted.trim_end();
    let spare = format!("{wanted}\n\r\n");
    let zeros = wanted
        .replace("9.20", "09.2000000")
        .replace("9.00", "9")
        .replace(",1\n", ",1.0\n");
    let offset = wanted.replace("T14:", "T09:").replace('Z', "-05:00");
    let quoted = wanted.replace(",9.20,", ",\"9.20\",");
    for text in [&mark, &crlf, open, &spare, &zeros, &offset, &quoted] {
        assert_eq!(canonical("1min", text.as_bytes()), wanted, "{text:?}");
    }
    let rows = minutes(3, 1).replacen('\n', "\n\n", 1);
    assert!(said("1min", &rows).starts_with("line 3: the line is empty"));
}

#[test]
fn a_side_of_a_quote_is_whole_or_absent() {
    let columns = "timestamp,bid_open,bid_high,bid_low,bid_close,bid_size,\
                   ask_open,ask_high,ask_low,ask_close,ask_size\n";
    let said = |row: &str| {
        let text = format!("{columns}2013-06-27T14:00:00Z,{row}\n");
        match try_read("quotes-1min", text.as_bytes()) {
            Ok(_) => canonical("quotes-1min", text.as_bytes())
                .lines()
                .last()
                .unwrap()
                .to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let whole = "2013-06-27T14:00:00Z,30.00,30.00,30.00,30.00,300,,,,,0";
    assert_eq!(said("30.00,30.00,30.00,30.00,300,,,,,0"), whole);
    assert_eq!(said("30,30,30,30,300,,,,,"), whole);
    assert!(said("30,30,,30,300,,,,,0").contains("the bid is there in part"));
    assert!(said("30,30,30,30,300,,,,,7").contains("the ask is there in part"));
    assert!(said(",,,,0,,,,,0").contains("neither a bid nor an ask"));
    assert!(said("30,30,30,31,1,31,31,31,31,1").contains("bid: high 30 is below"));
    assert!(said("30,30,30,30,1,31,31,31,x,1").contains("ask_close: \"x\" is not"));
}

#[test]
fn ticks_are_refused_for_what_only_ticks_can_get_wrong() {
    let trades = "timestamp,price,size,exchange,sale_condition_hex,suspicious\n";
    let said = |rows: &str| match try_read("trades", format!("{trades}{rows}").as_bytes()) {
        Ok(read) => format!("{} rows", read.rows.len()),
        Err(error) => error.to_string(),
    };
    let good = "2013-10-07T14:00:00.688Z,49.18,300,P,2000,0\n";
    assert_eq!(said(&good.repeat(2)), "2 rows");
    assert!(said(&good.replace("688", "6881")).contains("finer than a millisecond"));
    assert!(said(&good.replace(",0\n", ",true\n")).contains("suspicious \"true\" is neither"));
    assert!(said(&good.replace(",P,", ",Pé,")).contains("no text of at most 32 printable"));
    let back = format!("{good}2013-10-07T14:00:00.687Z,49.18,300,P,2000,0\n");
    assert!(said(&back).contains("goes back behind"));
    let quotes = "timestamp,side,price,size,exchange,quote_condition,suspicious\n\
                  2013-10-07T14:00:00.054Z,asks,183.63,100,Q,1,0\n";
    let error = try_read("quotes", quotes.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("side \"asks\" is neither bid nor ask"),
        "{error}"
    );
}

#[test]
fn an_endless_line_and_too_many_rows_are_refused_before_they_fill_the_memory() {
    let endless = HEADER
        .as_bytes()
        .chain(std::io::repeat(b'9').take(50_000_000));
    let error = try_read("1min", endless).unwrap_err().to_string();
    assert!(
        error.starts_with("line 2: the line is longer than 1024 bytes"),
        "{error}"
    );
    let mut rules = Rules::new(Calendar::nyse());
    rules.rows_max = 10;
    let text = format!("{HEADER}{}", minutes(11, 1));
    let error = read(text.as_bytes(), series("1min"), &rules, &mut |_| ()).unwrap_err();
    assert!(matches!(error, CsvError::TooManyRows(10)), "{error}");
}

/// Fails in the middle, as a full disk or a broken connection does.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(std::io::Error::other("the connection broke")),
            n => Ok(n),
        }
    }
}

#[test]
fn a_failing_input_is_not_taken_for_the_end_of_the_file() {
    let text = format!("{HEADER}{}", minutes(3, 1));
    let packed = gzip(&text);
    for input in [text.as_bytes(), &packed[..packed.len() / 2], b"", b"ti"] {
        let error = try_read("1min", Broken(input)).unwrap_err();
        assert!(matches!(error, CsvError::Input(_)), "{error:?}");
    }
}

#[test]
fn progress_counts_bytes_as_they_come_and_ends_with_all_of_them() {
    let text = format!("{HEADER}{}", crate::csv_properties::many_minutes(20_000));
    let packed = gzip(&text);
    let mut heard: Vec<Progress> = Vec::new();
    let mut listen = |progress| heard.push(progress);
    let read = read(
        &packed[..],
        series("1min"),
        &Rules::new(Calendar::nyse()),
        &mut listen,
    );
    assert!(matches!(read.unwrap().rows, Rows::Bars(rows) if rows.len() == 20_000));
    assert_eq!(heard.len(), 3);
    assert!(heard.is_sorted_by(|a, b| a.rows < b.rows && a.bytes <= b.bytes));
    let last = heard.last().unwrap();
    assert_eq!((last.bytes, last.rows), (packed.len() as u64, 20_000));
}
