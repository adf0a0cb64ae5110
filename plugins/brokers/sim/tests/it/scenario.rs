//! A small language for scenarios: `check` runs a script of requests and bars against a broker and
//! compares what it said with the expected lines.
//!
//! Times are seconds since the open. `bar O H L C [vVOLUME]` plays the next minute to its end;
//! `bar … {` starts it, the lines up to `}` happen inside (`at SECONDS` moves on), `}` ends it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::fmt::Write as _;

use trader_broker_sim::{FaultKind, SimBroker, SimConfig};
use trader_contract::{
    Attached, Bar, Broker, BrokerEvent, BrokerRequest, ClientOrderId, Epoch, IntentNo, Money,
    OrderKind, OrderReport, OrderRequest, OrderRole, Price, Replacement, RequestFailure, Side,
    Symbol, SymbolId, TimeInForce, Timestamp, Trail,
};

pub(crate) const MINUTE: i64 = Timestamp::MINUTE;
const A: SymbolId = SymbolId::new(0);

/// The first open: 9:30 in New York.
pub(crate) fn open_at() -> Timestamp {
    "2011-01-10T14:30:00Z".parse().unwrap()
}

pub(crate) fn symbol() -> Symbol {
    "A".parse().unwrap()
}

/// `e1`, `s2`, …: a role and an attempt.
pub(crate) fn id(text: &str) -> ClientOrderId {
    let (role, attempt) = text.split_at(1);
    let role = match role {
        "e" => OrderRole::Entry,
        "s" => OrderRole::Stop,
        "t" => OrderRole::Target,
        "x" => OrderRole::Exit,
        other => panic!("no role {other:?}"),
    };
    ClientOrderId {
        epoch: Epoch(1),
        session: 20_110_110,
        intent: IntentNo(1),
        role,
        attempt: attempt.parse().unwrap(),
    }
}

pub(crate) fn name(id: ClientOrderId) -> String {
    let text = id.to_string();
    text.rsplit('-').next().unwrap().to_owned()
}

pub(crate) fn plain() -> SimConfig {
    SimConfig::plain(Money::dollars(100_000))
}

pub(crate) fn alpaca() -> SimConfig {
    SimConfig::alpaca(Money::dollars(100_000))
}

/// A broker, a time, and what was said so far.
pub(crate) struct Script {
    pub(crate) broker: SimBroker,
    pub(crate) now: Timestamp,
    /// What times are counted from.
    origin: Timestamp,
    bar_end: Timestamp,
    said: String,
    config: SimConfig,
}

impl Script {
    pub(crate) fn new(config: SimConfig) -> Self {
        Self::from(config, open_at())
    }

    pub(crate) fn from(config: SimConfig, origin: Timestamp) -> Self {
        Self {
            broker: SimBroker::new(config.clone(), &[symbol(), "B".parse().unwrap()]),
            config,
            now: origin,
            origin,
            bar_end: origin,
            said: String::new(),
        }
    }

    /// Takes every event up to `until`, each when it is due.
    pub(crate) fn run_to(&mut self, until: Timestamp) {
        while let Some(due) = self.broker.due()
            && due <= until
        {
            while let Some(event) = self.broker.take(due) {
                let line = describe(&event, due.since(self.origin));
                writeln!(self.said, "{line}").unwrap();
            }
            assert!(
                self.broker.due().is_none_or(|next| next > due),
                "stuck at {due}"
            );
        }
        self.now = self.now.max(until);
    }

    pub(crate) fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["open"] => self.open_in(0, 390),
            ["open", minutes] => self.open_in(0, minutes.parse().unwrap()),
            ["ahead", minutes] => self.open_in(minutes.parse().unwrap(), 390),
            ["borrow", rate] => self.broker.set_borrow_rate(A, rate.parse().unwrap()),
            ["restart"] => self.restart(),
            ["stops"] => self.tell_stops(),
            ["bill"] => self.tell_bill(),
            ["close"] => {
                self.broker.close_session(self.now);
                self.run_to(self.now);
            }
            ["next", "day"] => self.skip(24 * 60),
            ["skip", minutes] => self.skip(minutes.parse().unwrap()),
            ["bar", rest @ ..] => self.bar(rest),
            ["at", seconds] => {
                let nanos = seconds.parse::<Price>().unwrap().micros() * 1_000;
                self.run_to(self.origin.plus_nanos(nanos));
            }
            ["}"] => self.run_to(self.bar_end),
            ["halt"] => self.broker.set_halted(A, true, self.now),
            ["resume"] => self.broker.set_halted(A, false, self.now),
            ["unshortable"] => self.broker.set_shortable(A, false),
            ["fail", kind @ ..] => self.broker.fail_next(fault(kind)),
            ["snapshot"] => self.request(BrokerRequest::Snapshot {
                number: 1,
                since: Timestamp::MIN,
            }),
            ["account"] => self.tell_account(),
            ["cancel", which] => self.request(BrokerRequest::Cancel(id(which))),
            ["replace", old, new, rest @ ..] => self.replace(old, new, rest),
            [new, side, qty, rest @ ..] => self.submit(new, side, qty, rest),
            other => panic!("what is {other:?}"),
        }
        if !line.ends_with('{') {
            self.run_to(self.now);
        }
    }

    fn skip(&mut self, minutes: i64) {
        self.run_to(self.now);
        self.now = self.now.plus_minutes(minutes);
        self.bar_end = self.now;
    }

    fn open_in(&mut self, minutes: i64, length: i64) {
        let open = self.now.plus_minutes(minutes);
        self.broker.open_session(open, open.plus_minutes(length));
        self.bar_end = open;
    }

    /// Goes on with a broker that was saved and restored.
    fn restart(&mut self) {
        let text = self.broker.save().unwrap();
        let symbols = [symbol(), "B".parse().unwrap()];
        let config = self.config.clone();
        self.broker = SimBroker::restore(&text, config, &symbols).unwrap();
    }

    fn request(&mut self, request: BrokerRequest) {
        self.broker.request(request, self.now);
    }

    fn bar(&mut self, words: &[&str]) {
        let start = self.bar_end;
        self.run_to(start);
        let price = |text: &&str| text.parse::<Price>().unwrap();
        let prices = [0, 1, 2, 3].map(|place| price(&words[place]));
        let volume = words.iter().find_map(|word| word.strip_prefix('v'));
        let volume = volume.map_or(1_000_000, |text| text.parse().unwrap());
        let bar = Bar::new(start, prices, volume).unwrap();
        self.broker.load_bar(A, &bar, MINUTE);
        self.now = start;
        self.bar_end = start.plus_nanos(MINUTE);
        if words.last() != Some(&"{") {
            self.run_to(self.bar_end);
        }
    }

    fn submit(&mut self, new: &str, side: &str, qty: &str, words: &[&str]) {
        let word = |key: &str| {
            let place = words.iter().position(|word| *word == key)?;
            words.get(place + 1).copied()
        };
        let price = |key: &str| word(key).map(|text| text.parse::<Price>().unwrap());
        let leg = |key: &str| {
            let (leg, price) = word(key)?.split_once('@')?;
            Some((id(leg), price.parse::<Price>().unwrap()))
        };
        let kind = match (price("stop"), price("limit"), word("trail").map(trail)) {
            (_, _, Some(trail)) => OrderKind::TrailingStop { trail },
            (None, None, None) => OrderKind::Market,
            (None, Some(limit), None) => OrderKind::Limit { limit },
            (Some(stop), None, None) => OrderKind::Stop { stop },
            (Some(stop), Some(limit), None) => OrderKind::StopLimit { stop, limit },
        };
        let named = |tif: &TimeInForce| words.contains(&tif.name());
        let request = OrderRequest {
            client_id: id(new),
            symbol: if words.contains(&"B") {
                "B".parse().unwrap()
            } else {
                symbol()
            },
            side: match side {
                "buy" => Side::Buy,
                "sell" => Side::Sell,
                other => panic!("no side {other:?}"),
            },
            qty: qty.parse().unwrap(),
            kind,
            time_in_force: TimeInForce::ALL
                .into_iter()
                .find(named)
                .unwrap_or(TimeInForce::Day),
            attached: Attached {
                stop: leg("+stop"),
                target: leg("+target"),
            },
            oco_stop: leg("oco"),
        };
        self.request(BrokerRequest::Submit(request));
    }

    fn replace(&mut self, old: &str, new: &str, words: &[&str]) {
        let word = |key: &str| {
            let place = words.iter().position(|word| *word == key)?;
            words.get(place + 1).copied()
        };
        let price = |key: &str| word(key).map(|text| text.parse::<Price>().unwrap());
        self.request(BrokerRequest::Replace(Replacement {
            client_id: id(old),
            new_client_id: id(new),
            qty: word("qty").map(|text| text.parse().unwrap()),
            stop: price("stop"),
            limit: price("limit"),
            trail: word("trail").map(trail),
        }));
    }

    /// Where every open stop stands.
    fn tell_stops(&mut self) {
        for order in self.broker.account().open_orders {
            let stop = order
                .stop
                .map_or("nowhere".to_owned(), |stop| stop.to_string());
            writeln!(self.said, "{} stands at {stop}", name(order.client_id)).unwrap();
        }
    }

    fn tell_bill(&mut self) {
        let account = self.broker.account();
        writeln!(
            self.said,
            "fees {} accrued {} day trades {}",
            account.fees, account.accrued_fees, account.day_trades
        )
        .unwrap();
    }

    fn tell_account(&mut self) {
        let account = self.broker.account();
        let shares = account.positions.first().map(|(_, net, _)| net.to_string());
        let shares = shares.unwrap_or_else(|| "0".to_owned());
        writeln!(
            self.said,
            "cash {} equity {} shares {shares}",
            account.cash, account.equity
        )
        .unwrap();
    }
}

/// `0.5` dollars or `1.5%`.
fn trail(text: &str) -> Trail {
    match text.strip_suffix('%') {
        Some(percent) => Trail::Percent(percent.parse().unwrap()),
        None => Trail::Price(text.parse().unwrap()),
    }
}

fn fault(words: &[&str]) -> FaultKind {
    match words {
        ["refuse"] => FaultKind::Refuse {
            code: 50_010_000,
            message: "internal server error".into(),
        },
        ["after", "acting"] => FaultKind::AmbiguousAfterActing,
        ["without", "acting"] => FaultKind::AmbiguousWithoutActing,
        ["reject"] => FaultKind::RejectAfterAccepting,
        ["drop"] => FaultKind::DropReport,
        ["duplicate"] => FaultKind::DuplicateReport,
        ["swap"] => FaultKind::SwapReports,
        other => panic!("no fault {other:?}"),
    }
}

fn seconds(since: i64) -> String {
    // Stamps a few nanoseconds apart count as one instant here.
    let micros = since.div_euclid(1_000);
    let text = format!(
        "{}.{:06}",
        micros.div_euclid(1_000_000),
        micros.rem_euclid(1_000_000)
    );
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn describe(event: &BrokerEvent, since: i64) -> String {
    let at = seconds(since);
    match event {
        BrokerEvent::Order(report) => format!("{at} {}", describe_report(report)),
        BrokerEvent::SubmitFailed { client_id, failure } => {
            format!(
                "{at} {} not taken: {}",
                name(*client_id),
                describe_failure(failure)
            )
        }
        BrokerEvent::CancelFailed { client_id, failure } => {
            format!(
                "{at} {} not cancelled: {}",
                name(*client_id),
                describe_failure(failure)
            )
        }
        BrokerEvent::ReplaceFailed {
            client_id, failure, ..
        } => {
            format!(
                "{at} {} not replaced: {}",
                name(*client_id),
                describe_failure(failure)
            )
        }
        BrokerEvent::Snapshot(snapshot) => {
            let shares = snapshot.positions.first();
            format!(
                "{at} snapshot: orders {}, executions {}, shares {}, cash {}",
                snapshot.orders.len(),
                snapshot.executions.len(),
                shares.map_or_else(|| "0".to_owned(), |(_, net)| net.to_string()),
                snapshot.cash
            )
        }
        BrokerEvent::Halt { symbol, halted } => {
            format!(
                "{at} {symbol} {}",
                if *halted { "halted" } else { "resumed" }
            )
        }
        other => format!("{at} {other:?}"),
    }
}

fn describe_report(report: &OrderReport) -> String {
    let status = serde_json::to_string(&report.status).unwrap();
    let mut text = format!("{} {}", name(report.client_id), status.trim_matches('"'));
    if let Some(execution) = &report.execution {
        write!(
            text,
            ": {} {} at {} ({} of {})",
            report.side, execution.qty, execution.price, report.filled, report.qty
        )
        .unwrap();
    } else if report.filled.is_zero() {
        write!(text, " ({})", report.qty).unwrap();
    } else {
        write!(text, " ({} of {})", report.filled, report.qty).unwrap();
    }
    if let Some(by) = report.replaced_by {
        write!(text, " by {}", name(by)).unwrap();
    }
    if let Some(reason) = &report.reason {
        write!(text, ": {reason}").unwrap();
    }
    text
}

fn describe_failure(failure: &RequestFailure) -> String {
    match failure {
        RequestFailure::Refused { code, message } => format!("{code} {message}"),
        RequestFailure::Ambiguous { message } => format!("? {message}"),
    }
}

/// Runs a script that begins at `origin` and returns what the broker said.
pub(crate) fn run_from(origin: Timestamp, config: SimConfig, script: &str) -> String {
    let mut state = Script::from(config, origin);
    for line in script.lines() {
        state.line(line.trim());
    }
    state.said
}

/// Runs a script and compares what the broker said, line by line.
#[track_caller]
pub(crate) fn check(config: SimConfig, script: &str, expect: &str) {
    check_from(open_at(), config, script, expect);
}

/// The same from another time on.
#[track_caller]
pub(crate) fn check_from(origin: Timestamp, config: SimConfig, script: &str, expect: &str) {
    let said = run_from(origin, config, script);
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    if lines(&said) != lines(expect) {
        let place = std::panic::Location::caller();
        println!("<<<{}\n{said}>>>", place.line());
        panic!("the broker said:\n{said}\nexpected:\n{expect}");
    }
}
