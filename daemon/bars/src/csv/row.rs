//! One row of each kind, from the fields of its line. Whether it may follow the row before is
//! decided in `read`.

use trader_contract::{Bar, BarError, Price, Timestamp};

use super::field::{Times, flag, price, shares, short_text, with_fields};
use super::problem::{Problem, excerpt};
use crate::rows::{QuoteBar, QuoteSide, QuoteTick, SideBar, TradeTick};

/// A kind of row that a line can be read as.
pub(super) trait Row: Sized {
    /// Whether two rows may have the same time.
    const SHARES_TIMES: bool;
    /// Reads the fields of a line.
    fn read(line: &[u8], times: &mut Times) -> Result<Self, Problem>;
    /// When it starts or happened.
    fn at(&self) -> Timestamp;
}

impl Row for Bar {
    const SHARES_TIMES: bool = false;

    fn read(line: &[u8], times: &mut Times) -> Result<Self, Problem> {
        with_fields(line, |[at, open, high, low, close, volume]| {
            let start = times.read(at)?;
            let prices = [
                price("open", open)?,
                price("high", high)?,
                price("low", low)?,
                price("close", close)?,
            ];
            let volume = shares("volume", volume)?;
            Self::new(start, prices, volume).map_err(|why| Problem::Prices { side: None, why })
        })
    }

    fn at(&self) -> Timestamp {
        self.start
    }
}

/// The names of one side's columns.
struct SideColumns {
    side: &'static str,
    open: &'static str,
    high: &'static str,
    low: &'static str,
    close: &'static str,
    size: &'static str,
}

const BID: SideColumns = SideColumns {
    side: "bid",
    open: "bid_open",
    high: "bid_high",
    low: "bid_low",
    close: "bid_close",
    size: "bid_size",
};
const ASK: SideColumns = SideColumns {
    side: "ask",
    open: "ask_open",
    high: "ask_high",
    low: "ask_low",
    close: "ask_close",
    size: "ask_size",
};

impl SideColumns {
    fn read(&self, fields: [&[u8]; 5]) -> Result<Option<SideBar>, Problem> {
        let [open, high, low, close, size] = fields;
        let prices = [open, high, low, close];
        if prices.iter().all(|text| text.is_empty()) {
            return if size.is_empty() || shares(self.size, size)? == 0 {
                Ok(None)
            } else {
                Err(Problem::HalfSide(self.side))
            };
        }
        if prices.iter().any(|text| text.is_empty()) {
            return Err(Problem::HalfSide(self.side));
        }
        let prices: [Price; 4] = [
            price(self.open, open)?,
            price(self.high, high)?,
            price(self.low, low)?,
            price(self.close, close)?,
        ];
        let size = shares(self.size, size)?;
        // A bar's rules hold for the prices of a side too.
        let wrong = |why: BarError| Problem::Prices {
            side: Some(self.side),
            why,
        };
        let bar = Bar::new(Timestamp::MIN, prices, size).map_err(wrong)?;
        Ok(Some(SideBar {
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            size,
        }))
    }
}

impl Row for QuoteBar {
    const SHARES_TIMES: bool = false;

    fn read(line: &[u8], times: &mut Times) -> Result<Self, Problem> {
        with_fields(line, |[at, bo, bh, bl, bc, bs, ao, ah, al, ac, az]| {
            let start = times.read(at)?;
            let bid = BID.read([bo, bh, bl, bc, bs])?;
            let ask = ASK.read([ao, ah, al, ac, az])?;
            if bid.is_none() && ask.is_none() {
                return Err(Problem::NoSide);
            }
            Ok(Self { start, bid, ask })
        })
    }

    fn at(&self) -> Timestamp {
        self.start
    }
}

impl Row for TradeTick {
    const SHARES_TIMES: bool = true;

    fn read(line: &[u8], times: &mut Times) -> Result<Self, Problem> {
        with_fields(
            line,
            |[at, dollars, size, exchange, condition, suspicious]| {
                Ok(Self {
                    at: to_the_millisecond(times.read(at)?)?,
                    price: price("price", dollars)?,
                    size: shares("size", size)?,
                    exchange: short_text("exchange", exchange)?,
                    condition: short_text("sale_condition_hex", condition)?,
                    suspicious: flag("suspicious", suspicious)?,
                })
            },
        )
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Row for QuoteTick {
    const SHARES_TIMES: bool = true;

    fn read(line: &[u8], times: &mut Times) -> Result<Self, Problem> {
        with_fields(
            line,
            |[at, side, dollars, size, exchange, condition, suspicious]| {
                Ok(Self {
                    at: to_the_millisecond(times.read(at)?)?,
                    side: match side {
                        b"bid" => QuoteSide::Bid,
                        b"ask" => QuoteSide::Ask,
                        other => return Err(Problem::Side(excerpt(other))),
                    },
                    price: price("price", dollars)?,
                    size: shares("size", size)?,
                    exchange: short_text("exchange", exchange)?,
                    condition: short_text("quote_condition", condition)?,
                    suspicious: flag("suspicious", suspicious)?,
                })
            },
        )
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

fn to_the_millisecond(at: Timestamp) -> Result<Timestamp, Problem> {
    match at.nanos().checked_rem(1_000_000) {
        Some(0) => Ok(at),
        _ => Err(Problem::TooFine(at)),
    }
}
