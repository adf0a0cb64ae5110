//! What is written is read back, for random rows of every kind; the same rows give the same bytes.

use bytes::Bytes;
use proptest::prelude::*;
use trader_contract::Timestamp;

use super::*;
use crate::dates::Window;
use crate::row::{Row, with_rows};
use crate::rows::Rows;
use crate::samples;
use crate::series::Kind;

const ALWAYS: Window = Window {
    from: Timestamp::MIN,
    until: Timestamp::MAX,
};

fn header(kind: Kind) -> Header {
    Header {
        series: samples::series(kind),
        source: "a source".to_owned(),
        feed: "a feed".to_owned(),
        adjustment: Adjustment::Raw,
    }
}

fn marks(rows: &Rows) -> Vec<bool> {
    (0..rows.len()).map(|index| index % 3 == 0).collect()
}

fn decoded(file: &[u8], kind: Kind, window: Window) -> Result<Rows, DecodeError> {
    let mut rows = Rows::none(kind);
    decode(Bytes::copy_from_slice(file), kind, window, &mut rows)?;
    Ok(rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back((kind, rows) in samples::any_rows()) {
        let file = encode(&header(kind), &rows, &marks(&rows)).unwrap();
        prop_assert_eq!(&encode(&header(kind), &rows, &marks(&rows)).unwrap(), &file);
        prop_assert_eq!(&decoded(&file, kind, ALWAYS).unwrap(), &rows);
        let all = decode_all(Bytes::from(file), &header(kind)).unwrap();
        prop_assert_eq!(all, (rows.clone(), marks(&rows)));
    }

    #[test]
    fn a_window_gives_the_rows_in_it((kind, rows) in samples::any_rows(), from in 0..400_i64, length in 0..400_i64) {
        let start = samples::START.plus_seconds(from);
        let window = Window { from: start, until: start.plus_seconds(length) };
        let file = encode(&header(kind), &rows, &marks(&rows)).unwrap();
        let found = decoded(&file, kind, window).unwrap();
        let inside = |at| window.from <= at && at < window.until;
        let wanted = with_rows!(&rows, list => list.iter().filter(|row| inside(row.at())).count());
        let right = with_rows!(&found, list => list.iter().all(|row| inside(row.at())));
        prop_assert!(right && found.len() == wanted);
    }
}

#[test]
fn groups_outside_the_window_are_skipped_and_those_inside_are_joined() {
    let bars = samples::minutes(samples::START, 2 * GROUP_ROWS + 10);
    let rows = Rows::Bars(bars.clone());
    let kind = samples::MINUTES;
    let file = encode(&header(kind), &rows, &vec![false; rows.len()]).unwrap();
    assert_eq!(decoded(&file, kind, ALWAYS).unwrap(), rows);
    let (first, last) = (GROUP_ROWS - 3, GROUP_ROWS + 4);
    let window = Window {
        from: bars[first].start,
        until: bars[last].start,
    };
    let found = decoded(&file, kind, window).unwrap();
    assert_eq!(found, Rows::Bars(bars[first..last].to_vec()));
}

#[test]
fn a_file_of_another_kind_or_with_other_notes_is_refused() {
    let rows = Rows::Bars(samples::minutes(samples::START, 3));
    let file = encode(&header(samples::MINUTES), &rows, &[false; 3]).unwrap();
    let error = decoded(&file, Kind::Trades, ALWAYS).unwrap_err();
    assert_eq!(error.to_string(), "its columns are not those of trades");
    let mut other = header(samples::MINUTES);
    other.feed = "another".to_owned();
    let error = decode_all(Bytes::from(file.clone()), &other).unwrap_err();
    assert!(error.to_string().contains("trader.feed"), "{error}");
    for length in [0, 3, 12, file.len() / 2, file.len() - 1] {
        assert!(decoded(&file[..length], samples::MINUTES, ALWAYS).is_err());
    }
}
