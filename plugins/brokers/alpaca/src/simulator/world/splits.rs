//! Splits: announced by hand, and carried out before anything trades on the ex-date. Positions are
//! counted in new shares at a cost that stays, what is no whole share afterwards is paid out, and every
//! order that is open is cancelled, whatever its lifetime: its price and quantity are of other shares.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use trader_contract::{NetQty, Symbol, Timestamp};

use super::World;
use super::activities::Payment;
use super::agenda::symbol_id;
use super::positions::Holding;
use crate::simulator::decimal::{self, ratio};
use crate::simulator::market::Split;
use crate::simulator::request::{Fields, Refusal};

/// The most shares on either side of a split.
const SHARES_MAX: u64 = 1_000;

impl World {
    /// Announces a split of an asset that is still to come.
    pub(crate) fn announce_split(&mut self, asset: usize, fields: &Fields) -> Result<(), Refusal> {
        let shares = |name: &str| {
            let shares = fields.get(name).and_then(Value::as_u64);
            let shares = shares.filter(|shares| (1..=SHARES_MAX).contains(shares));
            let words = format!("{name} must be a whole number from 1 to {SHARES_MAX}");
            let shares = shares.and_then(|shares| u32::try_from(shares).ok());
            shares.ok_or_else(|| Refusal::invalid(words))
        };
        let (new, old) = (shares("new")?, shares("old")?);
        if new == old {
            return Err(Refusal::invalid("new and old must differ"));
        }
        let ex_date = self.ex_date(fields)?;
        let known = self.market.splits(ex_date, ex_date);
        if known.iter().any(|split| split.asset == asset) {
            return Err(Refusal::unprocessable("it is announced already"));
        }
        self.market.announce_split(Split {
            asset,
            new,
            old,
            ex_date,
        });
        Ok(())
    }

    /// Carries out the splits of a date.
    pub(super) fn split_shares(&mut self, date: NaiveDate, at: Timestamp) {
        for split in self.market.splits(date, date) {
            let Some(id) = symbol_id(split.asset) else {
                continue;
            };
            self.sim.move_to(at);
            let before = self.sim.cash();
            self.sim.apply_split(id, (split.new, split.old), at);
            self.take_reports();
            let paid = decimal::of_money(self.sim.cash()) - decimal::of_money(before);
            if let Some(Some(price)) = self.halted.get_mut(&split.asset) {
                *price = ratio(*price * Decimal::from(split.old), Decimal::from(split.new));
            }
            self.recount(&split, paid, at);
        }
    }

    /// Counts a holding in the shares that the exchange has made of it.
    fn recount(&mut self, split: &Split, paid: Decimal, at: Timestamp) {
        // What was executed before can be corrected no longer: it was of other shares.
        self.trades.retain(|trade| trade.asset() != split.asset);
        self.carried.remove(&split.asset);
        let Some(holding) = self.holdings.remove(&split.asset) else {
            return;
        };
        let before = holding.qty();
        let (new, old) = (Decimal::from(split.new), Decimal::from(split.old));
        let exact = (before * new / old).trunc_with_scale(9);
        let symbol = self.market.asset(split.asset).map(|asset| asset.symbol);
        let is_it = |(held, _): &(Symbol, NetQty)| Some(*held) == symbol;
        let left = self.sim.positions().find(is_it);
        let whole = left.map_or(Decimal::ZERO, |(_, net)| Decimal::new(net.nanos(), 9));
        let holding = holding.split(whole, ratio(old, new));
        if !holding.is_flat() {
            self.holdings.insert(split.asset, holding);
            self.carried.insert(split.asset, holding);
        }
        let sub_type = if split.is_forward() {
            "FSPLIT"
        } else {
            "RSPLIT"
        };
        let words = format!("{} for {} split", split.new, split.old);
        let row = Payment {
            kind: "SPLIT",
            sub_type,
            amount: Decimal::ZERO,
            words: &words,
            shares: Some((split.asset, exact - before, Decimal::ZERO)),
        };
        self.record_other(&row, at);
        let fraction = exact - whole;
        if !fraction.is_zero() {
            let amount = paid.round_dp(9);
            let each = ratio(amount, fraction).round_dp(6);
            let row = Payment {
                kind: "CIL",
                sub_type: "",
                amount,
                words: "cash in lieu of a fraction of a share",
                shares: Some((split.asset, fraction, each)),
            };
            self.record_other(&row, at);
        }
    }

    /// What a split has left of an asset, from which its trades count.
    pub(super) fn carried(&self, asset: usize) -> Holding {
        self.carried.get(&asset).copied().unwrap_or_default()
    }
}
