//! What makes an order fill, when, at which price and how much of it. Groups and money follow from a
//! fill and are elsewhere.

use trader_contract::{
    Bar, Execution, ExecutionId, Price, Qty, ReportStatus, Side, TickRule, TimeInForce, Timestamp,
};

use crate::book::{Band, Book};
use crate::broker::SimBroker;
use crate::config::{Profile, SimConfig};
use crate::order::{Order, OrderNumber};
use crate::path::Path;
use crate::trailing::approach;

/// A bar's allowance is handed out in so many equal parts.
const QUARTERS: i64 = 4;

/// The next thing that an order does.
#[derive(Debug, Clone, Copy)]
struct Action {
    at: Timestamp,
    number: OrderNumber,
    /// The price on the path, in millionths, before spread and slippage.
    base: i64,
}

impl SimBroker {
    /// Works out anew what wakes a symbol and when it wakes inside its bar.
    pub(crate) fn arm(&mut self, index: usize) {
        let half_spread = i64::from(self.config.half_spread_micros);
        let Some(book) = self.books.get_mut(index) else {
            return;
        };
        if let Some(wake) = book.wake.take() {
            self.wakes.remove(&(wake, index));
        }
        book.band = Band::OPEN;
        if let Some(session) = self.session.filter(|session| session.is_any_open())
            && !book.halted
        {
            for number in &book.open {
                if let Some(order) = self.orders.get(number)
                    && order.at_venue
                    && session.hours_of(order).is_some()
                {
                    order.add_to(&mut book.band, half_spread);
                }
            }
        }
        if let Some(action) = self.next_action(index) {
            self.wakes.insert((action.at, index));
            if let Some(book) = self.books.get_mut(index) {
                book.wake = Some(action.at);
            }
        }
        self.refresh();
    }

    /// Lets the order act whose turn it is.
    pub(crate) fn play(&mut self, index: usize, now: Timestamp) {
        if let Some(action) = self.next_action(index)
            && action.at <= now
        {
            self.act(index, action);
        }
        self.arm(index);
    }

    /// When an order acts next inside its bar.
    pub(crate) fn action(&self, order: &Order) -> Option<Timestamp> {
        let action = self.next_of(order.book, |other| other.number == order.number);
        action.map(|action| action.at)
    }

    /// The first thing that happens in a symbol inside its bar; the older order wins a tie.
    fn next_action(&self, index: usize) -> Option<Action> {
        self.next_of(index, |_| true)
    }

    fn next_of(&self, index: usize, wanted: impl Fn(&Order) -> bool) -> Option<Action> {
        let book = self.books.get(index)?;
        let session = self
            .session
            .as_ref()
            .filter(|session| session.is_any_open())?;
        let bar = book.bar?;
        if book.halted || book.open.is_empty() {
            return None;
        }
        let path = Path::of(&bar, book.length);
        let end = bar.start.plus_nanos(book.length);
        book.open
            .iter()
            .filter_map(|number| self.orders.get(number))
            .filter(|order| order.at_venue && wanted(order))
            .filter_map(|order| {
                let (open, close) = session.hours_of(order)?;
                let span = (book.live_from.max(open), end.min(close));
                self.action_of(order, (&bar, book.length), &path, span)
            })
            .min_by_key(|action| (action.at, action.number))
    }

    fn action_of(
        &self,
        order: &Order,
        (bar, length): (&Bar, i64),
        path: &Path,
        (book_from, end): (Timestamp, Timestamp),
    ) -> Option<Action> {
        let from = book_from.max(order.live_from);
        if from >= end {
            return None;
        }
        let number = order.number;
        if order.is_for_auction() {
            let (at, base) = self.auction(order, bar, length, (from, end))?;
            return Some(Action { at, number, base });
        }
        let offset = from.since(bar.start);
        let touch = || price_on_path(bar, path, offset, order.side, self.config.tick);
        let reached = if order.is_trailing() {
            let trailed = order.trailed(bar, path, (from, end), self.config.tick);
            if trailed.hit.is_none() {
                let at = end.plus_nanos(-1);
                let base = trailed.best;
                let is_new = order.best().map(Price::micros) != Some(base);
                return is_new.then_some(Action { at, number, base });
            }
            trailed.hit
        } else {
            match order.trigger(i64::from(self.config.half_spread_micros)) {
                None => None,
                Some((approach, level)) => Some((path.first_at(approach, level, offset)?, level)),
            }
        };
        let (first, base) = match reached {
            None => (offset, touch()),
            Some((first, level)) => {
                // At the open and where trading resumes, the price comes from nowhere.
                let met = first == offset && (from == book_from || !order.resting);
                // What rests gets its limit, but never a price that the bar does not have.
                let met_at_limit = level.clamp(bar.low.micros(), bar.high.micros());
                (first, if met { touch() } else { met_at_limit })
            }
        };
        let at = bar.start.plus_nanos(first);
        let in_time = at < end && (!order.is_immediate() || at == order.live_from);
        in_time.then_some(Action { at, number, base })
    }

    fn act(&mut self, index: usize, action: Action) {
        let Action { at, number, base } = action;
        let wakes_now = self.orders.get(&number).is_some_and(Order::is_asleep);
        if wakes_now {
            self.follow(number, at);
            if self.only_trails(number, base) {
                return;
            }
            self.elect(number, at);
        }
        let (Some(order), Some(book)) = (self.orders.get(&number), self.books.get(index)) else {
            return;
        };
        let half_spread = i64::from(self.config.half_spread_micros);
        let in_reach = order
            .trigger(half_spread)
            .is_none_or(|(approach, level)| approach.has_reached(base, level));
        if wakes_now && !in_reach {
            // It stands as a limit order from now on.
            return;
        }
        let price = execution_price(&self.config, order, base);
        let remaining = order.remaining();
        let allowed = self
            .allowance(book, at)
            .map_or(remaining, |shares| remaining.min(shares));
        let once = order.ends_at_once();
        let whole = order.time_in_force == TimeInForce::Fok;
        if once && (allowed.is_zero() || (whole && allowed < remaining)) {
            return self.lapse(number, at);
        }
        if allowed.is_zero() {
            let next = next_quarter(book, at);
            return self.wait(number, next);
        }
        let qty = if whole {
            allowed
        } else {
            self.cut_by_chance(allowed)
        };
        let resting = order_rests(&self.config, self.orders.get(&number), base);
        if let Some(order) = self.orders.get_mut(&number) {
            order.resting = order.resting || resting;
            if qty < allowed {
                order.live_from = at.plus_nanos(self.config.split.retry.max(1));
            }
        }
        if self.config.participation.is_some()
            && let Some(book) = self.books.get_mut(index)
        {
            book.taken_shares = book.taken_shares.saturating_add(shares_rounded_up(qty));
        }
        if let Some(price) = Price::from_micros(price) {
            self.fill(number, qty, price, at);
        }
        if once && self.orders.get(&number).is_some_and(Order::is_open) {
            self.lapse(number, at);
        }
    }

    /// Whether a trailing stop has only seen a better price, and was not reached.
    fn only_trails(&self, number: OrderNumber, base: i64) -> bool {
        self.orders.get(&number).is_some_and(|order| {
            let stop = order.stop_now().map(Price::micros);
            order.is_trailing()
                && !stop.is_some_and(|stop| approach(order.side).has_reached(base, stop))
        })
    }

    fn wait(&mut self, number: OrderNumber, until: Timestamp) {
        if let Some(order) = self.orders.get_mut(&number) {
            order.live_from = until;
        }
    }

    /// The stop price has been traded: the order becomes a market or a limit order.
    fn elect(&mut self, number: OrderNumber, at: Timestamp) {
        let tick = self.config.tick;
        let alpaca = self.config.profile == Profile::Alpaca;
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        order.elected = true;
        order.live_from = at;
        if alpaca
            && order.side == Side::Buy
            && order.kind.limit().is_none()
            && let Some(stop) = order.kind.stop()
        {
            order.collar = collar(stop, tick);
        }
        self.stop_elected(number, at);
    }

    /// How much of the bar's volume our orders may still take; `None` without a cap.
    fn allowance(&self, book: &Book, at: Timestamp) -> Option<Qty> {
        let share = i128::from(self.config.participation?.billionths().max(0));
        let volume = book.bar.map_or(0, |bar| i128::from(bar.volume));
        let whole = volume.saturating_mul(share).checked_div(1_000_000_000)?;
        let handed_out = i128::from(quarter_of(book, at).saturating_add(1));
        let so_far = whole
            .saturating_mul(handed_out)
            .checked_div(i128::from(QUARTERS))?;
        let left = so_far.saturating_sub(i128::from(book.taken_shares)).max(0);
        let shares = u32::try_from(left.min(1_000_000_000)).unwrap_or(0);
        Qty::shares(shares)
    }

    fn cut_by_chance(&mut self, qty: Qty) -> Qty {
        if qty.nanos() <= 1 || !self.dice.happens(self.config.split.probability) {
            return qty;
        }
        let unit = if qty.is_whole() {
            Qty::NANOS_PER_SHARE
        } else {
            1
        };
        let units = qty.nanos().checked_div(unit).unwrap_or(1);
        if units <= 1 {
            return qty;
        }
        let drawn = self.dice.below(units.saturating_sub(1)).saturating_add(1);
        Qty::from_nanos(drawn.saturating_mul(unit)).unwrap_or(qty)
    }

    fn fill(&mut self, number: OrderNumber, qty: Qty, price: Price, at: Timestamp) {
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        let is_first = order.filled.is_zero();
        order.filled = order.filled.checked_add(qty).unwrap_or(order.qty);
        order.stamp = order.next_stamp(at);
        let is_complete = order.filled >= order.qty;
        if !is_complete && !order.is_changing() {
            order.status = ReportStatus::PartiallyFilled;
        }
        let (client_id, index, side, stamp) =
            (order.client_id, order.book, order.side, order.stamp);
        let fee = self.book_fill(index, (side, qty, price), is_first);
        self.last_execution = self.last_execution.saturating_add(1);
        let execution = Execution {
            id: ExecutionId(format!("sim-x{}", self.last_execution).into()),
            qty,
            price,
            fee,
            at: stamp,
        };
        self.executions.push((client_id, execution.clone()));
        if is_complete {
            self.end_filled(number, execution, at);
        } else {
            self.report(number, Some(execution), None, at);
            self.partly_filled(number, qty, at);
        }
    }
}

/// Whether a fill at `base` means that the market came to the order's limit.
fn order_rests(config: &SimConfig, order: Option<&Order>, base: i64) -> bool {
    order
        .and_then(|order| order.trigger(i64::from(config.half_spread_micros)))
        .is_some_and(|(_, level)| level == base)
}

/// The price on the path for a side that takes it at once: rounded against it between two knots.
fn price_on_path(bar: &Bar, path: &Path, offset: i64, side: Side, tick: TickRule) -> i64 {
    let exact = path.price_at(offset);
    if !path.is_between_knots(offset) {
        return exact;
    }
    round_against(exact, side, tick).clamp(bar.low.micros(), bar.high.micros())
}

/// Rounds to the tick: up for a buyer, down for a seller.
fn round_against(micros: i64, side: Side, tick: TickRule) -> i64 {
    let Some(price) = Price::from_micros(micros) else {
        return micros;
    };
    let tick = tick.tick_micros(price);
    let over = micros.checked_rem_euclid(tick).unwrap_or(0);
    match side {
        Side::Sell => micros.saturating_sub(over),
        Side::Buy if over == 0 => micros,
        Side::Buy => micros.saturating_sub(over).saturating_add(tick),
    }
}

/// What an order pays or gets at `base`: never worse than its limit.
fn execution_price(config: &SimConfig, order: &Order, base: i64) -> i64 {
    if order.is_for_auction() {
        return base;
    }
    let half_spread = i64::from(config.half_spread_micros);
    let away = |distance: i64| match order.side {
        Side::Buy => base.saturating_add(distance),
        Side::Sell => base.saturating_sub(distance).max(1),
    };
    let beyond = |micros: i64, limit: i64| match order.side {
        Side::Buy => micros > limit,
        Side::Sell => micros < limit,
    };
    let limit = order.effective_limit().map(Price::micros);
    let takes = order.elected || order.kind.limit().is_none();
    let slip = if takes { slippage(config, base) } else { 0 };
    let micros = away(half_spread.saturating_add(slip));
    match limit {
        Some(limit) if beyond(micros, limit) => limit,
        _ => micros.min(Price::MAX_MICROS),
    }
}

fn slippage(config: &SimConfig, base: i64) -> i64 {
    let share = i128::from(base).saturating_mul(i128::from(config.slippage.basis_points));
    let share = share.checked_div(10_000).unwrap_or(0);
    let share = i64::try_from(share).unwrap_or(0);
    // Rounded as a buyer's price, so up, for both sides.
    let share = match (share, Price::from_micros(base)) {
        (1.., Some(price)) => {
            let tick = config.tick.tick_micros(price);
            let ticks = share
                .saturating_add(tick.saturating_sub(1))
                .checked_div(tick);
            ticks.unwrap_or(0).saturating_mul(tick)
        }
        _ => 0,
    };
    share.saturating_add(i64::from(config.slippage.per_share_micros))
}

/// The limit that an elected buy stop has at Alpaca: 4 % above a stop below $50, else 2.5 %.
pub(crate) fn collar(stop: Price, tick: TickRule) -> Option<Price> {
    let thousandths = if stop.micros() < 50_000_000 {
        1_040
    } else {
        1_025
    };
    let limit = stop
        .micros()
        .saturating_mul(thousandths)
        .checked_div(1_000)?;
    Price::from_micros(round_against(limit, Side::Sell, tick))
}

fn shares_rounded_up(qty: Qty) -> i64 {
    let extra = i64::from(!qty.is_whole());
    qty.whole_shares().saturating_add(extra)
}

fn quarter_of(book: &Book, at: Timestamp) -> i64 {
    let start = book.bar.map_or(at, |bar| bar.start);
    at.since(start)
        .saturating_mul(QUARTERS)
        .checked_div(book.length.max(1))
        .unwrap_or(0)
        .clamp(0, QUARTERS.saturating_sub(1))
}

/// When the next part of the bar's allowance is handed out: the end of the bar after the last.
fn next_quarter(book: &Book, at: Timestamp) -> Timestamp {
    let start = book.bar.map_or(at, |bar| bar.start);
    let next = quarter_of(book, at).saturating_add(1);
    let offset = book
        .length
        .saturating_mul(next)
        .saturating_add(QUARTERS.saturating_sub(1))
        .checked_div(QUARTERS)
        .unwrap_or(book.length);
    start.plus_nanos(offset).max(at.plus_nanos(1))
}
