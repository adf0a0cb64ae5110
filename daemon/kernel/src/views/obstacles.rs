//! Everything that stops entries now, each with what to do about it: the answer to "why does it not
//! trade?". An override that waits is told with it.

use std::collections::BTreeMap;

use trader_contract::{Symbol, Timestamp, advice};
use trader_core::record::{Block, Scope, TradingState};
use trader_core::{Engine, Phase};
use trader_rpc as rpc;

use super::alerts::{TRIES_ON, unheard, why_unheard};
use super::authority::{by, reason};
use super::status::StatusFacts;
use super::strategies::{StrategyFacts, strategies};

/// What stops entries, what is about everything first.
#[must_use]
pub fn obstacles(
    engine: &Engine,
    facts: &StatusFacts,
    routes: &StrategyFacts,
) -> Vec<rpc::Obstacle> {
    let mut found: Vec<rpc::Obstacle> = [
        journal(facts),
        trading(engine),
        account(engine),
        ending(engine),
        reconciliation(engine, facts),
        link("broker", &facts.broker),
        link("feed", &facts.feed),
        observing(engine),
        session(engine),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(kills(engine));
    found.extend(blocks(engine));
    found.extend(restricted(engine));
    found.extend(used_up(engine));
    found.extend(overriding(engine));
    found.extend(unfresh(engine));
    found.extend(idle_routes(engine, routes));
    found
}

/// Something that stops every entry.
fn obstacle(
    kind: &str,
    since: Option<Timestamp>,
    why: impl Into<String>,
    next: impl Into<String>,
) -> rpc::Obstacle {
    rpc::Obstacle {
        kind: kind.to_owned(),
        symbol: None,
        route: None,
        since,
        why: why.into(),
        next: next.into(),
    }
}

fn journal(facts: &StatusFacts) -> Option<rpc::Obstacle> {
    let (at, why) = facts.journal_failure.as_ref()?;
    Some(obstacle(
        "journal",
        Some(*at),
        format!("the journal takes no entries: {why}"),
        "free the disk or mend it, then restart the daemon",
    ))
}

fn trading(engine: &Engine) -> Option<rpc::Obstacle> {
    let book = engine.book();
    let (kind, why, next) = match &book.trading {
        TradingState::Active => return None,
        TradingState::Reducing => (
            "paused",
            "entries are paused".to_owned(),
            "traderctl resume allows them",
        ),
        TradingState::Tripped(why) => (
            "breaker",
            why.to_string(),
            match engine.has_lost_the_days_most() {
                true => "the next session allows entries again",
                false => "the next session allows entries again; traderctl resume does it now",
            },
        ),
        TradingState::Halted(why) => (
            "halted",
            why.to_string(),
            "look into it, then traderctl resume",
        ),
        TradingState::Unheard => (
            "halted",
            why_unheard(engine),
            unheard(engine).map_or(
                "wait until it is heard: entries are then allowed by themselves",
                |told| &told.alert.action,
            ),
        ),
        TradingState::Killed(why) => (
            "killed",
            why.to_string(),
            "find out why, then traderctl arm",
        ),
    };
    Some(obstacle(kind, book.trading_since, why, next))
}

/// A live account needs the leave to trade it, and the broker must let it trade.
fn account(engine: &Engine) -> Option<rpc::Obstacle> {
    if let Err(refusal) = engine.leave() {
        let next = match refusal.rule {
            "not_armed" => "traderctl arm",
            _ if engine.is_at_another_account() => {
                "use the keys of the store's own account, or a new state folder"
            }
            _ => {
                "wait until the broker was heard; else correct TRADERD_LIVE_ACCOUNT or the credential"
            }
        };
        return Some(obstacle(refusal.rule, None, refusal.detail, next));
    }
    let why = engine.account()?.blocked.as_ref()?;
    let since = engine.book().standing("account_blocked", None);
    Some(obstacle(
        "account_blocked",
        since.map(|standing| standing.at),
        format!("the broker lets the account not trade: {why}"),
        "ask the broker",
    ))
}

fn ending(engine: &Engine) -> Option<rpc::Obstacle> {
    if engine.is_stopping() {
        return Some(obstacle(
            "stopping",
            None,
            "the daemon is stopping",
            "nothing; start it again to trade",
        ));
    }
    engine.is_flattening().then(|| {
        obstacle(
            "flattening",
            None,
            "everything is being closed, and the broker has not confirmed it yet",
            "wait until traderctl positions is empty, then traderctl resume",
        )
    })
}

/// What is to be done while the broker has not been heard.
fn until_heard(engine: &Engine) -> &str {
    unheard(engine).map_or(
        "wait a moment; traderctl status shows the broker's state",
        |told| &told.alert.action,
    )
}

fn reconciliation(engine: &Engine, facts: &StatusFacts) -> Option<rpc::Obstacle> {
    (!engine.is_reconciled()).then(|| {
        obstacle(
            "not_reconciled",
            Some(facts.started_at),
            "the broker has not said yet what it holds",
            until_heard(engine),
        )
    })
}

fn link(name: &str, link: &rpc::Link) -> Option<rpc::Obstacle> {
    if !matches!(link.state, rpc::LinkState::Down | rpc::LinkState::Stale) {
        return None;
    }
    let (why, next) = advice::split(link.detail.as_deref().unwrap_or("no reason given"));
    Some(obstacle(
        &format!("{name}_{}", link.state),
        link.last_heard_at,
        format!("the {name} {} is {}: {why}", link.name, link.state),
        next.unwrap_or(TRIES_ON),
    ))
}

fn observing(engine: &Engine) -> Option<rpc::Obstacle> {
    engine.authority().observe.then(|| {
        obstacle(
            "observe",
            None,
            "the configuration says to observe only: signals are written down and not traded",
            "set [trading] observe = false and restart the daemon",
        )
    })
}

fn session(engine: &Engine) -> Option<rpc::Obstacle> {
    let session = engine.session()?;
    let opens = |at: Timestamp| format!("nothing: the next session opens at {at}");
    let next = engine
        .following_session()
        .map_or_else(|| "nothing".to_owned(), |next| opens(next.open));
    let (since, why, next) = match engine.phase() {
        Phase::Entries => return None,
        Phase::Closed if engine.now() < session.open => {
            (None, "the exchange is closed", opens(session.open))
        }
        Phase::Closed if engine.now() >= session.close => {
            (Some(session.close), "the exchange is closed", next)
        }
        Phase::Closed => (
            None,
            "the session is open and the broker has not been heard",
            until_heard(engine).to_owned(),
        ),
        Phase::NoEntries => (
            None,
            "it is too late in the session for new positions",
            next,
        ),
        Phase::Flattening | Phase::PastDeadline => {
            (None, "everything is being closed before the close", next)
        }
    };
    Some(obstacle("session", since, why, next))
}

fn kills(engine: &Engine) -> impl Iterator<Item = rpc::Obstacle> {
    engine.book().kills.iter().map(|(scope, kill)| {
        let (symbol, route, flag) = match scope {
            Scope::All => (None, None, String::new()),
            Scope::Symbol(symbol) => (Some(*symbol), None, format!(" --symbol {symbol}")),
            Scope::Strategy(name) => (None, Some(name.to_string()), format!(" --strategy {name}")),
        };
        rpc::Obstacle {
            symbol,
            route,
            ..obstacle(
                "killed",
                Some(kill.at),
                format!("{scope} is killed, by {}", by(&kill.origin)),
                format!("find out why, then traderctl arm{flag}"),
            )
        }
    })
}

fn blocks(engine: &Engine) -> impl Iterator<Item = rpc::Obstacle> {
    engine.book().blocks.iter().map(|(symbol, blocked)| {
        let next = what_frees(engine, *symbol, &blocked.block);
        rpc::Obstacle {
            symbol: Some(*symbol),
            ..obstacle(
                blocked.block.name(),
                Some(blocked.at),
                reason(&blocked.block),
                next,
            )
        }
    })
}

/// Symbols of routes that the configuration forbids to enter.
fn restricted(engine: &Engine) -> impl Iterator<Item = rpc::Obstacle> {
    let traded = |symbol: &&Symbol| engine.symbol_id(**symbol).is_some();
    engine
        .limits()
        .restricted
        .iter()
        .filter(traded)
        .map(|symbol| rpc::Obstacle {
            symbol: Some(*symbol),
            ..obstacle(
                "restricted",
                None,
                "the configuration says never to enter it",
                "take it out of [risk] restricted, if it may be entered, and restart the daemon",
            )
        })
}

/// Routes that have made all their entries of the session.
fn used_up(engine: &Engine) -> impl Iterator<Item = rpc::Obstacle> {
    let most = engine.limits().entries_per_route;
    let day = engine.book().day.as_ref().filter(|day| !day.closed);
    let entries = day.into_iter().flat_map(|day| day.entries.iter());
    entries.filter(move |(_, count)| **count >= most).map(move |(route, _)| rpc::Obstacle {
        route: Some(route.to_string()),
        ..obstacle(
            "route_used_up",
            None,
            format!("it has made its {most} entries of the session"),
            "nothing; it enters again in the next session, and traderctl override sends one refused entry",
        )
    })
}

/// An override that waits stops nothing; whoever looks must know of it.
fn overriding(engine: &Engine) -> Option<rpc::Obstacle> {
    let asked = &engine.book().asked.as_ref()?.what;
    let why = format!(
        "uid {} may have {} sent past {} until {}",
        asked.uid,
        asked.intent,
        asked.names(),
        asked.until
    );
    Some(rpc::Obstacle {
        symbol: Some(asked.order.symbol),
        route: Some(asked.route.to_string()),
        ..obstacle(
            "override_waits",
            None,
            why,
            "nothing: it ends by itself; traderctl pause keeps it from being sent",
        )
    })
}

/// Data, links or clocks that are not fresh, and symbols that the broker does not let be traded. What is
/// the same for several symbols is told once.
fn unfresh(engine: &Engine) -> Vec<rpc::Obstacle> {
    let mut found: BTreeMap<(&'static str, String), Vec<Symbol>> = BTreeMap::new();
    for symbol in engine.symbols().iter().map(|s| s.instrument.symbol) {
        // A block is told with what frees it.
        if engine.book().blocks.contains_key(&symbol) {
            continue;
        }
        if let Err(refusal) = engine.freshness(symbol) {
            let same = found.entry((refusal.rule, refusal.detail)).or_default();
            same.push(symbol);
        }
    }
    let told = |((rule, detail), symbols): ((&'static str, String), Vec<Symbol>)| {
        let symbol = match symbols.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let standing = engine.book().standing(rule, symbol);
        let standing = standing.or_else(|| engine.book().standing(rule, None));
        rpc::Obstacle {
            symbol,
            ..obstacle(
                rule,
                standing.map(|standing| standing.at),
                detail,
                match (standing, engine.known_remedy(rule)) {
                    (Some(standing), _) => &*standing.alert.action,
                    (None, known) => known.unwrap_or("nothing: it ends by itself"),
                },
            )
        }
    };
    found.into_iter().map(told).collect()
}

fn what_frees(engine: &Engine, symbol: Symbol, block: &Block) -> String {
    match block {
        Block::Foreign if engine.book().holdings.contains_key(&symbol) => {
            "nothing: the position is looked after, and the symbol is free once it is closed"
                .to_owned()
        }
        Block::Foreign if engine.symbol_id(symbol).is_none() => format!(
            "look after it at the broker: no route trades {symbol}; traderctl ignore {symbol} leaves it to its owner"
        ),
        Block::Foreign => format!(
            "traderctl adopt {symbol} protects a position and closes it with the day; traderctl \
             ignore {symbol} leaves it to its owner"
        ),
        Block::Ignored { .. } => {
            "close it at the broker; it is entered again once nothing is left".to_owned()
        }
        Block::Contradicted => format!(
            "compare the order at the broker with traderctl orders; traderctl arm --symbol {symbol} \
             frees it"
        ),
        Block::Jumped => format!(
            "compare its price with another source; traderctl arm --symbol {symbol} frees it"
        ),
        Block::Residue => format!(
            "it is closed at the open; traderctl close {symbol} does it now, and traderctl arm \
             --symbol {symbol} frees it"
        ),
    }
}

/// Routes that are switched off or not warm; what is about everything was said before.
fn idle_routes(engine: &Engine, facts: &StrategyFacts) -> Vec<rpc::Obstacle> {
    let mut found = Vec::new();
    for route in strategies(engine, facts) {
        let about = |kind: &str, symbol, why: String, next: &str| rpc::Obstacle {
            symbol,
            route: Some(route.route.clone()),
            ..obstacle(kind, None, why, next)
        };
        let own = facts.routes.get(&route.route);
        if own.is_some_and(|own| !own.enabled) {
            let why = "the configuration has enabled = false".to_owned();
            found.push(about(
                "disabled",
                None,
                why,
                "set enabled = true and restart the daemon",
            ));
            continue;
        }
        let info = engine.routes().iter().find(|r| *r.name == *route.route);
        if info.is_some_and(|info| info.observe) && !engine.authority().observe {
            let why = "the route only observes: its signals are written down and not traded";
            found.push(about(
                "observe",
                None,
                why.to_owned(),
                "set observe = false in it and restart the daemon",
            ));
        }
        for lane in route.lanes.iter().filter(|lane| !lane.warm_up.is_warm()) {
            let rpc::WarmUp { have, need } = lane.warm_up;
            let why = format!("it has {have} of the {need} bars that it needs");
            found.push(about(
                "warming",
                Some(lane.symbol),
                why,
                "wait for the bars",
            ));
        }
    }
    found
}
