//! The limits with numbers that an entry is held against, each with what the order would make of it.

use std::borrow::Cow;

use trader_contract::{Direction, Fact, Level, Money, OrderKind, OrderRequest, Qty, Ratio};

use super::exposure::{distance, worst_share, worst_value};
use super::gate::{Account, Place, Refusal};
use super::limits::Limits;
use super::rate::{Recent, Sent};
use super::rules::{opens, refuse};
use super::traffic::Traffic;
use crate::book::Day;
use crate::planted::{Bug, is};
use crate::record::GateCheck;

/// What an entry is held against, beside the account and the symbol.
pub(super) struct Against<'a> {
    pub(super) limits: &'a Limits,
    /// What the day may lose if every stop is reached, as a share of its opening equity.
    pub(super) daily_loss_at_stop: Ratio,
    /// Sent lately.
    pub(super) entries: &'a Recent,
    /// Sent lately.
    pub(super) messages: &'a Traffic,
}

/// Holds an entry against every limit, and adds each check to `checks` as it is made.
pub(super) fn check(
    against: &Against<'_>,
    account: &Account<'_>,
    place: &Place<'_>,
    request: &OrderRequest,
    sent: Sent,
    checks: &mut Vec<GateCheck>,
) -> Result<(), Refusal> {
    let mut caps = Caps {
        limits: against.limits,
        account,
        place,
        request,
        checks,
    };
    caps.sizes()?;
    caps.exposures()?;
    caps.prices()?;
    let at_stop = (request.attached.stop).map_or(Money::ZERO, |(_, stop)| {
        distance(request.kind, place.last, stop, request.qty)
    });
    caps.risk(at_stop)?;
    caps.counts()?;
    caps.losses(at_stop, against.daily_loss_at_stop)?;
    caps.rates(against, sent)
}

/// What the limits on values leave room for.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// The least of what they allow.
    pub(crate) amount: Money,
    /// The limit that it comes of.
    pub(crate) limit: &'static str,
    /// What one share may cost at the worst.
    pub(crate) share: Money,
    /// Shares by that amount, by the shares of one order, and by the symbol's volume.
    pub(crate) bounds: [Option<(&'static str, Qty)>; 3],
}

/// The name of the bound that the worst price of a share makes of that amount.
pub(crate) const WORST_FILL: &str = "worst_fill";

impl Room {
    /// What one share may cost at the worst, as a level.
    pub(crate) const fn share_level(&self) -> Level {
        Level::from_femtos(self.share.femtos())
    }

    /// The shares that all bounds leave room for.
    pub(crate) fn shares(&self) -> Qty {
        let bounds = self.bounds.iter().flatten().map(|(_, qty)| *qty);
        bounds.min().unwrap_or(Qty::ZERO)
    }
}

/// The shares of an entry that its limits on values leave room for.
pub(crate) fn affordable(
    limits: &Limits,
    account: &Account<'_>,
    place: &Place<'_>,
    direction: Direction,
    kind: OrderKind,
) -> Room {
    let equity = account.equity;
    let exposure = &account.exposure;
    let times = |ratio: Ratio, used: Money| equity.scaled_down(ratio) - used;
    let net = exposure.net(direction);
    let mut amount = limits.order_value;
    let mut limit = "order_value";
    let power = (account.spendable).map(|p| spent_at_most(limits, p) - exposure.unconfirmed);
    let others = [
        ("position_value", Some(limits.position_value_max)),
        (
            "position_fraction",
            Some(times(limits.position_fraction, Money::ZERO)),
        ),
        (
            "gross_exposure",
            Some(times(limits.gross_exposure, exposure.gross())),
        ),
        ("net_exposure", Some(times(limits.net_exposure, net))),
        (
            "route_exposure",
            Some(times(limits.route_exposure, exposure.route)),
        ),
        ("buying_power", power),
    ];
    for (name, most) in others {
        if let Some(most) = most.filter(|most| *most < amount) {
            (amount, limit) = (most, name);
        }
    }
    let share = worst_share(direction.entry_side(), kind, place.last, limits.fill_collar);
    let shares = amount
        .femtos()
        .max(0)
        .checked_div(share.femtos())
        .unwrap_or(0);
    let shares = u32::try_from(shares).unwrap_or(u32::MAX);
    let qty = Qty::shares(shares.min(1_000_000_000)).unwrap_or(Qty::ZERO);
    Room {
        amount,
        limit,
        share,
        bounds: [
            Some((WORST_FILL, qty)),
            Some(("order_shares", limits.order_shares)),
            volume_cap(limits, place).map(|cap| ("volume_share", cap)),
        ],
    }
}

/// What entries may use of the broker's buying power.
fn spent_at_most(limits: &Limits, power: Money) -> Money {
    power - power.scaled_down(limits.buying_power_reserve)
}

/// Most shares of one order by the symbol's average daily volume, in whole shares.
fn volume_cap(limits: &Limits, place: &Place<'_>) -> Option<Qty> {
    let volume = place.instrument.average_daily_volume?;
    let share = Level::from_femtos(i128::from(volume.nanos())).scaled_down(limits.volume_share);
    let nanos = i64::try_from(share.femtos()).unwrap_or(Qty::MAX_NANOS);
    let whole = nanos.checked_div(Qty::NANOS_PER_SHARE).unwrap_or(0);
    Some(Qty::shares(u32::try_from(whole).unwrap_or(u32::MAX)).unwrap_or(volume))
}

/// One order under the limits.
struct Caps<'a> {
    limits: &'a Limits,
    account: &'a Account<'a>,
    place: &'a Place<'a>,
    request: &'a OrderRequest,
    checks: &'a mut Vec<GateCheck>,
}

impl Caps<'_> {
    fn within(
        &mut self,
        limit: &'static str,
        holds: bool,
        value: Fact,
        allowed: Fact,
    ) -> Result<(), Refusal> {
        let refused = (!holds).then(|| format!("{limit} would be {value}, allowed is {allowed}"));
        self.checks.push(GateCheck {
            limit: Cow::Borrowed(limit),
            value,
            allowed,
            holds,
        });
        refused.map_or(Ok(()), |detail| refuse(limit, detail))
    }

    fn money(&mut self, limit: &'static str, value: Money, most: Money) -> Result<(), Refusal> {
        self.within(limit, value <= most, Fact::Money(value), Fact::Money(most))
    }

    fn count(&mut self, limit: &'static str, value: u32, most: u32) -> Result<(), Refusal> {
        let count = |count: u32| Fact::Count(i64::from(count));
        self.within(limit, value <= most, count(value), count(most))
    }

    fn shares(&mut self, limit: &'static str, most: Qty) -> Result<(), Refusal> {
        let shares = |qty: Qty| Fact::Count(qty.whole_shares());
        let qty = self.request.qty;
        self.within(limit, qty <= most, shares(qty), shares(most))
    }

    /// What the order may cost at most.
    fn value(&self) -> Money {
        let OrderRequest {
            side, kind, qty, ..
        } = *self.request;
        worst_value(side, kind, self.place.last, qty, self.limits.fill_collar)
    }

    fn of_equity(&self, ratio: Ratio) -> Money {
        self.account.equity.scaled_down(ratio)
    }

    fn sizes(&mut self) -> Result<(), Refusal> {
        let limits = self.limits;
        self.shares("order_shares", limits.order_shares)?;
        if let Some(cap) = volume_cap(limits, self.place) {
            self.shares("volume_share", cap)?;
        }
        let value = self.value();
        self.money("order_value", value, limits.order_value)?;
        self.money("position_value", value, limits.position_value_max)?;
        let most = self.of_equity(limits.position_fraction);
        self.money("position_fraction", value, most)
    }

    /// Everything that is held or may still fill, with this order filled too.
    fn exposures(&mut self) -> Result<(), Refusal> {
        let limits = self.limits;
        let value = self.value();
        let exposure = &self.account.exposure;
        let direction = opens(self.request.side);
        let sums = [
            ("gross_exposure", exposure.gross(), limits.gross_exposure),
            ("net_exposure", exposure.net(direction), limits.net_exposure),
            ("route_exposure", exposure.route, limits.route_exposure),
        ];
        for (limit, sum, ratio) in sums {
            let most = self.of_equity(ratio);
            self.money(limit, sum + value, most)?;
        }
        if let Some(power) = self.account.spendable {
            let used = exposure.unconfirmed + value;
            self.money("buying_power", used, spent_at_most(limits, power))?;
        }
        Ok(())
    }

    fn prices(&mut self) -> Result<(), Refusal> {
        let reference = Level::from(self.place.last);
        let kind = self.request.kind;
        let away = kind
            .stop()
            .into_iter()
            .chain(kind.limit())
            .map(|price| (Level::from(price) - reference).abs())
            .max()
            .unwrap_or(Level::ZERO);
        let collar = reference.scaled_down(self.limits.price_collar);
        let holds = away <= collar;
        self.within(
            "price_collar",
            holds,
            Fact::Level(away),
            Fact::Level(collar),
        )?;
        match kind {
            OrderKind::Market => self.spread(),
            _ => Ok(()),
        }
    }

    /// Where quotes come, the market is entered only on one that is fresh, whole and narrow.
    fn spread(&mut self) -> Result<(), Refusal> {
        let Some((quote, age)) = self.place.quote.filter(|_| !is(Bug::QuotesIgnored)) else {
            return Ok(());
        };
        let symbol = self.request.symbol;
        if age > self.limits.quote_age_nanos {
            let seconds = age.checked_div(1_000_000_000).unwrap_or(0);
            let detail = format!("the last quote of {symbol} is {seconds} s old");
            return refuse("stale_quote", detail);
        }
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
            let detail = format!("{symbol} is quoted on one side only, or on none");
            return refuse("one_sided_quote", detail);
        };
        if quote.is_crossed_or_locked() {
            let detail = format!("{symbol} is bid {bid} and offered {ask}");
            return refuse("crossed_quote", detail);
        }
        let spread = Level::from(ask) - Level::from(bid);
        let most = Level::from(bid).scaled_down(self.limits.spread);
        let holds = spread <= most;
        self.within("spread", holds, Fact::Level(spread), Fact::Level(most))
    }

    /// The risk of one trade, however it was sized.
    fn risk(&mut self, at_stop: Money) -> Result<(), Refusal> {
        let share = self.of_equity(self.limits.risk_per_trade);
        let most = share.min(self.limits.risk_per_trade_max);
        self.money("risk_per_trade", at_stop, most)
    }

    fn counts(&mut self) -> Result<(), Refusal> {
        let (limits, account) = (self.limits, self.account);
        let open = u32::try_from(account.book.holdings.len()).unwrap_or(u32::MAX);
        self.count(
            "open_positions",
            open.saturating_add(1),
            limits.open_positions,
        )?;
        let Some(day) = &account.book.day else {
            return Ok(());
        };
        let entries = entries_of(day, self.place.route).saturating_add(1);
        self.count("entries_per_route", entries, limits.entries_per_route)?;
        if limits.consecutive_losses > 0 {
            let streak = day.losses_in_a_row.saturating_add(1);
            self.count("consecutive_losses", streak, limits.consecutive_losses)?;
        }
        Ok(())
    }

    fn losses(&mut self, at_stop: Money, share_at_stop: Ratio) -> Result<(), Refusal> {
        let (limits, account) = (self.limits, self.account);
        if let Some(peak) = account.book.peak {
            let (below, most) = (peak - account.equity, peak.scaled_down(limits.drawdown));
            let holds = below < most;
            self.within("drawdown", holds, Fact::Money(below), Fact::Money(most))?;
        }
        let Some(day) = &account.book.day else {
            return Ok(());
        };
        let mut loss = day.equity_at_open - account.equity;
        if is(Bug::OpenLossIgnored) {
            loss = Money::ZERO - day.realised;
        }
        let most = day.equity_at_open.scaled_down(limits.daily_loss);
        let holds = loss < most;
        self.within("daily_loss", holds, Fact::Money(loss), Fact::Money(most))?;
        // What this trade and every other may lose at their stops must fit into what the day may
        // still lose.
        let at_stops = loss + account.exposure.at_stops + at_stop;
        let most = day.equity_at_open.scaled_down(share_at_stop);
        self.money("daily_loss_at_stop", at_stops, most)
    }

    fn rates(&mut self, against: &Against<'_>, sent: Sent) -> Result<(), Refusal> {
        let limits = self.limits;
        let recent = against.entries;
        if let Some(ago) = recent.twice(limits, &sent) {
            let milliseconds = ago.checked_div(1_000_000).unwrap_or(0);
            let Sent {
                symbol, side, qty, ..
            } = sent;
            let detail = format!("{side} {qty} {symbol} was sent {milliseconds} ms ago already");
            return refuse("duplicate", detail);
        }
        let (all, of_symbol) = recent.in_a_minute(sent.at, sent.symbol);
        if limits.entries_per_minute_symbol != u32::MAX {
            let most = limits.entries_per_minute_symbol;
            self.count(
                "entries_per_minute_symbol",
                of_symbol.saturating_add(1),
                most,
            )?;
        }
        if limits.entries_per_minute != u32::MAX {
            let most = limits.entries_per_minute;
            self.count("entries_per_minute", all.saturating_add(1), most)?;
        }
        if limits.messages_per_minute != u32::MAX {
            let messages = against.messages.total_in_a_minute(sent.at);
            let most = limits.messages_per_minute;
            self.count("messages_per_minute", messages.saturating_add(1), most)?;
        }
        Ok(())
    }
}

/// Entries of a route in a session so far.
pub(crate) fn entries_of(day: &Day, route: &str) -> u32 {
    day.entries.get(route).copied().unwrap_or(0)
}
