//! Making the lanes of the routes, and keeping their strategies' states.

use std::collections::BTreeMap;

use trader_contract::{RouteId, Symbol, SymbolId, Timestamp};

use super::starts::Unreadable;
use super::symbols::{Feed, SymbolState};
use super::{Engine, EngineError, RouteInfo};
use crate::bars::Aggregator;
use crate::command::Commands;
use crate::config::{Market, Route};
use crate::lane::Lane;
use crate::record::Record;

/// Adds a route with its lanes.
pub(super) fn add_route(
    route: Route,
    by_ticker: &BTreeMap<Symbol, SymbolId>,
    symbols: &mut [SymbolState],
    routes: &mut Vec<RouteInfo>,
    lanes: &mut Vec<Lane>,
) -> Result<(), EngineError> {
    let route_id =
        u16::try_from(routes.len()).map_err(|_| EngineError::TooMany(u32::from(u16::MAX)))?;
    for (symbol, built) in route.lanes {
        let unknown = || EngineError::UnknownSymbol {
            route: route.name.clone(),
            symbol,
        };
        let id = *by_ticker.get(&symbol).ok_or_else(unknown)?;
        let state = symbols.get_mut(id.index()).ok_or_else(unknown)?;
        let lane = Lane::new(RouteId(route_id), (id, symbol), route.timeframe, built).map_err(
            |source| EngineError::Indicator {
                route: route.name.clone(),
                source,
            },
        )?;
        let index = lanes.len();
        state.lanes.push(index);
        match state
            .feeds
            .iter_mut()
            .find(|feed| feed.timeframe == route.timeframe)
        {
            Some(feed) => feed.lanes.push(index),
            None => state.feeds.push(Feed {
                timeframe: route.timeframe,
                aggregator: Aggregator::new(route.timeframe),
                lanes: vec![index],
            }),
        }
        lanes.push(lane);
    }
    routes.push(RouteInfo {
        name: route.name,
        strategy: route.strategy,
        timeframe: route.timeframe,
        require_stop: route.require_stop,
        sides: route.sides,
        observe: route.observe,
    });
    Ok(())
}

impl Engine {
    /// Gives the strategies the states that the book kept for them. A state that does not read back
    /// leaves the strategy as new: its position keeps its stop, and the day's end closes it. The start
    /// tells of it.
    pub(super) fn restore_strategies(&mut self) {
        for lane in &mut self.lanes {
            let route = self.routes.get(usize::from(lane.route.0));
            let saved = route
                .and_then(|route| self.book.strategies.get(&route.name))
                .and_then(|states| states.get(&lane.ticker));
            let Some((route, saved)) = route.zip(saved) else {
                continue;
            };
            if let Err(why) = lane.restore(saved) {
                self.unreadable.push(Unreadable {
                    route: route.name.clone(),
                    symbol: lane.ticker,
                    why: why.into(),
                });
            }
        }
    }

    /// Keeps the state of a strategy that owns its symbol, if it has changed.
    pub(super) fn save_strategy(&mut self, at: Timestamp, lane: usize, out: &mut Commands) {
        if matches!(self.market, Market::EveryRow) {
            return;
        }
        let Some(lane) = self.lanes.get(lane) else {
            return;
        };
        let Some(route) = self.routes.get(usize::from(lane.route.0)) else {
            return;
        };
        let kept = self
            .book
            .strategies
            .get(&route.name)
            .and_then(|s| s.get(&lane.ticker));
        let state = lane.save();
        if kept.is_some_and(|kept| **kept == *state) {
            return;
        }
        let record = Record::StrategySaved {
            route: route.name.clone(),
            symbol: lane.ticker,
            state: state.into(),
        };
        self.write(at, record, out);
    }

    /// The name of a lane's route.
    pub(super) fn route_name(&self, lane: usize) -> Box<str> {
        self.route_of(lane)
            .map_or_else(Box::default, |route| route.name.clone())
    }

    /// The route of a lane.
    pub(super) fn route_of(&self, lane: usize) -> Option<&RouteInfo> {
        self.routes.get(usize::from(self.lanes.get(lane)?.route.0))
    }
}
