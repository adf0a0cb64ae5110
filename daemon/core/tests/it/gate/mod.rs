//! The gate asked directly: every rule and every limit, each at its last value that passes and at the first
//! one that does not. What the engine sends is held by it whatever else has looked before.

#[cfg(test)]
mod limits;
#[cfg(test)]
mod reducing;
#[cfg(test)]
mod rules;

use trader_contract::{
    AccountFacts, Attached, BrokerRequest, ClientOrderId, Direction, Epoch, IntentNo, Money,
    NetQty, OrderKind, OrderRequest, OrderRole, Price, Qty, Quote, TickRule, TimeInForce,
    Timestamp,
};
use trader_core::book::{Book, Day, Holding};
use trader_core::record::Record;
use trader_core::risk::exposure::Exposure;
use trader_core::risk::gate::{Account, Gate, Place, Refusal};
use trader_core::risk::limits::Limits;
use trader_core::risk::rate::Sent;
use trader_core::{Instrument, Sides};

use crate::say::Mirror;
use crate::scene::symbol;

/// One entry that passes, with all that the gate looks at: 100 shares of SPY at a break of 100.10, stop at
/// 99.50, target at 101, with 100,000 dollars; or the mirror image.
#[derive(Clone)]
struct Ask {
    direction: Direction,
    limits: Limits,
    sent: Vec<Sent>,
    book: Book,
    equity: Money,
    exposure: Exposure,
    broker: AccountFacts,
    spendable: Option<Money>,
    entries_open: bool,
    leave: Result<(), Refusal>,
    sides: Sides,
    observe: bool,
    volume: Option<Qty>,
    quote: Option<(Quote, i64)>,
    shortable: bool,
    request: OrderRequest,
}

fn now() -> Timestamp {
    "2011-01-10T15:00:00Z".parse().unwrap()
}

fn shares(shares: u32) -> Qty {
    Qty::shares(shares).unwrap()
}

impl Ask {
    fn new(direction: Direction) -> Self {
        let client_id = ClientOrderId {
            epoch: Epoch(42),
            session: 20_110_110,
            intent: IntentNo(7),
            role: OrderRole::Entry,
            attempt: 1,
        };
        let price = |long: &str| Mirror(direction).price(long.parse().unwrap());
        let date = now().to_utc().date_naive();
        let book = Book {
            day: Some(Day::open(date, Money::dollars(100_000))),
            ..Book::default()
        };
        Self {
            direction,
            limits: Limits::unbounded(),
            sent: Vec::new(),
            book,
            equity: Money::dollars(100_000),
            exposure: Exposure::NONE,
            broker: AccountFacts {
                id: "SIMULATED".into(),
                blocked: None,
                shorting: true,
                buying_power: None,
                equity: None,
            },
            spendable: None,
            entries_open: true,
            leave: Ok(()),
            sides: Sides::Both,
            observe: false,
            volume: None,
            quote: None,
            shortable: true,
            request: OrderRequest {
                client_id,
                symbol: symbol("SPY"),
                side: direction.entry_side(),
                qty: shares(100),
                kind: OrderKind::Stop {
                    stop: price("100.10"),
                },
                time_in_force: TimeInForce::Gtc,
                attached: Attached {
                    stop: Some((client_id.with_role(OrderRole::Stop), price("99.50"))),
                    target: Some((client_id.with_role(OrderRole::Target), price("101"))),
                },
                oco_stop: None,
            },
        }
    }

    /// A price of the long case in this one.
    fn price(&self, long: &str) -> Price {
        Mirror(self.direction).price(long.parse().unwrap())
    }

    /// What the 100 shares cost at the entry's own price.
    fn value(&self) -> Money {
        self.price("100.10").times(shares(100))
    }

    fn apply(&mut self, record: &Record) {
        self.book.apply(now(), record);
    }

    fn hold(&mut self, ticker: &str) {
        let (symbol, entry) = (symbol(ticker), self.request.client_id);
        let net = NetQty::from_nanos(1_000_000_000).unwrap();
        let holding = Holding::found(symbol, entry, net, (None, now())).unwrap();
        self.book.holdings.insert(symbol, holding);
    }

    /// Entries of other symbols, or of this one, that were sent so long ago.
    fn sent_before(&mut self, ticker: &str, nanos: i64) {
        self.sent.push(Sent {
            at: now().plus_nanos(-nanos),
            symbol: symbol(ticker),
            side: self.request.side,
            qty: shares(99),
        });
    }

    /// The rule that says no.
    fn verdict(&self) -> Option<&'static str> {
        let mut gate = Gate::new(self.limits.clone());
        gate.recall(self.sent.iter().copied());
        let account = Account {
            book: &self.book,
            equity: self.equity,
            exposure: self.exposure,
            broker: Some(&self.broker),
            spendable: self.spendable,
            entries_open: self.entries_open,
            leave: self.leave.clone(),
        };
        let place = Place {
            route: "a",
            strategy: "puppet",
            sides: self.sides,
            observe: self.observe,
            instrument: Instrument {
                symbol: self.request.symbol,
                tick: TickRule::Rule612,
                average_daily_volume: self.volume,
            },
            last: self.price("100"),
            quote: self.quote,
            shortable: self.shortable,
        };
        let mut checks = Vec::new();
        let answer = gate.entry(now(), &account, &place, self.request, &[], &mut checks);
        assert_eq!(gate.checked(), 1);
        match answer {
            Ok(approved) => {
                let same = BrokerRequest::Submit(self.request);
                assert_eq!(approved.into_request(), same, "as it was asked for");
                assert!(!checks.is_empty());
                None
            }
            Err(refusal) => {
                assert!(!refusal.detail.is_empty());
                Some(refusal.rule)
            }
        }
    }
}

/// Asks on both sides whether the gate says no by this rule, or yes.
fn expect(rule: Option<&str>, change: impl Fn(&mut Ask)) {
    for direction in [Direction::Long, Direction::Short] {
        let mut ask = Ask::new(direction);
        assert_eq!(ask.verdict(), None);
        change(&mut ask);
        assert_eq!(ask.verdict(), rule, "{direction}");
    }
}
