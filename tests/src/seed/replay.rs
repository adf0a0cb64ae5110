//! The seed's loop: each one-minute bar matches orders, marks, feeds the breaker and the production
//! aggregator; each candle asks the production strategy, and the production sizer for its size.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use trader_calendar::{Calendar, new_york};
use trader_contract::{Bar, Direction, Money, Qty, SessionView, Strategy, Timestamp, TradeSummary};
use trader_core::bars::{ClosedBars, SessionWindow};
use trader_core::risk::sizing::SizingRules;

use super::account::{Account, ExitReason, Position};
use super::breaker::Breaker;
use super::case::Case;
use super::error::SeedError;
use super::fills::{day_end_sell, decimal, market_sell, stop_buy, stop_sell};
use super::input::Feed;
use super::lane::Lane;
use super::rows::{Cell, Tables};

/// An entry that waits for its trigger.
pub(super) struct PendingEntry {
    pub(super) symbol: usize,
    pub(super) trigger: Decimal,
    pub(super) stop: Decimal,
    pub(super) qty: Decimal,
    pub(super) age: u16,
}

/// The first time that a stop and a queued market exit met in one bar; the seed died of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleExit {
    /// Start of the bar.
    pub at: Timestamp,
    /// Place of the symbol.
    pub symbol: usize,
    /// Trades closed before.
    pub trades: usize,
}

/// Everything that a run gave.
pub struct Replayed {
    /// Rows as in the golden files.
    pub tables: Tables,
    /// Cash and closed trades.
    pub account: Account,
    /// Equity at the end of each date.
    pub daily: Vec<Decimal>,
    /// Equity after each candle.
    pub curve: Vec<Decimal>,
    /// Where the seed would have died without its patch.
    pub stale_exit: Option<StaleExit>,
}

/// A run in progress.
pub(super) struct Replay<'a> {
    pub(super) case: &'a Case,
    pub(super) calendar: Calendar,
    pub(super) rules: SizingRules,
    pub(super) lanes: Vec<Lane>,
    pub(super) account: Account,
    pub(super) pending: Vec<PendingEntry>,
    pub(super) breaker: Breaker,
    /// UTC date and start of the last bar of any symbol.
    pub(super) last: Option<(NaiveDate, Timestamp)>,
    pub(super) session: Option<(NaiveDate, Option<SessionView>)>,
    pub(super) out: Replayed,
}

/// Runs a case over its bars.
///
/// # Errors
/// The case cannot be run: see [`SeedError`].
pub fn replay(case: &Case, feeds: &[Feed]) -> Result<Replayed, SeedError> {
    let parameters = case.parameters()?;
    let capital = case.backtest.initial_capital;
    let risk = &case.risk;
    let mut replay = Replay {
        case,
        calendar: Calendar::nyse(),
        rules: case.sizing_rules(),
        lanes: case
            .symbols
            .iter()
            .map(|symbol| Lane::new(case, symbol, parameters))
            .collect::<Result<_, _>>()?,
        account: Account::new(capital),
        pending: Vec::new(),
        breaker: Breaker::new(
            capital,
            risk.max_daily_loss_pct,
            risk.consecutive_loss_pause,
        ),
        last: None,
        session: None,
        out: Replayed {
            tables: Tables::default(),
            account: Account::new(capital),
            daily: Vec::new(),
            curve: Vec::new(),
            stale_exit: None,
        },
    };
    for feed in feeds {
        replay.on_bar(feed.symbol, &feed.bar)?;
    }
    replay.end_day();
    replay.out.account = replay.account;
    Ok(replay.out)
}

impl Replay<'_> {
    fn on_bar(&mut self, symbol: usize, bar: &Bar) -> Result<(), SeedError> {
        let date = bar.start.to_utc().date_naive();
        if self.last.is_some_and(|(current, _)| current != date) {
            self.end_day();
            self.breaker.reset(self.account.equity());
        }
        self.last = Some((date, bar.start));
        self.match_exits(symbol, bar);
        self.match_entry(symbol, bar);
        if let Some(position) = self.account.position_mut(symbol) {
            position.mark = decimal(bar.close);
        }
        self.feed_candles(symbol, bar)
    }

    /// Stops before market orders; a sell removes all other orders of the symbol.
    fn match_exits(&mut self, symbol: usize, bar: &Bar) {
        let slippage = self.case.backtest.slippage_per_share;
        let Some(position) = self.account.position(symbol) else {
            return;
        };
        let queued = position.exit_queued;
        let (price, reason) = match stop_sell(bar, position.stop, slippage) {
            Some(price) => (price, ExitReason::StopLoss),
            None if queued => (market_sell(bar, slippage), ExitReason::MaxRun),
            None => return,
        };
        if reason == ExitReason::StopLoss && queued && self.out.stale_exit.is_none() {
            self.out.stale_exit = Some(StaleExit {
                at: bar.start,
                symbol,
                trades: self.account.trades.len(),
            });
        }
        if let Some(profit) = self.close(symbol, price, [bar.start; 2], reason) {
            self.breaker.on_close(profit);
        }
    }

    /// Closes a position, in the books at the first time, among the events at the second; the
    /// strategy hears of it. Returns the profit.
    fn close(
        &mut self,
        symbol: usize,
        price: Decimal,
        [at, event_at]: [Timestamp; 2],
        reason: ExitReason,
    ) -> Option<Decimal> {
        let trade = self.account.close(symbol, price, at, reason)?;
        let position = &trade.position;
        let qty = Some(position.qty);
        self.event(
            event_at,
            reason.event(),
            symbol,
            Some(price),
            qty,
            Cell::Empty,
        );
        let trades = &mut self.out.tables.trades;
        trades.rows.push(vec![
            trades.next_number(),
            Cell::Text(self.case.symbols.get(symbol).cloned().unwrap_or_default()),
            Cell::Word("buy"),
            Cell::Exact(position.qty),
            Cell::Time(position.entry_at),
            Cell::Exact(position.entry_price),
            Cell::Exact(position.initial_stop),
            Cell::Time(at),
            Cell::Exact(price),
            Cell::Word(reason.as_str()),
            Cell::Exact(trade.profit),
            Cell::Count(trade.seconds()),
        ]);
        let lane = self.lanes.get_mut(symbol)?;
        lane.strategy.on_position_closed(&TradeSummary {
            symbol: lane.symbol,
            direction: Direction::Long,
            qty: whole_shares(position.qty)?,
            profit: Money::from_decimal(trade.profit).ok()?,
            entered_at: position.entry_at,
            exited_at: at,
        });
        Some(trade.profit)
    }

    fn match_entry(&mut self, symbol: usize, bar: &Bar) {
        let slippage = self.case.backtest.slippage_per_share;
        let Some(place) = self.pending.iter().position(|p| p.symbol == symbol) else {
            return;
        };
        let fill = self
            .pending
            .get(place)
            .and_then(|entry| stop_buy(bar, entry.trigger, slippage));
        let Some(price) = fill else { return };
        let entry = self.pending.remove(place);
        self.account.open(Position {
            symbol,
            qty: entry.qty,
            entry_price: price,
            entry_at: bar.start,
            initial_stop: entry.stop,
            stop: entry.stop,
            mark: price,
            exit_queued: false,
        });
        let qty = Some(entry.qty);
        self.event(
            bar.start,
            "fill_entry",
            symbol,
            Some(price),
            qty,
            Cell::Empty,
        );
    }

    fn feed_candles(&mut self, symbol: usize, bar: &Bar) -> Result<(), SeedError> {
        let session = self.session_of(bar)?;
        let mut closed = ClosedBars::default();
        if let Some(lane) = self.lanes.get_mut(symbol) {
            lane.last_bar = Some(*bar);
            if let Some(view) = session {
                let window = SessionWindow {
                    open: view.open,
                    close: view.close,
                };
                lane.aggregator.on_minute(window, bar, &mut closed);
            }
        }
        while let Some(candle) = closed.take() {
            self.on_candle(symbol, &candle, bar.start, session)?;
        }
        Ok(())
    }

    fn session_of(&mut self, bar: &Bar) -> Result<Option<SessionView>, SeedError> {
        let date = new_york::date(bar.start);
        if let Some((known, session)) = self.session
            && known == date
        {
            return Ok(session);
        }
        let session = self.calendar.session(date)?.map(|session| SessionView {
            date,
            open: session.open,
            close: session.close,
        });
        self.session = Some((date, session));
        Ok(session)
    }

    /// Closes everything at the last bars, cancels what waits, and writes the day's equity.
    fn end_day(&mut self) {
        let Some((date, last_bar)) = self.last else {
            return;
        };
        let slippage = self.case.backtest.slippage_per_share;
        let held: Vec<usize> = self.account.positions.iter().map(|p| p.symbol).collect();
        for symbol in held {
            let last = self.lanes.get(symbol).and_then(|lane| lane.last_bar);
            if let Some(bar) = last {
                let price = day_end_sell(&bar, slippage);
                self.close(symbol, price, [bar.start, last_bar], ExitReason::DayEnd);
            }
        }
        for entry in std::mem::take(&mut self.pending) {
            let note = Cell::Word("entry");
            self.event(last_bar, "day_end_cancel", entry.symbol, None, None, note);
        }
        for lane in &mut self.lanes {
            lane.aggregator.drop_partial();
        }
        let equity = self.account.equity();
        self.out.daily.push(equity);
        let row = vec![Cell::Text(date.to_string()), Cell::Exact(equity)];
        self.out.tables.daily.rows.push(row);
    }

    /// Writes a row of the events file.
    pub(super) fn event(
        &mut self,
        bar: Timestamp,
        kind: &'static str,
        symbol: usize,
        price: Option<Decimal>,
        qty: Option<Decimal>,
        note: Cell,
    ) {
        let events = &mut self.out.tables.events;
        events.rows.push(vec![
            events.next_number(),
            Cell::Time(bar),
            Cell::Word(kind),
            Cell::Text(self.case.symbols.get(symbol).cloned().unwrap_or_default()),
            Cell::maybe(price, Cell::Exact),
            Cell::maybe(qty, Cell::Exact),
            note,
        ]);
    }
}

/// A whole number of shares as production counts them.
pub(super) fn whole_shares(qty: Decimal) -> Option<Qty> {
    qty.to_string().parse().ok()
}
