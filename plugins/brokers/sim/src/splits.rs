//! What a company's split does to the account: more or fewer shares, a fraction paid out, and every
//! order that rests taken out, since its price and quantity are of another share.

use trader_contract::{Bar, NetQty, Price, Qty, ReportStatus, SymbolId, Timestamp};

use crate::broker::SimBroker;

impl SimBroker {
    /// Who held `old` shares holds `new` from now on. Comes before the open. What is not a whole share
    /// afterwards is paid out, or charged, at the last price on the new basis. A ratio with a zero and
    /// a symbol that is not in the table are ignored.
    pub fn apply_split(&mut self, symbol: SymbolId, (new, old): (u32, u32), now: Timestamp) {
        self.advance(now);
        let index = symbol.index();
        let Some(book) = self.books.get(index) else {
            return;
        };
        if new == 0 || old == 0 {
            return;
        }
        for number in book.open.clone() {
            let reason = Some("a split changed the shares that it was made for");
            self.end(number, ReportStatus::Cancelled, reason, now);
        }
        let (new, old) = (i128::from(new), i128::from(old));
        if let Some(book) = self.books.get_mut(index) {
            book.bar = book.bar.and_then(|bar| rescaled(&bar, (new, old)));
        }
        let mark = self.mark(index);
        if let Some(book) = self.books.get_mut(index) {
            let product = i128::from(book.position.nanos()).saturating_mul(new);
            let after = product.checked_div(old).unwrap_or(0);
            let share = i128::from(Qty::NANOS_PER_SHARE);
            let fraction = after.checked_rem(share).unwrap_or(0);
            let net = |nanos: i128| i64::try_from(nanos).ok().and_then(NetQty::from_nanos);
            if let Some(whole) = net(after.saturating_sub(fraction)) {
                book.position = whole;
            }
            if let (Some(price), Some(fraction)) = (mark, net(fraction)) {
                self.cash += price.times_net(fraction);
            }
        }
        self.arm(index);
    }
}

/// A bar of the past in prices of the new share.
fn rescaled(bar: &Bar, (new, old): (i128, i128)) -> Option<Bar> {
    let price = |price: Price| {
        let product = i128::from(price.micros()).checked_mul(old)?;
        Price::from_micros(i64::try_from(product.checked_div(new)?).ok()?)
    };
    let prices = [
        price(bar.open)?,
        price(bar.high)?,
        price(bar.low)?,
        price(bar.close)?,
    ];
    Bar::new(bar.start, prices, bar.volume).ok()
}
