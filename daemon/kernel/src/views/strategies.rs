//! The routes with their lanes: what runs, how warm it is, and what it last saw.

use std::collections::BTreeMap;

use trader_contract::Symbol;
use trader_core::book::Holding;
use trader_core::lane::Lane;
use trader_core::record::{Decision, JournalEntry, Origin, Record, TradingState};
use trader_core::{Engine, RouteInfo, Sides};
use trader_rpc::{self as rpc, convert};

use super::orders::state;

/// What the engine does not know of a route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteFacts {
    /// The version of its strategy.
    pub version: String,
    /// Whether the configuration lets it enter.
    pub enabled: bool,
    /// Every setting with its value as text.
    pub settings: BTreeMap<String, String>,
}

/// What the engine does not know of the strategies.
#[derive(Debug, Clone, Default)]
pub struct StrategyFacts {
    /// By the name of the route.
    pub routes: BTreeMap<String, RouteFacts>,
    /// What each lane last saw.
    pub signals: LastSignals,
}

/// The last decision of every lane, gathered from the journal as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LastSignals(BTreeMap<(Box<str>, Symbol), rpc::Signal>);

impl LastSignals {
    /// Takes the next entry of the journal.
    pub fn take(&mut self, entry: &JournalEntry) {
        let Record::IntentTaken {
            origin: Origin::Strategy { route },
            symbol,
            intent,
            bar,
            decision,
            ..
        } = &entry.record
        else {
            return;
        };
        let outcome = match decision {
            Decision::Accepted {
                order: Some(order), ..
            } => format!("accepted: order {order}"),
            Decision::Accepted { order: None, .. } => "accepted".to_owned(),
            Decision::Refused { rule, detail, .. } => format!("refused by {rule}: {detail}"),
        };
        let signal = rpc::Signal {
            at: bar.map_or(entry.at, |(_, start)| start),
            rule: intent.reason().rule.to_string(),
            outcome,
        };
        self.0.insert((route.clone(), *symbol), signal);
    }
}

/// The routes, in the order of the configuration.
#[must_use]
pub fn strategies(engine: &Engine, facts: &StrategyFacts) -> Vec<rpc::Route> {
    let unknown = RouteFacts {
        enabled: true,
        ..RouteFacts::default()
    };
    let route = |(index, info): (usize, &RouteInfo)| {
        let lanes: Vec<rpc::Lane> = engine
            .lanes()
            .iter()
            .filter(|lane| usize::from(lane.route.0) == index)
            .map(|found| lane(engine, info, found, &facts.signals))
            .collect();
        let own = facts.routes.get(&*info.name).unwrap_or(&unknown);
        let (state, why) = route_state(engine, (own, info.observe), &lanes);
        rpc::Route {
            route: info.name.to_string(),
            strategy: info.strategy.to_string(),
            version: own.version.clone(),
            symbols: lanes.iter().map(|lane| lane.symbol).collect(),
            timeframe_minutes: info.timeframe.as_minutes(),
            sides: sides(info.sides),
            settings: own.settings.clone(),
            state,
            why,
            lanes,
        }
    };
    engine.routes().iter().enumerate().map(route).collect()
}

const fn sides(sides: Sides) -> rpc::Sides {
    match sides {
        Sides::Both => rpc::Sides::Both,
        Sides::Long => rpc::Sides::Long,
        Sides::Short => rpc::Sides::Short,
    }
}

fn route_state(
    engine: &Engine,
    (facts, observe): (&RouteFacts, bool),
    lanes: &[rpc::Lane],
) -> (rpc::RouteState, Option<String>) {
    let paused = |why: String| (rpc::RouteState::Paused, Some(why));
    if !facts.enabled {
        return paused("the configuration has enabled = false".to_owned());
    }
    if observe || engine.authority().observe {
        return paused("it observes: signals are written down and not traded".to_owned());
    }
    match &engine.book().trading {
        TradingState::Reducing => return paused("entries are paused".to_owned()),
        TradingState::Active => {}
        state => {
            let why = state.why().unwrap_or_default();
            return paused(format!("entries are {state}: {why}"));
        }
    }
    let cold = |lane: &rpc::Lane| {
        let rpc::WarmUp { have, need } = lane.warm_up;
        (!lane.warm_up.is_warm()).then(|| format!("{} has {have} of {need} bars", lane.symbol))
    };
    let cold: Vec<String> = lanes.iter().filter_map(cold).collect();
    if cold.is_empty() {
        (rpc::RouteState::Active, None)
    } else {
        (rpc::RouteState::Warming, Some(cold.join(", ")))
    }
}

fn lane(engine: &Engine, route: &RouteInfo, lane: &Lane, signals: &LastSignals) -> rpc::Lane {
    let own = |holding: &&Holding| holding.route == route.name;
    let holding = engine.book().holdings.get(&lane.ticker).filter(own);
    let key = (route.name.clone(), lane.ticker);
    rpc::Lane {
        symbol: lane.ticker,
        warm_up: warm_up(lane),
        position: holding.map_or_else(Default::default, |h| convert::net_qty(h.net)),
        pending: holding.and_then(|h| pending(engine, h)),
        last_signal: signals.0.get(&key).cloned(),
    }
}

/// Bars seen, at most those needed; one less where the bars are there and an indicator is not warm.
fn warm_up(lane: &Lane) -> rpc::WarmUp {
    let known = Engine::warm_up_of(lane);
    let have = if known.warm {
        known.need
    } else {
        known.have.min(known.need.saturating_sub(1))
    };
    rpc::WarmUp {
        have,
        need: known.need.max(u32::from(!known.warm)),
    }
}

fn pending(engine: &Engine, holding: &Holding) -> Option<rpc::Pending> {
    let order = engine.book().orders.get(&holding.entry)?;
    order.is_live().then(|| rpc::Pending {
        order: order.id(),
        direction: holding.direction,
        state: state(order),
    })
}
