//! The bytes: random bars read back, a tail that is torn off anywhere is cut at the last intact record,
//! and a flipped bit ends the reading before it.

use proptest::prelude::*;
use trader_contract::{Bar, Price, SymbolId, Timestamp};
use trader_core::Event;
use trader_core::book::Book;

use super::{Life, bar, opening};
use crate::{Beginning, Encoder, Item, ReadError, Segment, Tail};

fn fresh() -> Encoder {
    let book = Box::new(Book::default());
    Encoder::new(&opening(Beginning::Start { book, next_seq: 1 })).unwrap()
}

fn items(bytes: &[u8]) -> (Vec<Item>, Tail) {
    let mut segment = Segment::open(bytes).unwrap();
    let items: Result<Vec<Item>, ReadError> = segment.by_ref().collect();
    (items.unwrap(), segment.tail().unwrap())
}

fn any_bar() -> impl Strategy<Value = Bar> {
    let price = 1..2_000_000_000_i64;
    let unit = prop::sample::select(vec![1_i64, 100, 10_000]);
    (
        any::<i32>(),
        price,
        unit,
        prop::array::uniform3(-300_i64..300),
        any::<u64>(),
    )
        .prop_map(|(start, base, unit, steps, volume)| {
            let price = |step: i64| {
                let micros = (base / unit + step).max(1) * unit;
                Price::from_micros(micros).unwrap()
            };
            let prices = [price(0), price(steps[0]), price(steps[1]), price(steps[2])];
            Bar {
                start: Timestamp::from_seconds(i64::from(start)),
                open: prices[0],
                high: *prices.iter().max().unwrap(),
                low: *prices.iter().min().unwrap(),
                close: prices[3],
                volume,
            }
        })
}

proptest! {
    #[test]
    fn bars_read_back(
        rows in prop::collection::vec((any::<i64>(), 0..600_u32, any_bar()), 0..60),
        history in prop::collection::vec(any_bar(), 0..20),
    ) {
        let mut encoder = fresh();
        let mut expected = Vec::new();
        let symbol = SymbolId::new(3);
        let past = Event::History { symbol, bars: history.into() };
        encoder.event(Timestamp::from_seconds(7), &past).unwrap();
        expected.push(Item::Event { at: Timestamp::from_seconds(7), event: past });
        for (at, symbol, bar) in rows {
            let (at, symbol) = (Timestamp::from_nanos(at), SymbolId::new(symbol));
            encoder.bar(at, symbol, &bar);
            expected.push(Item::Event { at, event: Event::Bar { symbol, bar } });
        }
        encoder.end();
        expected.push(Item::End);
        prop_assert_eq!(items(&encoder.take()), (expected, Tail::Whole));
    }
}

fn recorded() -> Vec<u8> {
    let mut life = Life::start();
    for minute in 0..6 {
        life.bar(minute, 10_000 + minute * 10);
    }
    life.encoder.end();
    life.encoder.take()
}

#[test]
fn a_tail_torn_off_anywhere_is_cut_at_the_last_intact_record() {
    let whole = recorded();
    let (all, tail) = items(&whole);
    assert_eq!(tail, Tail::Whole);
    assert_eq!(all.last(), Some(&Item::End));
    let mut shorter = 0;
    for length in 0..whole.len() {
        let Ok(mut segment) = Segment::open(&whole[..length]) else {
            continue;
        };
        let read: Vec<Item> = segment.by_ref().map(Result::unwrap).collect();
        assert!(all.starts_with(&read), "{length} bytes");
        assert!(read.len() >= shorter, "{length} bytes");
        shorter = read.len();
        if let Some(Tail::Torn(left)) = segment.tail() {
            assert!(left > 0 && left <= length);
        }
    }
    assert_eq!(shorter, all.len() - 1);
}

#[test]
fn a_flipped_bit_ends_the_reading_before_it() {
    let whole = recorded();
    let (all, _) = items(&whole);
    for place in (0..whole.len()).step_by(3) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        let Ok(mut segment) = Segment::open(&flipped) else {
            continue;
        };
        let read: Vec<Item> = segment.by_ref().map_while(Result::ok).collect();
        assert!(all.starts_with(&read), "byte {place}");
        assert!(read.len() < all.len(), "byte {place}");
        assert_ne!(segment.tail(), Some(Tail::Whole), "byte {place}");
    }
}

#[test]
fn what_is_no_recording_and_what_is_of_another_format_is_refused() {
    assert!(matches!(Segment::open(b"PK"), Err(ReadError::NotOne)));
    let whole = recorded();
    let torn = Segment::open(&whole[..20]);
    assert!(matches!(torn, Err(ReadError::NoOpening)));
    let mut other = opening(Beginning::Continues);
    other.format = 9;
    let bytes = Encoder::new(&other).unwrap().take();
    let refused = Segment::open(&bytes).unwrap_err();
    assert!(matches!(refused, ReadError::Format(9)), "{refused}");
}

#[test]
fn a_bar_of_a_quiet_minute_takes_few_bytes() {
    let mut encoder = fresh();
    let opened = encoder.take().len();
    let count = 390;
    for minute in 0..count {
        let bar = bar(minute, 10_000 + minute % 7);
        let at = bar.start.plus_nanos(Timestamp::MINUTE);
        encoder.bar(at, SymbolId::new(0), &bar);
    }
    let bytes = encoder.take().len();
    assert!(
        opened > 0 && bytes < 16 * 390,
        "{bytes} bytes for {count} bars"
    );
}
