//! Random rows of every kind come back as they were written; how the input is cut into pieces does
//! not matter; no damage to a file makes rows that break a rule.

use std::io::Read;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use trader_bars::csv::{CsvError, ReadRows, Rules, read, write};
use trader_bars::hours::HoursCursor;
use trader_bars::{Kind, QuoteBar, QuoteSide, QuoteTick, Rows, Series, SideBar, TradeTick};
use trader_calendar::{Calendar, Session, new_york};
use trader_contract::{Bar, Price, Timestamp};

const KINDS: [&str; 10] = [
    "1s",
    "1min",
    "1hour",
    "1day",
    "quotes-1s",
    "quotes-1min",
    "quotes-1hour",
    "quotes-1day",
    "trades",
    "quotes",
];

fn sessions() -> Vec<Session> {
    let dates = "2023-01-01".parse().unwrap()..="2024-12-31".parse().unwrap();
    Calendar::nyse().sessions(dates).unwrap().to_vec()
}

/// Minutes of as many sessions as it takes.
pub(crate) fn many_minutes(count: usize) -> String {
    let starts = sessions().into_iter().flat_map(|session| {
        (0..session.minutes()).map(move |minute| session.open.plus_minutes(minute))
    });
    starts
        .take(count)
        .map(|start| format!("{start},9.10,9.20,9.00,9.15,7\n"))
        .collect()
}

/// Some starts of rows of a kind: times that are fit for it, in order.
fn times(kind: Kind, places: &[(usize, u32)]) -> Vec<Timestamp> {
    let sessions = sessions();
    let mut times: Vec<_> = places
        .iter()
        .map(|&(day, millis)| {
            let session = &sessions[day % sessions.len()];
            let step = kind
                .resolution()
                .map_or(1_000_000, |resolution| resolution.nanos());
            let at = session.open.plus_nanos(i64::from(millis) * 1_000_000);
            match kind {
                Kind::Bars(trader_bars::Resolution::Day)
                | Kind::Quotes(trader_bars::Resolution::Day) => {
                    new_york::timestamp(session.date.into()).unwrap()
                }
                _ => Timestamp::from_nanos(at.nanos() / step * step),
            }
        })
        .collect();
    times.sort_unstable();
    if kind.resolution().is_some() {
        times.dedup();
    }
    times
}

fn a_price() -> impl Strategy<Value = Price> {
    prop_oneof![
        3 => (100_i64..50_000).prop_map(|cents| Price::from_cents(cents).unwrap()),
        1 => (1_i64..=Price::MAX_MICROS).prop_map(|micros| Price::from_micros(micros).unwrap()),
    ]
}

fn four_prices() -> impl Strategy<Value = [Price; 4]> {
    [a_price(), a_price(), a_price(), a_price()].prop_map(|mut prices| {
        prices.sort_unstable();
        let [low, open, close, high] = prices;
        [open, high, low, close]
    })
}

fn a_side() -> impl Strategy<Value = Option<SideBar>> {
    proptest::option::weighted(0.8, (four_prices(), 0_u64..1_000_000)).prop_map(|side| {
        side.map(|([open, high, low, close], size)| SideBar {
            open,
            high,
            low,
            close,
            size,
        })
    })
}

/// Content for one row of any kind.
#[derive(Debug, Clone)]
struct Content {
    prices: [Price; 4],
    bid: Option<SideBar>,
    ask: Option<SideBar>,
    size: u64,
    exchange: String,
    condition: String,
    flag: bool,
}

fn content() -> impl Strategy<Value = Content> {
    let texts = ("[ -~]{0,3}", "[ -~]{0,32}");
    let parts = (
        four_prices(),
        a_side(),
        a_side(),
        0_u64..=1_000_000_000_000_000,
        texts,
        any::<bool>(),
    );
    parts.prop_map(
        |(prices, bid, ask, size, (exchange, condition), flag)| Content {
            prices,
            bid,
            ask,
            size,
            exchange,
            condition,
            flag,
        },
    )
}

fn rows(kind: Kind, times: &[Timestamp], contents: &[Content]) -> Rows {
    let pairs = times.iter().copied().zip(contents.iter().cloned().cycle());
    match kind {
        Kind::Bars(_) => Rows::Bars(
            pairs
                .map(|(at, c)| Bar::new(at, c.prices, c.size).unwrap())
                .collect(),
        ),
        Kind::Quotes(_) => Rows::Quotes(
            pairs
                .map(|(start, c)| {
                    let [open, high, low, close] = c.prices;
                    let whole = SideBar {
                        open,
                        high,
                        low,
                        close,
                        size: c.size,
                    };
                    let ask = if c.bid.is_none() { Some(whole) } else { c.ask };
                    QuoteBar {
                        start,
                        bid: c.bid,
                        ask,
                    }
                })
                .collect(),
        ),
        Kind::Trades => Rows::Trades(
            pairs
                .map(|(at, c)| TradeTick {
                    at,
                    price: c.prices[0],
                    size: c.size,
                    exchange: c.exchange.into(),
                    condition: c.condition.into(),
                    suspicious: c.flag,
                })
                .collect(),
        ),
        Kind::QuoteTicks => Rows::QuoteTicks(
            pairs
                .map(|(at, c)| QuoteTick {
                    at,
                    side: if c.flag {
                        QuoteSide::Bid
                    } else {
                        QuoteSide::Ask
                    },
                    price: c.prices[0],
                    size: c.size,
                    exchange: c.exchange.into(),
                    condition: c.condition.into(),
                    suspicious: !c.flag,
                })
                .collect(),
        ),
    }
}

fn random_rows() -> impl Strategy<Value = (Kind, Rows)> {
    let places = btree_set((0_usize..500, 0_u32..21_600_000), 1..25);
    (
        proptest::sample::select(&KINDS[..]),
        places,
        vec(content(), 1..25),
    )
        .prop_map(|(name, places, contents)| {
            let kind: Kind = name.parse().unwrap();
            let places: Vec<_> = places.into_iter().collect();
            (kind, rows(kind, &times(kind, &places), &contents))
        })
}

fn reread(kind: Kind, input: impl Read) -> Result<ReadRows, CsvError> {
    let series = Series {
        symbol: "SYNA".parse().unwrap(),
        kind,
    };
    read(input, series, &Rules::new(Calendar::nyse()), &mut |_| ())
}

/// Hands out at most so many bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = into.len().min(self.1);
        self.0.read(&mut into[..most])
    }
}

/// Whether rows are what [`Rows`] promises.
fn check_rules(kind: Kind, rows: &Rows) {
    let starts: Vec<Timestamp> = match rows {
        Rows::Bars(rows) => {
            for row in rows {
                let prices = [row.open, row.high, row.low, row.close];
                assert_eq!(Bar::new(row.start, prices, row.volume), Ok(*row));
            }
            rows.iter().map(|row| row.start).collect()
        }
        Rows::Quotes(rows) => {
            for row in rows {
                assert!(row.bid.is_some() || row.ask.is_some());
                for side in [row.bid, row.ask].into_iter().flatten() {
                    let prices = [side.open, side.high, side.low, side.close];
                    assert!(Bar::new(row.start, prices, side.size).is_ok());
                }
            }
            rows.iter().map(|row| row.start).collect()
        }
        Rows::Trades(rows) => rows.iter().map(|row| row.at).collect(),
        Rows::QuoteTicks(rows) => rows.iter().map(|row| row.at).collect(),
    };
    match kind.resolution() {
        Some(_) => assert!(starts.is_sorted_by(|a, b| a < b)),
        None => assert!(starts.is_sorted()),
    }
    let mut cursor = HoursCursor::new(Calendar::nyse(), kind);
    assert!(starts.iter().all(|at| cursor.hours(*at).is_ok()));
}

/// One way to damage a text.
#[derive(Debug, Clone)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Double(usize, usize),
    Swap(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0_usize..100_000;
    let byte = prop_oneof![
        proptest::sample::select(&b"0123456789.,:-TZ\"\r\n eN"[..]),
        any::<u8>(),
    ];
    prop_oneof![
        (at.clone(), byte.clone()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (at.clone(), byte).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (at.clone(), 1_usize..80).prop_map(|(at, length)| Damage::Remove(at, length)),
        (at.clone(), 1_usize..80).prop_map(|(at, length)| Damage::Double(at, length)),
        (at.clone(), at).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    let length = text.len().max(1);
    match *damage {
        Damage::Replace(at, byte) => text[at % length] = byte,
        Damage::Insert(at, byte) => text.insert(at % length, byte),
        Damage::Remove(at, count) => {
            let begin = at % length;
            text.drain(begin..(begin + count).min(length));
        }
        Damage::Double(at, count) => {
            let begin = at % length;
            let piece = text[begin..(begin + count).min(length)].to_vec();
            text.splice(begin..begin, piece);
        }
        Damage::Swap(a, b) => text.swap(a % length, b % length),
    }
    if text.is_empty() {
        text.push(b'\n');
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_rows_of_every_kind_come_back_as_they_were_written((kind, rows) in random_rows()) {
        let mut text = Vec::new();
        write(&mut text, kind, &rows).unwrap();
        let read = reread(kind, &text[..]);
        prop_assert!(read.is_ok(), "{}", read.unwrap_err());
        prop_assert_eq!(&read.as_ref().unwrap().rows, &rows);
        let mut again = Vec::new();
        write(&mut again, kind, &rows).unwrap();
        prop_assert_eq!(again, text);
    }

    #[test]
    fn how_the_input_is_cut_into_pieces_does_not_matter(
        (kind, rows) in random_rows(),
        piece in proptest::sample::select(&[1_usize, 2, 7, 64, 1000][..]),
        packed in any::<bool>(),
    ) {
        let mut text = Vec::new();
        write(&mut text, kind, &rows).unwrap();
        if packed {
            let mut gzip = flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast());
            let mut bytes = Vec::new();
            gzip.read_to_end(&mut bytes).unwrap();
            text = bytes;
        }
        let whole = reread(kind, &text[..]).unwrap();
        prop_assert_eq!(&reread(kind, Pieces(&text, piece)).unwrap(), &whole);
        prop_assert_eq!(whole.rows, rows);
    }

    #[test]
    fn no_damage_makes_rows_that_break_a_rule(
        (kind, rows) in random_rows(),
        damages in vec(damage(), 1..4),
    ) {
        let mut text = Vec::new();
        write(&mut text, kind, &rows).unwrap();
        for damage in &damages {
            apply(&mut text, damage);
        }
        match reread(kind, &text[..]) {
            Ok(read) => {
                check_rules(kind, &read.rows);
                let mut again = Vec::new();
                write(&mut again, kind, &read.rows).unwrap();
                prop_assert_eq!(reread(kind, &again[..]).unwrap().rows, read.rows);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
