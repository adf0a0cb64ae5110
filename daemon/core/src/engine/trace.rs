//! Tracing: while somebody asks for it, each bar of one symbol is kept with what its lanes made of it.
//! It looks on: with it and without it, the same commands come out.

use std::collections::BTreeSet;

use trader_contract::{Bar, Direction, SessionView, Symbol, SymbolId, Timestamp};

use super::Engine;
use super::entries::refusal;
use super::intents::Source;
use crate::command::Commands;
use crate::config::{Market, Rows};
use crate::lane::Lane;
use crate::record::IntentId;
use crate::risk::exposure::Exposure;
use crate::risk::gate::{Account, Place, Refusal};
use crate::trace::{Asked, Evaluation, Shut};

/// The most that one trace keeps; what comes after is not kept.
const EVALUATIONS_MAX: usize = 10_000;
/// The longest window of a bar, in minutes.
const LONGEST_WINDOW: i64 = 390;

/// A trace that is being taken.
#[derive(Debug)]
pub(super) struct Trace {
    id: SymbolId,
    from: Timestamp,
    to: Timestamp,
    minutes: BTreeSet<Timestamp>,
    evaluations: Vec<Evaluation>,
}

impl Trace {
    /// Notes that a minute came.
    pub(super) fn minute(&mut self, id: SymbolId, start: Timestamp) {
        // A bar that touches the time may begin so long before it, and end so long after it.
        let earliest = self.from.plus_minutes(-LONGEST_WINDOW);
        let latest = self.to.plus_minutes(LONGEST_WINDOW);
        if id == self.id && start >= earliest && start <= latest {
            self.minutes.insert(start);
        }
    }

    fn wants(&self, lane: &Lane, bar: &Bar) -> bool {
        lane.symbol == self.id
            && bar.start <= self.to
            && bar.start.plus_nanos(lane.timeframe.nanos()) >= self.from
            && self.evaluations.len() < EVALUATIONS_MAX
    }

    /// How many minutes of a bar's window came.
    fn minutes_of(&self, lane: &Lane, bar: &Bar) -> u16 {
        let end = bar.start.plus_nanos(lane.timeframe.nanos());
        let came = self.minutes.range(bar.start..end).count();
        u16::try_from(came).unwrap_or(u16::MAX)
    }
}

impl Engine {
    /// Keeps from now on what is made of the bars of `symbol` whose windows touch the time from `from` to
    /// `to`, both included. Says whether any route trades the symbol; if none does, nothing is kept.
    pub fn trace(&mut self, symbol: Symbol, from: Timestamp, to: Timestamp) -> bool {
        let id = (self.by_ticker.get(&symbol).copied())
            .filter(|id| self.lanes.iter().any(|lane| lane.symbol == *id));
        self.trace = id.map(|id| {
            Box::new(Trace {
                id,
                from,
                to,
                minutes: BTreeSet::new(),
                evaluations: Vec::new(),
            })
        });
        id.is_some()
    }

    /// What was kept so far, in the order in which it happened.
    #[must_use]
    pub fn traced(&self) -> &[Evaluation] {
        (self.trace.as_ref()).map_or(&[], |trace| trace.evaluations.as_slice())
    }

    /// Gives what was kept, in the order in which it happened, and keeps no more.
    pub fn take_trace(&mut self) -> Vec<Evaluation> {
        self.trace.take().map_or_else(Vec::new, |t| t.evaluations)
    }

    /// Shows a finished bar to a lane, and keeps what comes of it if it is one that is asked for.
    #[cold]
    pub(super) fn run_lane_traced(
        &mut self,
        at: Timestamp,
        index: usize,
        bar: &Bar,
        session: Option<SessionView>,
        out: &mut Commands,
    ) {
        let wanted = (self.trace.as_ref().zip(self.lanes.get(index)))
            .is_some_and(|(trace, lane)| trace.wants(lane, bar));
        if !wanted {
            self.ask_lane(at, index, bar, session, out);
            return;
        }
        let Some(before) = self.look_at_lane(at, index, bar) else {
            return;
        };
        let first = self.book.next_intent();
        self.intents.conditions().keep();
        let asked = self.ask_lane(at, index, bar, session, out);
        let conditions = self.intents.conditions().take();
        let next = self.book.next_intent();
        let Some(lane) = self.lanes.get(index) else {
            return;
        };
        let evaluation = Evaluation {
            seen: lane.seen(bar),
            asked,
            conditions,
            intents: between(first, next),
            ..before
        };
        if let Some(trace) = &mut self.trace {
            trace.evaluations.push(evaluation);
        }
    }

    /// Whether an entry on this side would be thought of at all, whatever its price and size.
    fn may_enter_now(&self, from: Source<'_>, direction: Direction) -> Result<(), Refusal> {
        let (instrument, last) = self.ready(from)?;
        let route = (self.route_of(from.lane))
            .ok_or_else(|| refusal("unknown_route", "the lane has no route"))?;
        let place = Place {
            route: &route.name,
            strategy: &route.strategy,
            sides: route.sides,
            observe: route.observe || self.authority.observe,
            instrument,
            last,
            quote: None,
            shortable: (self.symbols.get(from.symbol.index())).is_some_and(|s| s.shortable),
        };
        let account = Account {
            book: &self.book,
            equity: self.equity,
            exposure: Exposure::NONE,
            broker: self.heard.account(),
            spendable: None,
            entries_open: self.takes_entries(),
            leave: self.leave(),
        };
        let side = direction.entry_side();
        (self.gate).open_to(&account, &place, side, &mut Vec::new())?;
        if place.observe {
            let detail = "signals are written down and nothing is sent";
            return Err(refusal("observe", detail));
        }
        Ok(())
    }

    /// A lane as a bar finds it.
    fn look_at_lane(&self, at: Timestamp, index: usize, bar: &Bar) -> Option<Evaluation> {
        let lane = self.lanes.get(index)?;
        let route = self.route_of(index)?;
        let state = self.symbols.get(lane.symbol.index())?;
        let owns = state.owner == Some(index);
        let from = Source {
            at,
            lane: index,
            symbol: lane.symbol,
            bar: Some(bar),
        };
        let shut = |direction| {
            let refusal = self.may_enter_now(from, direction).err()?;
            Some(Shut {
                direction,
                rule: refusal.rule.into(),
                detail: refusal.detail.into(),
            })
        };
        let whole = !matches!(
            self.market,
            Market::Sessions {
                rows: Rows::Minutes,
                ..
            }
        );
        let minutes = self.trace.as_ref().filter(|_| !whole);
        Some(Evaluation {
            at,
            route: route.name.clone(),
            strategy: route.strategy.clone(),
            symbol: lane.ticker,
            timeframe: lane.timeframe,
            seen: lane.seen(bar),
            minutes: minutes.map(|trace| trace.minutes_of(lane, bar)),
            asked: Asked::Yes,
            position: (state.position.filter(|_| owns)).map(|position| position.direction),
            waiting: (state.pending.filter(|_| owns)).map(|side| (side, lane.entry_age)),
            shut: match owns {
                true => Vec::new(),
                false => [Direction::Long, Direction::Short]
                    .into_iter()
                    .filter_map(shut)
                    .collect(),
            },
            conditions: Vec::new(),
            intents: Vec::new(),
        })
    }
}

/// The decisions from `first` on that were taken before `next`.
fn between(first: IntentId, next: IntentId) -> Vec<IntentId> {
    if first.session != next.session {
        return Vec::new();
    }
    let numbers = first.number.0..next.number.0;
    let id = |number| IntentId {
        number: trader_contract::IntentNo(number),
        ..first
    };
    numbers.map(id).collect()
}
