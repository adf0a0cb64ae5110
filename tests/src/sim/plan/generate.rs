//! Draws a plan from a seed: day, symbols, broker and limits. What fails in it is drawn by the swarm.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use trader_broker_sim::{Fees, Latency, Slippage, Split};
use trader_calendar::{Calendar, Session};
use trader_contract::{Direction, Level, Money, Price, Qty, Ratio, Symbol, Timestamp};
use trader_core::config::ForeignPolicy;
use trader_core::risk::limits::Limits;

use super::{BrokerPlan, Plan, Protocol, StrategyPlan, SymbolPlan, Without};
use super::{storm, swarm};
use crate::sim::disk::Medium;
use crate::sim::draw::Draw;

const MILLISECOND: i64 = 1_000_000;
/// Most that can be done about a date that has none.
const TRIES: u32 = 64;
/// Tickers, in alphabetical order.
const TICKERS: [&str; 6] = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"];
/// One run in so many keeps its journal as rows, and one of those in so many writes a database.
const ROWS_ONE_IN: u64 = 20;
const DATABASE_ONE_IN: u64 = 20;

/// The plan of a seed.
pub(super) fn plan(seed: u64, without: &Without) -> Plan {
    let mut draw = Draw::of(seed, "plan");
    let (session, next) = sessions(&mut draw);
    let start = session.open.plus_seconds(-draw.between(60, 600));
    let minutes = session.minutes();
    let healed_in_session = draw.coin();
    let heal_at = if healed_in_session {
        let into = draw.between(minutes * 5 / 10, minutes - 45);
        session.open.plus_minutes(into)
    } else {
        next.open.plus_minutes(-3)
    };
    let night = (session.close.plus_minutes(6), next.open.plus_minutes(-5));
    let mut plan = Plan {
        seed,
        session,
        next,
        start,
        end: next.open.plus_minutes(6),
        heal_at,
        sleeps: vec![night],
        symbols: symbols(&mut draw),
        broker: broker(&mut draw),
        limits: limits(&mut draw),
        cash: Money::dollars(draw.between(5, 250) * 1_000),
        faults: Vec::new(),
        crashes: Vec::new(),
        actions: Vec::new(),
        quotes: false,
        protocol: Protocol::Contract,
        foreign: ForeignPolicy::Surface,
        live: None,
        medium: medium(&mut draw),
    };
    let mut draw = Draw::of(seed, "night and quotes");
    plan.quotes = draw.once_in(5);
    if draw.once_in(5) {
        swarm::night(&mut plan, &mut draw, without);
    }
    swarm::fill(&mut plan, without);
    if without.calm {
        storm::rage(&mut plan, without);
    }
    speak(&mut plan, without);
    plan
}

/// Puts Alpaca's protocol between the daemon and the broker, where it is wanted. Alpaca books what it
/// charges a day later, so that no execution has a fee.
const fn speak(plan: &mut Plan, without: &Without) {
    if without.contract {
        plan.protocol = Protocol::Alpaca;
        plan.broker.fees = Fees::NONE;
    }
}

/// A short day: a quarter of an hour from the open on, and the last half hour.
pub(super) fn short_day(date: NaiveDate, seed: u64, without: &Without) -> Option<Plan> {
    let calendar = Calendar::nyse();
    let session = calendar.session(date).ok().flatten()?;
    let next = calendar.next_session_after(session.close).ok()?;
    let mut draw = Draw::of(seed, "short day");
    let sleeps = vec![
        (
            session.open.plus_minutes(15),
            session.close.plus_minutes(-30),
        ),
        (session.close.plus_minutes(3), next.open.plus_minutes(-2)),
    ];
    let mut plan = Plan {
        seed,
        session,
        next,
        start: session.open.plus_minutes(-1),
        end: session.close.plus_minutes(2),
        heal_at: session.close.plus_minutes(-8),
        sleeps,
        symbols: symbols(&mut draw),
        broker: broker(&mut draw),
        limits: limits(&mut draw),
        cash: Money::dollars(100_000),
        faults: Vec::new(),
        crashes: Vec::new(),
        actions: Vec::new(),
        quotes: false,
        protocol: Protocol::Contract,
        foreign: ForeignPolicy::Surface,
        live: None,
        medium: Medium::Rows,
    };
    plan.symbols.truncate(3);
    for symbol in &mut plan.symbols {
        symbol.strategies = vec![StrategyPlan::Chaos {
            first: if draw.coin() {
                Direction::Long
            } else {
                Direction::Short
            },
            every: 3,
        }];
    }
    swarm::fill_short(&mut plan, without);
    speak(&mut plan, without);
    Some(plan)
}

/// A short day on which nothing fails: the daemon may die at any of its calls, up to the last one.
pub(super) fn quiet_day(seed: u64) -> Option<Plan> {
    let mut draw = Draw::of(seed, "quiet day");
    let (session, _) = sessions(&mut draw);
    let without = Without {
        all_faults: true,
        crashes: true,
        actions: true,
        ..Without::default()
    };
    let mut plan = short_day(session.date, seed, &without)?;
    plan.broker.split = Split {
        probability: Ratio::from_billionths(400_000_000),
        retry: draw.between(200, 3_000) * MILLISECOND,
    };
    for symbol in &mut plan.symbols {
        // Far enough for stops to be reached.
        symbol.noise_ppm *= 3;
    }
    plan.heal_at = session.close.plus_minutes(1);
    plan.end = plan.heal_at.plus_minutes(2);
    plan.sleeps.truncate(1);
    Some(plan)
}

/// A session from 2015 to 2027 with the one after it; half days and the weeks of a change of the
/// clock are likelier than they are in a calendar.
fn sessions(draw: &mut Draw) -> (Session, Session) {
    let calendar = Calendar::nyse();
    let first = NaiveDate::from_ymd_opt(2015, 1, 2).unwrap_or_default();
    let last = NaiveDate::from_ymd_opt(2027, 12, 23).unwrap_or_default();
    let all = calendar.sessions(first..=last).unwrap_or_default();
    let wanted = draw.below(10);
    let mut found = None;
    for _ in 0..TRIES {
        let index = usize::try_from(draw.below(u64::try_from(all.len()).unwrap_or(0)));
        found = index.ok().and_then(|index| all.get(index)).copied();
        let good = found.is_none_or(|session| match wanted {
            0 => session.half_day,
            1 => changes_its_clock(&session),
            _ => true,
        });
        if good {
            break;
        }
    }
    let usual = || Session {
        date: first,
        open: Timestamp::MIN,
        close: Timestamp::MIN,
        half_day: false,
    };
    let session = found.or_else(|| all.first().copied()).unwrap_or_else(usual);
    let next = calendar
        .next_session_after(session.close)
        .unwrap_or(session);
    (session, next)
}

/// Whether New York's clock changes in the week before or after a session: the second Sunday of
/// March, the first of November.
fn changes_its_clock(session: &Session) -> bool {
    let (month, day) = (session.date.month(), session.date.day());
    (month == 3 && (6..=20).contains(&day)) || (month == 11 && day <= 12)
}

fn medium(draw: &mut Draw) -> Medium {
    match (draw.once_in(ROWS_ONE_IN), draw.once_in(DATABASE_ONE_IN)) {
        (false, _) => Medium::Memory,
        (true, false) => Medium::Rows,
        (true, true) => Medium::Database,
    }
}

fn symbols(draw: &mut Draw) -> Vec<SymbolPlan> {
    let count = usize::try_from(draw.between(3, 6)).unwrap_or(3);
    let tickers = TICKERS.iter().take(count);
    let parsed = tickers.filter_map(|ticker| ticker.parse::<Symbol>().ok());
    parsed
        .enumerate()
        .map(|(index, symbol)| SymbolPlan {
            symbol,
            price: Price::from_cents(draw.between(900, 40_000))
                .unwrap_or(crate::sim::market::FALLBACK),
            noise_ppm: draw.between(300, 1_800),
            volume: draw.below(40_000) + 800,
            strategies: strategies(draw, index),
        })
        .collect()
}

/// The first two symbols make sure that both sides are traded.
fn strategies(draw: &mut Draw, index: usize) -> Vec<StrategyPlan> {
    let first = match index {
        0 => Direction::Long,
        1 => Direction::Short,
        _ if draw.coin() => Direction::Long,
        _ => Direction::Short,
    };
    let every = u16::try_from(draw.between(6, 40)).unwrap_or(12);
    let chaos = StrategyPlan::Chaos { first, every };
    let production = [
        StrategyPlan::Velez,
        StrategyPlan::OpeningRange,
        StrategyPlan::MeanReversion,
    ];
    let other = draw.pick(&production).unwrap_or(StrategyPlan::Velez);
    match (index, draw.below(3)) {
        (0 | 1, 0) | (_, 1) => vec![chaos, other],
        (0 | 1, _) | (_, 2) => vec![chaos],
        _ => vec![other],
    }
}

fn broker(draw: &mut Draw) -> BrokerPlan {
    let delay = |draw: &mut Draw, most: i64| draw.between(1, most) * MILLISECOND;
    let splits = draw.below(3);
    let slowest = draw.between(6, 120);
    BrokerPlan {
        latency: Latency {
            request: 0,
            submit: delay(draw, 900),
            cancel: delay(draw, 700),
            replace: delay(draw, 700),
            report: 0,
            jitter: 0,
        },
        split: Split {
            probability: Ratio::from_billionths(match splits {
                0 => 0,
                1 => 150_000_000,
                _ => 600_000_000,
            }),
            retry: delay(draw, 4_000),
        },
        slippage: Slippage {
            per_share_micros: u32::try_from(draw.between(0, 20_000)).unwrap_or(0),
            basis_points: u32::try_from(draw.between(0, 3)).unwrap_or(0),
        },
        half_spread_micros: u32::try_from(draw.between(0, 15_000)).unwrap_or(0),
        fees: Fees {
            per_share: Money::from_micros(draw.between(0, 5_000)),
            per_order: Money::from_micros(draw.between(0, 1) * 350_000),
            regulatory: draw.coin(),
        },
        participation: draw
            .coin()
            .then(|| Ratio::from_billionths(draw.between(5, 100) * 1_000_000)),
        wire: (3 * MILLISECOND, slowest * MILLISECOND),
        echo: draw.coin(),
    }
}

/// From 0.3 % to 12 %, small ones likelier: a breaker that never trips proves nothing.
const fn daily_loss(number: i64) -> Ratio {
    let share = number * number * 1_000_000_000 / 1_200;
    Ratio::from_billionths(if number <= 3 { 3_000_000 } else { share })
}

/// None, or from 4 on: after fewer there would now and then be no second side.
fn consecutive_losses(draw: &mut Draw) -> u32 {
    match draw.once_in(8) {
        true => 0,
        false => u32::try_from(draw.between(4, 12)).unwrap_or(4),
    }
}

fn limits(draw: &mut Draw) -> Limits {
    let percent = |number: i64| Ratio::from_billionths(number * 10_000_000);
    let count = |draw: &mut Draw, low, high| u32::try_from(draw.between(low, high)).unwrap_or(1);
    Limits {
        risk_per_trade: percent(draw.between(1, 3)),
        risk_per_trade_max: Money::dollars(draw.between(100, 5_000)),
        position_fraction: percent(draw.between(15, 80)),
        position_value_max: Money::dollars(draw.between(4, 100) * 1_000),
        gross_exposure: percent(draw.between(80, 250)),
        net_exposure: percent(draw.between(60, 250)),
        route_exposure: percent(draw.between(50, 200)),
        buying_power_reserve: percent(draw.between(0, 10)),
        open_positions: count(draw, 2, 6),
        order_shares: Qty::shares(count(draw, 100, 5_000)).unwrap_or(Qty::ZERO),
        order_value: Money::dollars(draw.between(4, 100) * 1_000),
        volume_share: percent(draw.between(1, 5)),
        daily_loss: daily_loss(draw.between(2, 12)),
        drawdown: percent(draw.between(5, 40)),
        consecutive_losses: consecutive_losses(draw),
        entries_per_route: count(draw, 8, 40),
        entries_per_minute: count(draw, 3, 12),
        entries_per_minute_symbol: count(draw, 1, 6),
        messages_per_minute: 600,
        stop_moves_per_minute: 6,
        cancels_per_fill: 10,
        duplicate_nanos: 2 * Timestamp::SECOND,
        price_collar: percent(draw.between(5, 10)),
        fill_collar: Ratio::from_billionths(draw.between(0, 4) * 10_000_000),
        spread: percent(1),
        quote_age_nanos: 3 * Timestamp::SECOND,
        restricted: BTreeSet::new(),
        slippage_allowance: Level::from_femtos(i128::from(draw.between(0, 30_000)) * 1_000_000_000),
    }
}
