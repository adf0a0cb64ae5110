//! What may still fill counts at its worst price, and the losses that stops still hold count too. A
//! small model of the broker's side adds up what it was sent and knows nothing of the gate's sums.

use proptest::prelude::*;
use trader_contract::{
    BrokerEvent, BrokerRequest, Direction, EntryPrice, EntrySize, Intent, Level, Money, OrderKind,
    OrderReport, OrderRequest, OrderRole, Price, Qty, ReportStatus, RequestFailure, Side, Symbol,
    Timestamp,
};
use trader_core::record::TradingState;
use trader_core::risk::limits::Limits;
use trader_core::{Command, OperatorCommand};

use crate::scene::{Scene, Setup, both_with, symbol};

const TICKERS: [&str; 2] = ["SPY", "QQQ"];

fn with(change: impl Fn(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

/// Market and stop entries are counted 4 % beyond.
fn collared(gross: &str) -> Setup {
    with(|limits| {
        limits.fill_collar = "0.04".parse().unwrap();
        limits.gross_exposure = gross.parse().unwrap();
    })
}

fn unknown(scene: &mut Scene, order: &str) {
    let client_id = scene.id(order);
    let failure = RequestFailure::Ambiguous {
        message: "timeout".into(),
    };
    let event = BrokerEvent::SubmitFailed { client_id, failure };
    scene.hear("nobody knows", vec![event]);
}

#[test]
fn an_entry_without_a_limit_counts_beyond_its_trigger_and_beyond_the_last_price() {
    // 100 shares at 100 with 4 % are 10,400 dollars, more than 0.102 of the equity.
    for direction in [Direction::Long, Direction::Short] {
        let verdict = |gross| {
            let mut scene = Scene::new(direction, collared(gross));
            let entry = scene.entry_of(100, EntryPrice::Market);
            scene.asks("SPY", entry)
        };
        assert_eq!(verdict("0.104"), None);
        assert_eq!(verdict("0.1039").unwrap(), "gross_exposure");
    }
    // A stop at 100.10 or its mirror image, 4 % beyond: 10,410.40 or 10,389.60.
    both_with(&collared("0.1038"), |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "gross_exposure");
    });
}

#[test]
fn an_entry_of_unknown_fate_counts_as_if_it_fills() {
    both_with(&collared("0.2"), |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
        unknown(scene, "1-e1");
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "gross_exposure");
    });
}

#[test]
fn what_the_broker_has_filled_and_nobody_heard_of_counts_after_the_order_has_ended() {
    both_with(&collared("0.12"), |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
        // 40 shares of it at 104.10 are 4,164 dollars, beside 10,410.
        let id = scene.id("1-e1");
        let told = OrderReport {
            status: ReportStatus::Cancelled,
            filled: Qty::shares(40).unwrap(),
            at: scene.at,
            ..scene.venue.orders[&id].clone()
        };
        scene.hear("cancelled after 40", vec![BrokerEvent::Order(told)]);
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "gross_exposure");
    });
}

#[test]
fn what_has_filled_counts_at_the_last_price_and_the_rest_at_its_worst() {
    both_with(&collared("0.2051"), |scene| {
        scene.with_waiting_entry();
        // 50 at 100 and 50 at 104.10 are 10,205; 100 more at 104 are 20,605.
        scene.fill("1-e1", 50, "100.10");
        scene.one_bar("SPY", "100");
        let entry = scene.entry_of(100, EntryPrice::Market);
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "gross_exposure");
    });
}

#[test]
fn a_size_by_risk_is_cut_to_what_the_worst_price_leaves_room_for() {
    let mut setup = collared("0.5");
    setup.limits.risk_per_trade = "0.02".parse().unwrap();
    both_with(&setup, |scene| {
        let mut entry = scene.entry_of(1, EntryPrice::Market);
        if let Intent::Enter { size, .. } = &mut entry {
            *size = EntrySize::ByRisk;
        }
        assert_eq!(scene.asks("SPY", entry), None);
        // 50,000 dollars at 104 a share; at 100 it would be 500.
        let order = &scene.engine.book().orders[&scene.id("1-e1")];
        assert_eq!(order.qty.whole_shares(), 480);
    });
}

#[test]
fn the_loss_at_every_stop_counts_against_the_day() {
    // Each trade may lose 60 dollars at its stop; the day may lose 150.
    let setup = with(|limits| limits.daily_loss = "0.0015".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_waiting_entry();
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None, "one waits");
    });
    let setup = with(|limits| limits.daily_loss = "0.0011".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_waiting_entry();
        let entry = scene.entry();
        let refused = scene.asks("QQQ", entry);
        assert_eq!(refused.unwrap(), "daily_loss_at_stop", "one waits");
        scene.fill("1-e1", 100, "100.10");
        let entry = scene.entry();
        let refused = scene.asks("QQQ", entry);
        assert_eq!(refused.unwrap(), "daily_loss_at_stop", "one is open");
        scene.fill("1-s1", 100, "100.10");
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None, "nothing is open");
    });
}

#[test]
fn a_day_that_loses_while_paused_or_by_a_fill_alone_trips_its_breaker() {
    let setup = with(|limits| limits.daily_loss = "0.001".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Pause);
        scene.bar("99.10");
        let day = scene.engine.book().day.clone().unwrap();
        assert!(day.tripped.is_some());
        assert!(scene.transcript().contains("ALERT Warning daily_loss"));
        scene.restart();
        scene.snapshot();
        assert!(scene.engine.book().day.as_ref().unwrap().tripped.is_some());
        // A pause outlives the breaker: the next session does not lift it.
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        let trading = &scene.engine.book().trading;
        assert_eq!(trading.to_string(), "reducing");
    });
    both_with(&setup, |scene| {
        scene.with_waiting_entry();
        // No bar between entry and loss.
        scene.fill("1-e1", 50, "102.50");
        assert!(scene.transcript().contains("ALERT Warning daily_loss"));
    });
}

#[test]
fn a_resume_does_not_hide_that_the_day_has_lost_its_share() {
    let setup = with(|limits| limits.daily_loss = "0.001".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_position();
        scene.bar("99.10");
        scene.operator(OperatorCommand::Resume);
        let text = scene.transcript();
        assert!(text.contains("ANSWER no: the day has lost"), "{text}");
        let trading = &scene.engine.book().trading;
        assert!(matches!(trading, TradingState::Tripped(_)), "{trading}");
    });
}

/// The limits of the random scenes.
fn tight() -> Setup {
    with(|limits| {
        limits.fill_collar = "0.04".parse().unwrap();
        limits.gross_exposure = "0.2".parse().unwrap();
        limits.net_exposure = "0.15".parse().unwrap();
        limits.order_value = Money::dollars(12_000);
        limits.order_shares = Qty::shares(110).unwrap();
        limits.open_positions = 2;
        limits.entries_per_route = 6;
        limits.entries_per_minute = 3;
        limits.entries_per_minute_symbol = 2;
        limits.duplicate_nanos = 2_000_000_000;
        limits.risk_per_trade_max = Money::dollars(65);
        limits.daily_loss = "0.004".parse().unwrap();
    })
}

/// The broker's side of the account, from what it was sent and what it filled, and nothing else.
struct Model<'s> {
    scene: &'s Scene,
    /// Every entry that ever arrived, as it arrived.
    sent: &'s [(Timestamp, OrderRequest)],
}

impl Model<'_> {
    fn last(&self, ticker: Symbol) -> Price {
        let id = self.scene.engine.symbol_id(ticker).unwrap();
        self.scene.engine.symbols()[id.index()].last.unwrap()
    }

    /// Dollars that an order may still cost: 4 % beyond where it has no limit.
    fn worst(&self, order: &OrderRequest, left: i64) -> f64 {
        let price = match order.kind {
            OrderKind::Market => self.last(order.symbol).micros() as f64 * 1.04,
            OrderKind::Stop { stop } => stop.micros() as f64 * 1.04,
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => {
                limit.micros() as f64
            }
            OrderKind::TrailingStop { .. } => unreachable!(),
        };
        price / 1e6 * left as f64
    }

    /// Dollars of positions, with their sign, and whether an exit of it is at the broker.
    fn position(&self, ticker: Symbol) -> (f64, bool) {
        let net = self.scene.venue.net(ticker).nanos() as f64 / 1e9;
        let mut orders = self.scene.venue.orders.values();
        let leaves = orders.any(|o| {
            o.symbol == ticker
                && o.client_id.role == OrderRole::Exit
                && !o.status.state().is_terminal()
        });
        (net * self.last(ticker).micros() as f64 / 1e6, leaves)
    }

    /// Dollars that waiting entries of a symbol may still cost, with their sign.
    fn waiting(&self, ticker: Symbol) -> f64 {
        let left = |(_, order): &(Timestamp, OrderRequest)| {
            let report = self.scene.venue.orders.get(&order.client_id)?;
            let open = order.symbol == ticker && !report.status.state().is_terminal();
            let left = (report.qty.nanos() - report.filled.nanos()) / 1_000_000_000;
            let sign = order.side.signed(order.qty).nanos().signum() as f64;
            open.then(|| sign * self.worst(order, left))
        };
        self.sent.iter().filter_map(left).sum()
    }

    /// What may come to be held, on each side, and what surely is.
    fn sides(&self) -> ([f64; 2], [f64; 2]) {
        let (mut may, mut sure) = ([0.0; 2], [0.0; 2]);
        let side = |value: f64| usize::from(value < 0.0);
        for ticker in TICKERS.map(symbol) {
            let (held, leaves) = self.position(ticker);
            let waiting = self.waiting(ticker);
            may[side(held)] += held.abs();
            may[side(waiting)] += waiting.abs();
            if !leaves {
                sure[side(held)] += held.abs();
            }
        }
        (may, sure)
    }

    fn check(&self, at: Timestamp, order: &OrderRequest, equity: f64) {
        let (may, sure) = self.sides();
        let cent = 0.01;
        let gross = may[0] + may[1];
        assert!(gross <= 0.2 * equity + cent, "gross {gross} of {equity}");
        let side = usize::from(order.side == Side::Sell);
        let net = may[side] - sure[1 - side];
        assert!(net <= 0.15 * equity + cent, "net {net} of {equity}");
        assert!(self.worst(order, order.qty.whole_shares()) <= 12_000.0 + cent);
        assert!(order.qty.whole_shares() <= 110);
        let open = TICKERS
            .map(symbol)
            .into_iter()
            .filter(|ticker| self.position(*ticker).0.abs() + self.waiting(*ticker).abs() > cent);
        assert!(open.count() <= 2);
        let minute = || {
            let recent = |sent: &Timestamp| at.since(*sent) < Timestamp::MINUTE;
            self.sent.iter().filter(move |(sent, _)| recent(sent))
        };
        assert!(minute().count() <= 3, "too many in a minute");
        let same = minute().filter(|(_, o)| o.symbol == order.symbol);
        assert!(same.count() <= 2, "too many in a minute in one symbol");
        let alike =
            |o: &OrderRequest| (o.symbol, o.side, o.qty) == (order.symbol, order.side, order.qty);
        let twice = self.sent.iter().filter(|(sent, other)| {
            other.client_id != order.client_id && alike(other) && at.since(*sent) < 2_000_000_000
        });
        assert_eq!(twice.count(), 0, "the same twice");
        let (_, stop) = order.attached.stop.unwrap();
        let price =
            (order.kind.limit().or(order.kind.stop())).unwrap_or_else(|| self.last(order.symbol));
        let apart = (price.micros() - stop.micros()).abs() as f64 / 1e6;
        assert!(apart * order.qty.whole_shares() as f64 <= 65.0 + cent);
    }
}

/// Route `b` wants an entry on the other side than the scene's.
fn against(scene: &mut Scene, pick: u8) {
    let ticker = TICKERS[usize::from(pick % 2)];
    let mut entry = scene.entry_of(40 + u32::from(pick) / 4, EntryPrice::Market);
    let beyond = Level::from(scene.price("100.70"));
    if let Intent::Enter {
        direction, stop, ..
    } = &mut entry
    {
        *direction = direction.opposite();
        *stop = Some(beyond);
    }
    scene.wants("b", ticker, entry);
    scene.bar_of(ticker, "100.1");
}

/// The entries that came out since `from`.
fn entries(scene: &Scene, from: usize) -> Vec<OrderRequest> {
    let entry = |command: &Command| match command {
        Command::Send(approved) => match approved.request() {
            BrokerRequest::Submit(order) if !order.client_id.role.is_reducing() => Some(*order),
            _ => None,
        },
        _ => None,
    };
    scene.commands[from..].iter().filter_map(entry).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_approved_never_exceeds_a_limit_as_the_broker_counts(
        short: bool,
        steps in prop::collection::vec((0_u8..14, any::<u8>()), 1..90),
    ) {
        let direction = if short { Direction::Short } else { Direction::Long };
        let mut scene = Scene::new(direction, tight());
        let mut sent: Vec<(Timestamp, OrderRequest)> = Vec::new();
        for (kind, pick) in steps {
            let told = scene.commands.len();
            match kind {
                0..=10 => crate::random::act(&mut scene, kind, pick),
                _ => against(&mut scene, pick),
            }
            let fresh = entries(&scene, told);
            for order in fresh {
                sent.push((scene.at, order));
                let equity = scene.engine.equity().femtos() as f64 / 1e15;
                Model { scene: &scene, sent: &sent }.check(scene.at, &order, equity);
            }
        }
        let day = scene.engine.book().day.as_ref().unwrap();
        prop_assert!(day.entries.values().all(|count| *count <= 6));
    }
}
