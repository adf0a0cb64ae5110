//! The state of the daemon at a glance.

use trader_calendar::{Session, new_york};
use trader_contract::{Money, Timestamp};
use trader_core::book::{Holding, Order};
use trader_core::lane::Lane;
use trader_core::record::TradingState;
use trader_core::{Engine, Phase, Protection};
use trader_rpc::{self as rpc, convert};

use super::{alerts, authority};

/// What the engine cannot know of the daemon around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFacts {
    /// What it trades with.
    pub mode: rpc::Mode,
    /// What every view must show beside the mode; or empty.
    pub label: String,
    /// The daemon's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started, by the wall clock.
    pub started_at: Timestamp,
    /// How long it runs, in seconds.
    pub uptime_seconds: u64,
    /// The data feed.
    pub feed: rpc::Link,
    /// The broker.
    pub broker: rpc::Link,
    /// The journal.
    pub store: rpc::StoreInfo,
    /// The session's recording.
    pub recording: rpc::RecordingInfo,
    /// Where it listens.
    pub sockets: Vec<rpc::SocketInfo>,
    /// The fingerprint of the configuration in force.
    pub config_hash: String,
    /// Since when and why the journal takes no entries, if it takes none.
    pub journal_failure: Option<(Timestamp, String)>,
}

/// The status of the engine and of what is around it; the broker last said at `reconciled_at` what it
/// holds.
#[must_use]
pub fn status(
    engine: &Engine,
    facts: &StatusFacts,
    reconciled_at: Option<Timestamp>,
) -> rpc::Status {
    let book = engine.book();
    let holdings = || book.holdings.values();
    let positions = holdings().filter(|h| !h.net.is_flat()).count();
    let bare =
        |h: &&Holding| !h.net.is_flat() && matches!(engine.protection(h), Protection::Bare(_));
    let (session, next_session) = sessions(engine);
    let opened_with = book.day.as_ref().map(|day| day.equity_at_open);
    let realised = book.day.as_ref().map_or(Money::ZERO, |day| day.realised);
    // What positions are worth, and what their fills have brought so far.
    let open_pnl = engine.equity() - book.cash + holdings().map(Holding::cash_flow).sum();
    rpc::Status {
        mode: facts.mode,
        label: facts.label.clone(),
        version: facts.version.clone(),
        pid: facts.pid,
        started_at: facts.started_at,
        uptime_seconds: facts.uptime_seconds,
        now: engine.now(),
        reconciled: engine.is_reconciled(),
        reconciled_at,
        account: engine.account().map(|account| account.id.to_string()),
        session,
        next_session,
        trading: trading(engine, facts),
        kills: authority::kills(engine),
        blocks: authority::blocks(engine),
        arming: authority::arming(engine),
        observe: engine.authority().observe,
        equity: convert::money(engine.equity()),
        cash: convert::money(book.cash),
        day_pnl: convert::money(opened_with.map_or(Money::ZERO, |open| engine.equity() - open)),
        realised: convert::money(realised),
        open_pnl: convert::money(open_pnl),
        positions: count(positions),
        working_orders: count(book.orders.values().filter(|o| Order::is_live(o)).count()),
        unprotected_positions: count(holdings().filter(bare).count()),
        unprotected_share_seconds: engine.unprotected_share_seconds(),
        messages: messages(engine),
        unchecked: unchecked(engine),
        routes: route_counts(engine.lanes()),
        feed: facts.feed.clone(),
        broker: facts.broker.clone(),
        store: facts.store.clone(),
        recording: facts.recording.clone(),
        alerts: alerts::standing(engine, facts),
        sockets: facts.sockets.clone(),
        config_hash: facts.config_hash.clone(),
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

fn messages(engine: &Engine) -> rpc::Messages {
    let sent = engine.messages();
    let most = engine.limits().messages_per_minute;
    rpc::Messages {
        orders: sent.orders,
        changes: sent.replacements,
        cancels: sent.cancels,
        most: (most != u32::MAX).then_some(most),
    }
}

/// Limits that nothing can be held against, because what they need is not known.
fn unchecked(engine: &Engine) -> Vec<String> {
    let symbols = engine.symbols().iter().map(|state| state.instrument);
    let unknown: Vec<String> = symbols
        .filter(|instrument| instrument.average_daily_volume.is_none())
        .map(|instrument| instrument.symbol.to_string())
        .collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "volume_share: the average daily volume of {} is not known",
        unknown.join(", ")
    )]
}

fn route_counts(lanes: &[Lane]) -> rpc::RouteCounts {
    let warm = lanes.iter().filter(|lane| lane.is_warm()).count();
    rpc::RouteCounts {
        warm: count(warm),
        warming: count(lanes.len().saturating_sub(warm)),
    }
}

fn trading(engine: &Engine, facts: &StatusFacts) -> rpc::TradingStatus {
    let because = |state, why: String| rpc::TradingStatus {
        state,
        why: Some(why),
    };
    if let Some((_, why)) = &facts.journal_failure {
        return because(
            rpc::TradingState::Halted,
            format!("the journal takes no entries: {why}"),
        );
    }
    match &engine.book().trading {
        TradingState::Killed(why) => because(rpc::TradingState::Killed, why.to_string()),
        TradingState::Unheard => because(rpc::TradingState::Halted, alerts::why_unheard(engine)),
        halted @ (TradingState::Tripped(_) | TradingState::Halted(_)) => {
            let why = halted.why().unwrap_or_default();
            because(rpc::TradingState::Halted, why.to_owned())
        }
        TradingState::Reducing if engine.is_flattening() => because(
            rpc::TradingState::Reducing,
            "an operator asked to flatten; it is under way".to_owned(),
        ),
        TradingState::Reducing => because(
            rpc::TradingState::Reducing,
            "an operator paused entries".to_owned(),
        ),
        TradingState::Active if engine.is_stopping() => because(
            rpc::TradingState::Reducing,
            "the daemon is stopping".to_owned(),
        ),
        TradingState::Active => rpc::TradingStatus {
            state: rpc::TradingState::Active,
            why: None,
        },
    }
}

/// The session that the engine is in, and the one after. The day of a session counts as in it from
/// midnight in New York.
fn sessions(engine: &Engine) -> (Option<rpc::SessionInfo>, Option<rpc::CalendarDay>) {
    let Some(session) = engine.session() else {
        return (None, None);
    };
    let now = engine.now();
    let phase = match engine.phase() {
        Phase::Closed if now < session.open && new_york::date(now) < session.date => {
            return (None, Some(calendar_day(&session)));
        }
        Phase::Closed if now < session.open => rpc::Phase::Pre,
        Phase::Closed if now >= session.close => rpc::Phase::Closed,
        // Open, and the broker has not been heard: nothing is entered.
        Phase::Closed | Phase::NoEntries => rpc::Phase::NoEntries,
        Phase::Entries => rpc::Phase::Entries,
        Phase::Flattening | Phase::PastDeadline => rpc::Phase::Flattening,
    };
    let info = rpc::SessionInfo {
        date: session.date,
        open: session.open,
        close: session.close,
        half_day: session.half_day,
        phase,
    };
    let next = engine.following_session();
    (Some(info), next.as_ref().map(calendar_day))
}

const fn calendar_day(session: &Session) -> rpc::CalendarDay {
    rpc::CalendarDay {
        date: session.date,
        open: session.open,
        close: session.close,
        half_day: session.half_day,
    }
}
