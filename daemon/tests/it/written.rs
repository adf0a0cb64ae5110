//! A market that a test writes minute by minute: AAPL as it is written, and MSFT as its mirror image, each
//! traded by a strategy that moves its stop, so that a long and a short position live through the same.

use std::fmt::Write as _;
use std::time::Duration;

use rust_decimal::Decimal;
use tempfile::TempDir;
use trader_calendar::Calendar;
use trader_contract::{Price, Timestamp};
use trader_rpc::Client;
use trader_rpc::method::call;

use crate::daemon::{Daemon, Place, change, until};
use crate::simulator::{Exchange, Placed};

/// What is bought, and what is sold short.
pub(crate) const LONG: &str = "AAPL";
pub(crate) const SHORT: &str = "MSFT";
/// Both.
pub(crate) const BOTH: [&str; 2] = [LONG, SHORT];

/// Where both stand at first, in cents; each price of the one lies as far above it as the other's below.
const MIDDLE: i64 = 20_000;
/// How far a minute in which nothing happens goes up and down, in cents.
const STIR: i64 = 2;

/// Open, high, low and close of a minute, in cents.
type Candle = [i64; 4];

/// A strong candle, after which a stop order waits for 200.31 with its stop at 199.78.
const SIGNAL: Candle = [20_000, 20_030, 19_998, 20_028];
/// The price goes back to where it was.
const BACK: Candle = [20_028, 20_030, 19_998, 20_000];
/// The price goes through 200.31 half a minute after its begin.
const BREAK: Candle = [20_000, 20_062, 19_996, 20_060];
/// A pullback and what ends it: the stop is to go to 200.40.
const PULLBACK: [Candle; 3] = [
    [20_060, 20_062, 20_040, 20_045],
    [20_045, 20_062, 20_044, 20_060],
    [20_060, 20_077, 20_058, 20_075],
];

/// The minutes that are written, the first of them; before and after them nothing happens.
pub(crate) struct Written {
    from: Timestamp,
    candles: Vec<Candle>,
}

impl Written {
    /// Three signals from a minute on. The first that is heard is taken, and its order waits.
    pub(crate) fn signals(from: &str) -> Self {
        Self {
            from: from.parse().unwrap(),
            candles: vec![SIGNAL, BACK, SIGNAL, BACK, SIGNAL, BACK],
        }
    }

    /// The same, and then the order that waits fills.
    pub(crate) fn entered(from: &str) -> Self {
        Self::signals(from).then(BREAK)
    }

    /// The same, and then the stop is to move.
    pub(crate) fn pulled_back(from: &str) -> Self {
        PULLBACK.into_iter().fold(Self::entered(from), Self::then)
    }

    /// One minute more.
    pub(crate) fn then(mut self, candle: Candle) -> Self {
        self.candles.push(candle);
        self
    }

    /// What happens to the long one in the minute that starts at `at`.
    fn candle(&self, at: Timestamp) -> Candle {
        let minutes = at.since(self.from).div_euclid(Timestamp::MINUTE);
        let quiet = |price: i64| [price, price + STIR, price - STIR, price];
        let Ok(place) = usize::try_from(minutes) else {
            return quiet(MIDDLE);
        };
        let last = self.candles.last().map_or(MIDDLE, |last| last[3]);
        self.candles.get(place).copied().unwrap_or(quiet(last))
    }

    /// A folder of the session of these minutes and the one after it.
    fn folder(&self) -> TempDir {
        let calendar = Calendar::nyse();
        let today = calendar.session_at(self.from).unwrap().unwrap();
        let tomorrow = calendar.next_session_after(today.open).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut texts = ["timestamp,open,high,low,close,volume\n"; 2].map(str::to_owned);
        for session in [today, tomorrow] {
            for minute in 0..session.minutes() {
                let at = session.open.plus_minutes(minute);
                let [open, high, low, close] = self.candle(at);
                let mirrored = [open, low, high, close].map(|price| 2 * MIDDLE - price);
                for (text, candle) in texts.iter_mut().zip([[open, high, low, close], mirrored]) {
                    let [open, high, low, close] =
                        candle.map(|cents| Price::from_cents(cents).unwrap());
                    writeln!(text, "{at},{open},{high},{low},{close},100000").unwrap();
                }
            }
        }
        for (symbol, text) in BOTH.into_iter().zip(texts) {
            std::fs::write(folder.path().join(format!("{symbol}.csv")), text).unwrap();
        }
        folder
    }

    /// An exchange where this is the market. What fills there fills whole.
    pub(crate) fn exchange(&self, start: &str, pace: u32) -> Exchange {
        let folder = self.folder();
        let market = folder.path().display().to_string();
        let exchange = Exchange::of_market(&market, start, pace);
        exchange.admin(
            "exchange",
            serde_json::json!({"partial_fill_probability": 0}),
        );
        exchange
    }
}

/// A daemon's folder with a route for each side; `more` is what is said beside the usual.
pub(crate) fn place(exchange: &Exchange, more: &str) -> Place {
    let route = |name: &str, symbol: &str| {
        format!(
            "[[route]]\nname = \"{name}\"\nstrategy = \"velez\"\nsymbols = [\"{symbol}\"]\n\
             timeframe_minutes = 1\nsettings = {{ sides = \"{name}\", sma_fast = 1, sma_slow = 2, \
             entry_expiry_bars = 10, stop_buffer_pct = 0, stop_buffer_min = 0.2, run_bars_max = 1000 }}\n"
        )
    };
    let routes = route("long", LONG) + &route("short", SHORT);
    exchange.place_of(&routes, more)
}

/// Starts, and waits until both sides are entered and have a stop for every share. Nothing is entered
/// after that.
pub(crate) fn start_and_enter(place: &Place) -> (Daemon, Client) {
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| {
        status.positions == 2 && status.unprotected_positions == 0
    });
    change::<call::Pause>(&client, "no-more").unwrap();
    (daemon, client)
}

/// The shares that an exchange holds of a symbol by these orders, sold ones below zero.
pub(crate) fn held(orders: &[Placed], symbol: &str) -> Decimal {
    let of_symbol = orders.iter().filter(|order| order.symbol == symbol);
    of_symbol.map(Placed::moved).sum()
}

/// The open stop of a symbol that would close what is held of it, whole.
pub(crate) fn stop<'a>(orders: &'a [Placed], symbol: &str) -> Option<&'a Placed> {
    let held = held(orders, symbol);
    let side = if held > Decimal::ZERO { "sell" } else { "buy" };
    orders.iter().find(|order| {
        let protects = order.kind == "stop" && order.side == side && order.is_open();
        order.symbol == symbol && protects && order.qty - order.filled == held.abs()
    })
}

/// Where the open stop of a symbol rests.
pub(crate) fn stop_at(orders: &[Placed], symbol: &str) -> Option<String> {
    let price = stop(orders, symbol)?.stop?;
    Some(price.normalize().to_string())
}

/// Looks at the exchange again and again until `over`; each look is shown to `check`.
pub(crate) fn watch(
    (exchange, client): (&Exchange, &Client),
    mut check: impl FnMut(&[Placed]),
    over: impl Fn(&[Placed]) -> bool,
) {
    let mut last = Vec::new();
    for _ in 0..6_000 {
        last = exchange.orders();
        check(&last);
        if over(&last) {
            return;
        }
        client.wait(Duration::from_millis(10));
    }
    panic!("it never came to that: {last:#?}");
}

/// Fails unless each symbol was entered by one order and closed by one, share for share.
pub(crate) fn assert_closed_once(orders: &[Placed]) {
    for symbol in BOTH {
        let mut filled = orders
            .iter()
            .filter(|order| order.symbol == symbol && order.filled > Decimal::ZERO);
        let both = (filled.next(), filled.next(), filled.next());
        let (Some(entry), Some(exit), None) = both else {
            panic!("{symbol} was not entered once and closed once: {orders:#?}");
        };
        assert_ne!(entry.side, exit.side, "{orders:#?}");
        assert_eq!(entry.filled, exit.filled, "{orders:#?}");
    }
    let open: Vec<&Placed> = orders.iter().filter(|order| order.is_open()).collect();
    assert!(open.is_empty(), "{open:#?}");
}
