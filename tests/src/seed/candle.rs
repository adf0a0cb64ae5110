//! What one candle does in the seed: the production strategy decides, and the seed's rules of account
//! (breaker, open positions, expiry) and the production sizer say what comes of it.

use rust_decimal::Decimal;
use trader_contract::{
    Bar, Direction, EntryPrice, Intent, Level, Money, PendingView, PositionView, Price, Qty,
    SessionView, Timestamp,
};
use trader_core::risk::sizing::{SizingInputs, size};
use trader_strategy_velez::{entry_level, planned_stop};

use super::error::SeedError;
use super::fills::decimal;
use super::lane::Standing;
use super::replay::{PendingEntry, Replay, whole_shares};
use super::rows::Cell;

/// No file at hand shows the word for a signal that gets no size.
const SUBMITTED_OR_BLOCKED_OTHERWISE: &[&str] = &[
    "entry_submitted",
    "blocked_circuit_breaker",
    "blocked_max_open_positions",
];

/// Why a signal did not become an order, or that it did.
enum Entered {
    Submitted(Decimal),
    Paused,
    TooManyPositions,
    NoSize,
}

impl Replay<'_> {
    /// Takes a finished candle: averages, decision, and its row.
    pub(super) fn on_candle(
        &mut self,
        symbol: usize,
        candle: &Bar,
        bar: Timestamp,
        session: Option<SessionView>,
    ) -> Result<(), SeedError> {
        let standing = self.standing(symbol, session);
        let Some(lane) = self.lanes.get_mut(symbol) else {
            return Ok(());
        };
        lane.average(candle)?;
        let is_signal = lane.is_signal(candle, &standing);
        let intents = lane.decide(candle, &standing);
        let (state, action, qty) = if standing.position.is_some() {
            ("position", self.manage(symbol, bar, intents)?, None)
        } else if standing.pending.is_some() {
            ("pending", self.age_entry(symbol, bar), None)
        } else {
            let (action, qty) = self.act_on_signal(symbol, bar, intents)?;
            ("flat", action, qty)
        };
        self.candle_row(
            symbol,
            candle,
            bar,
            is_signal,
            [Cell::Word(state), action],
            qty,
        )
    }

    fn standing(&self, symbol: usize, session: Option<SessionView>) -> Standing {
        Standing {
            session,
            position: self.account.position(symbol).map(|position| PositionView {
                direction: Direction::Long,
                qty: whole_shares(position.qty).unwrap_or(Qty::ZERO),
                entry_average: price_near(position.entry_price).into(),
                stop: Some(price_near(position.stop)),
                entered_at: position.entry_at,
                exiting: position.exit_queued,
            }),
            pending: self
                .pending
                .iter()
                .find(|entry| entry.symbol == symbol)
                .map(|entry| PendingView {
                    direction: Direction::Long,
                    age_bars: entry.age.saturating_add(1),
                }),
        }
    }

    /// Carries out what the strategy wants for its position; returns the row's action.
    fn manage(
        &mut self,
        symbol: usize,
        bar: Timestamp,
        intents: Vec<Intent>,
    ) -> Result<Cell, SeedError> {
        let mut action = Cell::Word("hold");
        for intent in intents {
            let Some(position) = self.account.position_mut(symbol) else {
                continue;
            };
            match intent {
                Intent::MoveStop { stop, .. } => {
                    let stop = exact(stop)?;
                    let before = std::mem::replace(&mut position.stop, stop);
                    let note = Cell::From(before);
                    self.event(bar, "update_stop", symbol, Some(stop), None, note);
                    action = Cell::Word("stop_updated");
                }
                Intent::Exit { .. } => {
                    position.exit_queued = true;
                    let qty = Some(position.qty);
                    self.event(bar, "submit_exit_market", symbol, None, qty, Cell::Empty);
                    action = match action {
                        Cell::Word("hold") => Cell::Word("exit_submitted"),
                        // No file at hand shows which word wins when one candle does both.
                        _ => Cell::NotAnyOf(&["hold"]),
                    };
                }
                Intent::Enter { .. } | Intent::CancelEntry { .. } => {
                    action = Cell::Word("the strategy entered while in a position");
                }
            }
        }
        Ok(action)
    }

    /// Counts a candle of a waiting entry and cancels it when its time is up.
    fn age_entry(&mut self, symbol: usize, bar: Timestamp) -> Cell {
        let Some(place) = self.pending.iter().position(|p| p.symbol == symbol) else {
            return Cell::Empty;
        };
        let expiry = self.case.velez.buy_stop_expiry_candles;
        let expired = self.pending.get_mut(place).is_some_and(|entry| {
            entry.age = entry.age.saturating_add(1);
            entry.age >= expiry
        });
        if !expired {
            return Cell::Word("pending_kept");
        }
        self.pending.remove(place);
        self.event(bar, "cancel_entry", symbol, None, None, Cell::Empty);
        Cell::Word("pending_cancelled")
    }

    fn act_on_signal(
        &mut self,
        symbol: usize,
        bar: Timestamp,
        intents: Vec<Intent>,
    ) -> Result<(Cell, Option<Decimal>), SeedError> {
        let Some(intent) = intents.into_iter().next() else {
            return Ok((Cell::Word("none"), None));
        };
        let Intent::Enter {
            entry: EntryPrice::Stop(entry),
            stop: Some(stop),
            ..
        } = intent
        else {
            return Ok((
                Cell::Word("the strategy wants what the seed never did"),
                None,
            ));
        };
        Ok(match self.enter(symbol, bar, entry, stop)? {
            Entered::Submitted(qty) => (Cell::Word("entry_submitted"), Some(qty)),
            Entered::Paused => (Cell::Word("blocked_circuit_breaker"), None),
            Entered::TooManyPositions => (Cell::Word("blocked_max_open_positions"), None),
            Entered::NoSize => (Cell::NotAnyOf(SUBMITTED_OR_BLOCKED_OTHERWISE), None),
        })
    }

    fn enter(
        &mut self,
        symbol: usize,
        bar: Timestamp,
        entry: Level,
        stop: Level,
    ) -> Result<Entered, SeedError> {
        if self.breaker.is_paused() {
            return Ok(Entered::Paused);
        }
        if self.account.positions.len() >= self.case.risk.max_open_positions {
            return Ok(Entered::TooManyPositions);
        }
        let money = |what, amount: Decimal| {
            Money::from_decimal(amount).map_err(|_| SeedError::number(what, amount))
        };
        let inputs = SizingInputs {
            equity: money("equity", self.account.equity())?,
            buying_power: money("cash", self.account.cash)?,
            entry,
            stop,
        };
        let Ok(qty) = size(&self.rules, &inputs) else {
            return Ok(Entered::NoSize);
        };
        let qty = Decimal::from(qty.whole_shares());
        let trigger = exact(entry)?;
        self.pending.push(PendingEntry {
            symbol,
            trigger,
            stop: exact(stop)?,
            qty,
            age: 0,
        });
        let note = Cell::Empty;
        self.event(bar, "submit_entry", symbol, Some(trigger), Some(qty), note);
        Ok(Entered::Submitted(qty))
    }

    fn candle_row(
        &mut self,
        symbol: usize,
        candle: &Bar,
        bar: Timestamp,
        is_signal: bool,
        [state, action]: [Cell; 2],
        qty: Option<Decimal>,
    ) -> Result<(), SeedError> {
        let equity = self.account.equity();
        let active_stop = self.account.position(symbol).map(|position| position.stop);
        let Some(lane) = self.lanes.get(symbol) else {
            return Ok(());
        };
        let parameters = lane.strategy.parameters();
        let [fast, slow] = lane.averages();
        let price = |price| Cell::Exact(decimal(price));
        let table = &mut self.out.tables.candles;
        table.rows.push(vec![
            table.next_number(),
            Cell::Text(lane.symbol.to_string()),
            Cell::Time(candle.start),
            Cell::Time(bar),
            price(candle.open),
            price(candle.high),
            price(candle.low),
            price(candle.close),
            Cell::Exact(Decimal::from(candle.volume)),
            Cell::maybe(fast, Cell::Float),
            Cell::maybe(slow, Cell::Float),
            Cell::Count(lane.candles.into()),
            Cell::Count(is_signal.into()),
            state,
            action,
            Cell::Exact(exact(entry_level(parameters, Direction::Long, candle))?),
            Cell::Exact(exact(planned_stop(parameters, Direction::Long, candle))?),
            Cell::maybe(qty, Cell::Exact),
            Cell::Word(lane.trail_word()),
            Cell::maybe(active_stop, Cell::Exact),
            Cell::Exact(equity),
        ]);
        let row = vec![Cell::Time(candle.start), Cell::Exact(equity)];
        self.out.tables.equity.rows.push(row);
        self.out.curve.push(equity);
        Ok(())
    }
}

fn exact(level: Level) -> Result<Decimal, SeedError> {
    level
        .to_decimal()
        .ok_or_else(|| SeedError::number("a level", level))
}

/// The nearest price below that production can hold; the seed's own may have more digits.
fn price_near(price: Decimal) -> Price {
    let cut = price.round_dp_with_strategy(6, rust_decimal::RoundingStrategy::ToZero);
    cut.normalize()
        .to_string()
        .parse()
        .unwrap_or_else(|_| Price::from_cents(1).unwrap_or(ONE_MICRO))
}

const ONE_MICRO: Price = match Price::from_micros(1) {
    Some(price) => price,
    None => unreachable!(),
};
