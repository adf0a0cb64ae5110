//! What may be risked and when: `[risk]`, `[session]`, `[orders]` and `[stop]`. The ranges are the
//! ceilings of this program: no configuration can go past them.

use serde::Serialize;
use trader_contract::{Money, Ratio, Symbol};
use trader_core::risk::waiver::ceilings;

use super::section::{Section, choice};
use super::{dollars, ratio};

/// The limits of the risk gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The share of equity that one trade may lose at its stop: 0.0001 to 0.02.
    pub risk_per_trade: Ratio,
    /// The dollars that one trade may lose at its stop: 1 to 10000.
    pub risk_per_trade_max: Money,
    /// The share of equity that one position may be worth: 0.01 to 1.
    pub position_fraction: Ratio,
    /// The dollars that one position may be worth: 100 to 1000000.
    pub max_position_value: Money,
    /// What all positions and waiting entries may be worth, as a multiple of equity: 0.01 to 4.
    pub max_gross_exposure: Ratio,
    /// By how much one side may outweigh the other, waiting entries filled, as a multiple of equity:
    /// 0.01 to 4.
    pub max_net_exposure: Ratio,
    /// What the positions and waiting entries of one route may be worth, as a multiple of equity: 0.01
    /// to 4.
    pub max_route_exposure: Ratio,
    /// The share of the broker's buying power that entries leave alone: 0 to 0.9.
    pub buying_power_reserve: Ratio,
    /// Positions and waiting entries at one time: 1 to 50.
    pub max_open_positions: u32,
    /// Shares of one order: 1 to 100000.
    pub max_order_shares: u32,
    /// Dollars of one order: 100 to 1000000.
    pub max_order_value: Money,
    /// The shares of one order, as a share of the symbol's average daily volume: 0.0001 to 0.1.
    pub volume_share: Ratio,
    /// The share of the equity at the open whose loss stops the day: 0.001 to 0.1.
    pub daily_loss_fraction: Ratio,
    /// How far below its highest equity at a close the account may be, as a share of it: 0.01 to 0.5.
    pub max_drawdown: Ratio,
    /// Losing trades in a row that stop the day: 1 to 20.
    pub consecutive_losses: u32,
    /// How often.
    #[serde(flatten)]
    pub rates: Rates,
    /// At which prices.
    #[serde(flatten)]
    pub prices: Prices,
    /// Symbols that are never entered, whatever the routes say.
    pub restricted: Vec<Symbol>,
    /// Dollars per share added to the distance of the stop when a trade is sized: 0 to 5.
    pub slippage_allowance: Money,
}

impl Risk {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let positions = dollars(100)..=ceilings::VALUE;
        let multiples = ratio(10)..=ceilings::EXPOSURE;
        let risk = Self {
            risk_per_trade: section.ratio(
                "risk_per_trade",
                ratio(5),
                tenth_of(ratio(1))..=ceilings::RISK_PER_TRADE,
            ),
            risk_per_trade_max: section.money(
                "risk_per_trade_max",
                dollars(500),
                dollars(1)..=ceilings::RISK_PER_TRADE_MAX,
            ),
            position_fraction: section.ratio(
                "position_fraction",
                ratio(250),
                ratio(10)..=ceilings::POSITION_FRACTION,
            ),
            max_position_value: section.money(
                "max_position_value",
                dollars(25_000),
                positions.clone(),
            ),
            max_gross_exposure: section.ratio("max_gross_exposure", ratio(1000), multiples.clone()),
            max_net_exposure: section.ratio("max_net_exposure", ratio(1000), multiples.clone()),
            max_route_exposure: section.ratio("max_route_exposure", ratio(1000), multiples),
            buying_power_reserve: section.ratio(
                "buying_power_reserve",
                ratio(50),
                Ratio::ZERO..=ratio(900),
            ),
            max_open_positions: section.integer(
                "max_open_positions",
                5,
                1..=ceilings::OPEN_POSITIONS,
            ),
            max_order_shares: section.integer(
                "max_order_shares",
                5_000,
                1..=ceilings::ORDER_SHARES,
            ),
            max_order_value: section.money("max_order_value", dollars(25_000), positions),
            volume_share: section.ratio(
                "volume_share",
                ratio(10),
                tenth_of(ratio(1))..=ceilings::VOLUME_SHARE,
            ),
            daily_loss_fraction: section.ratio(
                "daily_loss_fraction",
                ratio(20),
                ratio(1)..=ceilings::DAILY_LOSS,
            ),
            max_drawdown: section.ratio("max_drawdown", ratio(200), ratio(10)..=ceilings::DRAWDOWN),
            consecutive_losses: section.integer("consecutive_losses", 4, 1..=20),
            rates: Rates::read(&mut section),
            prices: Prices::read(&mut section),
            restricted: section.symbols("restricted"),
            slippage_allowance: section.money(
                "slippage_allowance",
                Money::from_micros(20_000),
                Money::ZERO..=dollars(5),
            ),
        };
        section.finish();
        risk
    }
}

/// How often things may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// Entries of one route in a session: 1 to 100.
    pub entries_per_route_per_day: u32,
    /// Entries sent in a minute, over all routes: 1 to 120.
    pub orders_per_minute: u32,
    /// Entries sent in a minute in one symbol: 1 to 60.
    pub orders_per_minute_per_symbol: u32,
    /// Messages to the broker in a minute, cancels and changes included, after which entries halt: 10
    /// to 600.
    pub messages_per_minute: u32,
    /// Moves of one symbol's stop in a minute; more of them wait: 1 to 30.
    pub stop_moves_per_minute_per_symbol: u32,
    /// Cancels of a session for each fill of it, after which a person is told; 0 turns it off: 0 to 1000.
    pub cancels_per_fill: u32,
    /// Milliseconds in which the same entry (symbol, side, quantity) is not sent twice: 0 to 60000.
    pub duplicate_window_ms: u32,
}

impl Rates {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            entries_per_route_per_day: section.integer(
                "entries_per_route_per_day",
                10,
                1..=ceilings::ENTRIES_PER_ROUTE,
            ),
            orders_per_minute: section.integer(
                "orders_per_minute",
                30,
                1..=ceilings::ENTRIES_PER_MINUTE,
            ),
            orders_per_minute_per_symbol: section.integer(
                "orders_per_minute_per_symbol",
                6,
                1..=ceilings::ENTRIES_PER_MINUTE_SYMBOL,
            ),
            messages_per_minute: section.integer(
                "messages_per_minute",
                180,
                10..=ceilings::MESSAGES_PER_MINUTE,
            ),
            stop_moves_per_minute_per_symbol: section.integer(
                "stop_moves_per_minute_per_symbol",
                6,
                1..=ceilings::STOP_MOVES_PER_MINUTE,
            ),
            cancels_per_fill: section.integer("cancels_per_fill", 10, 0..=1_000),
            duplicate_window_ms: section.integer("duplicate_window_ms", 2_000, 0..=60_000),
        }
    }
}

/// At which prices the gate lets an entry through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prices {
    /// How far an order's price may be from the last price seen, as a share of it: 0.001 to 0.1.
    pub price_collar: Ratio,
    /// How far beyond its trigger or the last price an entry without a limit is counted as filling, as
    /// a share of it: 0 to 0.1.
    pub fill_collar: Ratio,
    /// The widest spread that is entered at the market, as a share of the bid: 0.0001 to 0.05.
    pub max_spread: Ratio,
    /// Seconds that a quote may be old for an entry at the market: 1 to 60.
    pub quote_age_seconds: u32,
}

impl Prices {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            price_collar: section.ratio(
                "price_collar",
                ratio(50),
                ratio(1)..=ceilings::PRICE_COLLAR,
            ),
            fill_collar: section.ratio("fill_collar", ratio(40), Ratio::ZERO..=ratio(100)),
            max_spread: section.ratio(
                "max_spread",
                ratio(10),
                tenth_of(ratio(1))..=ceilings::SPREAD,
            ),
            quote_age_seconds: section.integer("quote_age_seconds", 3, 1..=60),
        }
    }
}

const fn tenth_of(ratio: Ratio) -> Ratio {
    Ratio::from_billionths(ratio.billionths().div_euclid(10))
}

choice! {
    /// What becomes of positions at the end of the day.
    EndOfDay {
        /// They are closed before the close.
        Flat = "flat",
        /// They stay over the night: for backtests only, see [`super::Config::for_trading`].
        Hold = "hold",
    }
}

/// The end of a session, and its deadlines in minutes before the close, half days included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRules {
    /// What becomes of positions; the deadlines below are those of days that end flat.
    pub end_of_day: EndOfDay,
    /// No new entries from here on: 2 to 180.
    pub entries_stop_minutes_before_close: u16,
    /// Positions are closed from here on: 2 to 120.
    pub flatten_minutes_before_close: u16,
    /// Whatever is still open here is a critical alert: 1 to 60.
    pub flat_deadline_minutes_before_close: u16,
}

impl SessionRules {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let place = section.place();
        let rules = Self {
            end_of_day: section.word("end_of_day", EndOfDay::Flat),
            entries_stop_minutes_before_close: section.integer(
                "entries_stop_minutes_before_close",
                15,
                2..=180,
            ),
            flatten_minutes_before_close: section.integer(
                "flatten_minutes_before_close",
                5,
                2..=120,
            ),
            flat_deadline_minutes_before_close: section.integer(
                "flat_deadline_minutes_before_close",
                2,
                1..=60,
            ),
        };
        let flatten = rules.flatten_minutes_before_close;
        if rules.entries_stop_minutes_before_close < flatten {
            let message = format!(
                "{} is later than flatten_minutes_before_close = {flatten}, so an entry could follow the flatten; \
                 make it {flatten} or more",
                rules.entries_stop_minutes_before_close
            );
            section.problem(place.clone(), "entries_stop_minutes_before_close", message);
        }
        if rules.flat_deadline_minutes_before_close >= flatten {
            let message = format!(
                "{} leaves no time to flatten, which begins at flatten_minutes_before_close = {flatten}; \
                 make it less than {flatten}",
                rules.flat_deadline_minutes_before_close
            );
            section.problem(place, "flat_deadline_minutes_before_close", message);
        }
        section.finish();
        rules
    }
}

/// How long the order manager waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRules {
    /// Milliseconds from an entry's first partial fill until the rest is cancelled, so that a stop
    /// can rest for what has filled: 0 to 4000.
    pub partial_fill_patience_ms: u32,
    /// Milliseconds from a fill until its stop must rest, or the position is closed: 1000 to 30000.
    pub protect_within_ms: u32,
}

impl OrderRules {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let place = section.place();
        let rules = Self {
            partial_fill_patience_ms: section.integer("partial_fill_patience_ms", 1_000, 0..=4_000),
            protect_within_ms: section.integer("protect_within_ms", 5_000, 1_000..=30_000),
        };
        if rules.partial_fill_patience_ms >= rules.protect_within_ms {
            let message = format!(
                "{} leaves no time to rest the stop within protect_within_ms = {}; make it less",
                rules.partial_fill_patience_ms, rules.protect_within_ms
            );
            section.problem(place, "partial_fill_patience_ms", message);
        }
        section.finish();
        rules
    }
}

choice! {
    /// What happens to open positions when the daemon is stopped.
    StopPositions {
        /// They stay, each with its stop resting at the broker.
        Keep = "keep",
        /// They are closed before the daemon ends.
        Flatten = "flatten",
    }
}

/// What `stop` and SIGTERM do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopRules {
    /// What happens to open positions.
    pub open_positions: StopPositions,
}

impl StopRules {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let rules = Self {
            open_positions: section.word("open_positions", StopPositions::Keep),
        };
        section.finish();
        rules
    }
}
