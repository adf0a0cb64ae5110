//! What the sockets share: the world behind one lock, the clock that drives it, and the order in
//! which a request is checked, written down, carried out and told of.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use trader_broker_sim::AccountView;
use trader_contract::Timestamp;

use super::clock::Clock;
use super::faults::{Faults, Order};
use super::ids::IdMaker;
use super::journal::{Header, Journal};
use super::limits::{Limit, Standing};
use super::market::{Market, QUOTE_STEP};
use super::options::{Options, Pace, default_start, pace};
use super::request::{Fields, Method, Refusal, Reply, Request};
use super::rest::data::Plan;
use super::streams::hub::{Hub, Second, Told};
use super::world::World;
use super::{admin, clock, rest};

const TRADING_PER_MINUTE: u32 = 200;
const DATA_PER_MINUTE_BASIC: u32 = 200;
const DATA_PER_MINUTE_PLUS: u32 = 10_000;
/// How long a client may take to authenticate on a stream.
const AUTH_TIMEOUT: Duration = Duration::from_secs(10);

/// What all connections share.
pub(crate) struct Shell {
    state: Mutex<State>,
    wakes: Notify,
    key: String,
    secret: String,
    plan: Plan,
}

struct State {
    world: World,
    clock: Clock,
    journal: Option<Journal>,
    hub: Hub,
    faults: Faults,
    trading: Limit,
    data: Limit,
    request_ids: IdMaker,
    auth_timeout: Duration,
}

/// What a request comes to, for the sockets to send.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) standing: Option<Standing>,
    pub(crate) fault: Option<Order>,
    pub(crate) request_id: String,
    pub(crate) retry_after: Option<u64>,
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would be reachable from other machines.
    #[error("{0} is not a loopback address; listen on 127.0.0.1 or [::1]")]
    NotLoopback(std::net::SocketAddr),
    /// The port is taken, or the machine has no such address.
    #[error("cannot listen on {address}: {error}; choose another port")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The market or the state cannot be used.
    #[error("{0}")]
    Unusable(Box<dyn std::error::Error + Send + Sync>),
}

impl Shell {
    /// Makes the world, or takes it up where the last run left it.
    pub(crate) fn open(options: &Options, market: Market) -> Result<Self, StartError> {
        let start = options
            .start
            .unwrap_or_else(|| default_start(clock::wall(), market.last_recorded()));
        let wanted = Header::new(options.seed, &options.market, start);
        let (journal, header, lines) = match &options.state_dir {
            None => (None, wanted, Vec::new()),
            Some(folder) => {
                let opened = Journal::open(folder, &wanted);
                let (journal, header, lines) =
                    opened.map_err(|error| StartError::Unusable(error.into()))?;
                (Some(journal), header, lines)
            }
        };
        let mut world = World::new(market, header.seed, header.start);
        for line in lines {
            world.advance(line.at);
            if let Some(request) = line.request {
                let _told_before = carry_out(&mut world, &request, options.plan);
            }
        }
        // What the last run has told is not told again.
        let _told_before = world.take_notices();
        let now = world.now();
        Ok(Self {
            state: Mutex::new(State {
                clock: Clock::start(now, options.pace),
                hub: Hub::new(now),
                world,
                journal,
                faults: Faults::default(),
                trading: Limit::of(TRADING_PER_MINUTE),
                data: Limit::of(match options.plan {
                    Plan::Basic => DATA_PER_MINUTE_BASIC,
                    Plan::Plus => DATA_PER_MINUTE_PLUS,
                }),
                request_ids: IdMaker::new(options.seed ^ now.nanos().unsigned_abs()),
                auth_timeout: AUTH_TIMEOUT,
            }),
            wakes: Notify::new(),
            key: options.key.clone(),
            secret: options.secret.clone(),
            plan: options.plan,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys(&self) -> (&str, &str) {
        (&self.key, &self.secret)
    }

    pub(crate) const fn plan(&self) -> Plan {
        self.plan
    }

    pub(crate) fn auth_timeout(&self) -> Duration {
        self.lock().auth_timeout
    }

    pub(crate) fn with_hub<T>(&self, act: impl FnOnce(&mut Hub) -> T) -> T {
        act(&mut self.lock().hub)
    }

    /// The simulated time.
    pub(crate) fn now(&self) -> Timestamp {
        self.lock().world.now()
    }

    /// The account as the exchange has it.
    pub(crate) fn account(&self) -> AccountView {
        let mut state = self.lock();
        state.catch_up();
        state.world.exchange().account()
    }

    /// Passes over the simulated time until `at`, if that is to come.
    pub(crate) fn skip_to(&self, at: Timestamp) {
        self.lock().skip_to(at);
        self.wake();
    }

    /// Lets the clock's task look again at when it has to act.
    pub(crate) fn wake(&self) {
        self.wakes.notify_one();
    }

    /// Lets go of the state folder: nobody is listened to any more.
    pub(crate) fn let_go(&self) {
        self.lock().journal = None;
    }

    /// Whether a handshake is refused, and with which status.
    pub(crate) fn refuses_handshake(&self, path: &str) -> Option<u16> {
        let mut state = self.lock();
        let refused = state.faults.meet_handshake(path);
        let second = path == "/stream" && state.hub.refuses_trading();
        refused.or_else(|| second.then_some(429))
    }

    /// The error that answers a message to a data stream by a fault's order.
    pub(crate) fn errs(&self, path: &str, action: &str) -> Option<u16> {
        self.lock().faults.meet_message(path, action)
    }

    /// Lets simulated time pass, for ever.
    pub(crate) async fn run_clock(&self) {
        loop {
            let wait = {
                let mut state = self.lock();
                state.catch_up();
                state.wait()
            };
            let woken = self.wakes.notified();
            match wait {
                Some(wait) => {
                    let _either = tokio::time::timeout(wait, woken).await;
                }
                None => woken.await,
            }
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request, authorised: bool) -> Outcome {
        let outcome = self.lock().answer(request, authorised, self.plan);
        self.wake();
        outcome
    }
}

/// Carries out a request that changes the world.
fn carry_out(world: &mut World, request: &Request, plan: Plan) -> Reply {
    if admin::is_admin(&request.path) {
        admin::apply(world, request)
    } else if rest::data::is_data(&request.path) {
        rest::data::answer(world, request, plan)
    } else {
        rest::trade(world, request)
    }
}

impl State {
    /// Plays what has become due, and tells of it.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        self.world.advance(now);
        self.publish();
    }

    fn publish(&mut self) {
        let notices = self.world.take_notices();
        if !notices.is_empty()
            && let Some(journal) = &mut self.journal
            && let Err(error) = journal.mark(self.world.now())
        {
            tracing::error!("cannot write the journal: {error}; the next start will lag behind");
        }
        self.hub.publish(&mut self.world, notices, &mut self.faults);
    }

    /// How long nothing happens by itself.
    fn wait(&self) -> Option<Duration> {
        let mut due = self.world.due();
        due = self.faults.due().map_or(due, |late| due.min(late));
        if self.hub.wants_data() {
            let now = self.world.now().nanos();
            let over = now.rem_euclid(QUOTE_STEP);
            let tick = now.saturating_sub(over).saturating_add(QUOTE_STEP);
            due = due.min(Timestamp::from_nanos(tick));
        }
        let wait = self.clock.until(due)?;
        // Fast clocks are served in steps, not as fast as the machine can.
        Some(wait.max(Duration::from_millis(1)))
    }

    fn answer(&mut self, request: &Request, authorised: bool, plan: Plan) -> Outcome {
        self.catch_up();
        let mut outcome = Outcome {
            reply: Reply::ok(Value::Null),
            standing: None,
            fault: None,
            request_id: self.request_ids.request_id(),
            retry_after: None,
        };
        if admin::is_admin(&request.path) {
            outcome.reply = self.administer(request, plan);
            return outcome;
        }
        if !authorised {
            outcome.reply = Refusal::new(401, 40_110_000, "unauthorized.").into();
            return outcome;
        }
        let is_data = rest::data::is_data(&request.path);
        let limit = if is_data {
            &mut self.data
        } else {
            &mut self.trading
        };
        let standing = limit.count(self.world.now());
        outcome.standing = Some(standing);
        let fault = self.faults.meet_request(request);
        if !standing.allowed
            || fault
                .as_ref()
                .is_some_and(|f| f.fault == super::faults::Kind::RateLimit)
        {
            outcome.reply = Refusal::new(429, 42_910_000, "rate limit exceeded").into();
            outcome.retry_after = Some(self.retry_after(standing));
            outcome.fault = fault;
            return outcome;
        }
        let acts = fault
            .as_ref()
            .is_none_or(|f| f.fault != super::faults::Kind::ErrorBefore);
        if acts {
            outcome.reply = self.act(request, !is_data && rest::changes(request), plan);
        }
        outcome.fault = fault;
        outcome
    }

    /// Carries out a request, after writing it down if it changes something.
    fn act(&mut self, request: &Request, changes: bool, plan: Plan) -> Reply {
        if changes
            && let Some(journal) = &mut self.journal
            && let Err(error) = journal.record(self.world.now(), request)
        {
            let words = format!("the simulator cannot write its journal: {error}");
            return Refusal::new(500, 50_010_000, words).into();
        }
        let reply = carry_out(&mut self.world, request, plan);
        self.publish();
        reply
    }

    /// How many of the machine's seconds it takes until the limit is whole again.
    fn retry_after(&self, standing: Standing) -> u64 {
        let left = standing
            .reset
            .saturating_sub(self.world.now().seconds())
            .max(1);
        let pace = self.clock.pace().0.max(1);
        let wall = left.saturating_mul(1_000).checked_div(pace).unwrap_or(left);
        u64::try_from(wall.max(1)).unwrap_or(1)
    }

    fn administer(&mut self, request: &Request, plan: Plan) -> Reply {
        if admin::changes_world(request) {
            return self.act(request, true, plan);
        }
        self.steer(request).unwrap_or_else(Reply::from)
    }

    /// Carries out an admin command that concerns this process.
    fn steer(&mut self, request: &Request) -> Result<Reply, Refusal> {
        let parts = request.parts();
        let subject = parts.get(1).copied().unwrap_or_default();
        match (request.method, subject) {
            (Method::Get, "state") => Ok(Reply::ok(self.show())),
            (Method::Post, "clock") => self.set_clock(&request.fields()?),
            (Method::Post, "faults") => {
                let order: Order = serde_json::from_str(&request.body)
                    .map_err(|error| Refusal::new(400, 40_010_000, error.to_string()))?;
                self.faults.add(order);
                Ok(Reply::ok(json!({"pending": self.faults.pending()})))
            }
            (Method::Delete, "faults") => {
                self.faults.clear();
                Ok(Reply::empty())
            }
            (Method::Post, "streams") => self.set_streams(&request.fields()?),
            (Method::Post, "limits") => {
                let fields = request.fields()?;
                let limits = [
                    ("trading_per_minute", &mut self.trading),
                    ("data_per_minute", &mut self.data),
                ];
                for (name, limit) in limits {
                    let per_minute = fields.get(name).and_then(Value::as_u64);
                    if let Some(per_minute) = per_minute.and_then(|n| u32::try_from(n).ok()) {
                        *limit = Limit::of(per_minute);
                    }
                }
                Ok(Reply::ok(json!({"done": true})))
            }
            _ => Err(Refusal::not_found(
                "no such admin command; alpaca-sim --help lists them",
            )),
        }
    }

    /// Passes over the time until `to`.
    fn skip_to(&mut self, to: Timestamp) {
        self.clock.jump(to);
        self.catch_up();
        if let Some(journal) = &mut self.journal {
            let _told_with_the_next_event = journal.mark(self.world.now());
        }
    }

    fn set_clock(&mut self, fields: &Fields) -> Result<Reply, Refusal> {
        if let Some(times) = fields.decimal("pace")? {
            let read: Pace = pace(&times.to_string()).map_err(Refusal::invalid)?;
            self.clock.set_pace(read);
        }
        if let Some(to) = admin::target(fields, self.world.now())? {
            self.skip_to(to);
        }
        Ok(Reply::ok(json!({"now": self.world.now().to_string()})))
    }

    fn set_streams(&mut self, fields: &Fields) -> Result<Reply, Refusal> {
        let mut told = 0_usize;
        if let Some(stream) = fields.text("cut") {
            told = told.saturating_add(self.hub.disturb(stream, || Told::Cut));
        }
        if let Some(stream) = fields.text("mute") {
            told = told.saturating_add(self.hub.disturb(stream, || Told::Mute));
        }
        if let Some(second) = fields.get("second_trading_stream") {
            let read: Result<Second, _> = serde_json::from_value(second.clone());
            let words = "second_trading_stream must be displace, refuse or allow";
            self.hub.second = read.map_err(|_| Refusal::invalid(words))?;
        }
        let patience = fields
            .get("auth_timeout_milliseconds")
            .and_then(Value::as_u64);
        self.auth_timeout = patience.map_or(self.auth_timeout, Duration::from_millis);
        Ok(Reply::ok(json!({"connections": told})))
    }

    fn show(&mut self) -> Value {
        json!({
            "now": self.world.now().to_string(),
            "is_open": self.world.is_open(),
            "faults": self.faults.pending(),
            "orders": self.world.order_count(),
            "account": self.world.account_json(),
            "positions": self.world.positions_json(),
        })
    }
}
