//! One order and one line of the history, as the broker keeps them.

use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, ExecutionId, OrderKind, OrderReport, OrderRequest,
    Price, Qty, Replacement, ReportStatus, Side, Symbol, TimeInForce, Timestamp,
};

/// What an order was made of.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) kind: OrderKind,
    pub(super) time_in_force: TimeInForce,
    pub(super) class: &'static str,
    /// The order that it went out with.
    pub(super) head: Option<ClientOrderId>,
    /// The order whose place it is to take.
    pub(super) replaces: Option<ClientOrderId>,
    /// Whether its maker has given it its name; Alpaca names the exits of a group itself.
    pub(super) named: bool,
}

impl Origin {
    /// Those of an order and of the exits that go out with it.
    pub(super) fn of(order: &OrderRequest, class: &'static str) -> Vec<(ClientOrderId, Self)> {
        let head = Self {
            kind: order.kind,
            time_in_force: order.time_in_force,
            class,
            head: None,
            replaces: None,
            named: true,
        };
        let exit = |kind: OrderKind| Self {
            kind,
            head: Some(order.client_id),
            named: false,
            ..head.clone()
        };
        let stops = [order.attached.stop, order.oco_stop].into_iter().flatten();
        let stops = stops.map(|(id, stop)| (id, exit(OrderKind::Stop { stop })));
        let target = order.attached.target;
        let target = target.map(|(id, limit)| (id, exit(OrderKind::Limit { limit })));
        let exits: Vec<(ClientOrderId, Self)> = stops.chain(target).collect();
        std::iter::once((order.client_id, head.clone()))
            .chain(exits)
            .collect()
    }

    /// That of an order which is to take the place of this one.
    pub(super) fn changed(&self, change: &Replacement) -> Self {
        let stop = |stop: Price| change.stop.unwrap_or(stop);
        let limit = |limit: Price| change.limit.unwrap_or(limit);
        Self {
            kind: match self.kind {
                OrderKind::Market => OrderKind::Market,
                OrderKind::Limit { limit: old } => OrderKind::Limit { limit: limit(old) },
                OrderKind::Stop { stop: old } => OrderKind::Stop { stop: stop(old) },
                OrderKind::StopLimit {
                    stop: old,
                    limit: worst,
                } => OrderKind::StopLimit {
                    stop: stop(old),
                    limit: limit(worst),
                },
                OrderKind::TrailingStop { trail } => OrderKind::TrailingStop {
                    trail: change.trail.unwrap_or(trail),
                },
            },
            replaces: Some(change.client_id),
            named: true,
            ..self.clone()
        }
    }
}

/// One order.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) origin: Origin,
    pub(super) head: Option<BrokerOrderId>,
    pub(super) legs: Vec<BrokerOrderId>,
    pub(super) replaces: Option<BrokerOrderId>,
    pub(super) replaced_by: Option<BrokerOrderId>,
    pub(super) made_at: Timestamp,
    /// What was last said of it.
    pub(super) report: OrderReport,
    /// How often an execution of it was taken back.
    pub(super) corrected: u32,
    /// What the stream calls what has just happened to it; nothing if that is no news.
    pub(super) news: Option<&'static str>,
}

impl Row {
    pub(super) fn new(
        origin: Origin,
        (head, replaces): (Option<BrokerOrderId>, Option<BrokerOrderId>),
        report: &OrderReport,
    ) -> Self {
        Self {
            origin,
            head,
            legs: Vec::new(),
            replaces,
            replaced_by: None,
            made_at: report.at,
            report: OrderReport {
                execution: None,
                ..report.clone()
            },
            corrected: 0,
            news: None,
        }
    }

    /// Whether something may still happen to it.
    pub(super) const fn is_open(&self) -> bool {
        !self.report.status.state().is_terminal()
    }

    /// Takes what the exchange says.
    pub(super) fn hear(&mut self, report: &OrderReport, successor: Option<BrokerOrderId>) {
        self.news = self.news_of(report);
        self.replaced_by = successor.or(self.replaced_by.take());
        self.report = OrderReport {
            execution: None,
            ..report.clone()
        };
    }

    fn news_of(&self, report: &OrderReport) -> Option<&'static str> {
        let (before, now) = (self.report.status, report.status);
        if report.execution.is_some() {
            return Some(match now {
                ReportStatus::Filled => "fill",
                _ => "partial_fill",
            });
        }
        let works = matches!(now, ReportStatus::New | ReportStatus::PartiallyFilled);
        match before {
            ReportStatus::PendingReplace if works => Some("order_replace_rejected"),
            ReportStatus::PendingCancel if works => Some("order_cancel_rejected"),
            _ if now == ReportStatus::PartiallyFilled => None,
            _ if before == now && self.report.qty != report.qty => Some("restated"),
            _ => Some(trader_broker_sim::status_name(now)),
        }
    }
}

/// One line of the account's history.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) key: ExecutionId,
    pub(super) at: Timestamp,
    pub(super) order: BrokerOrderId,
    pub(super) symbol: Symbol,
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) price: Price,
    pub(super) cumulative: Qty,
    pub(super) filled: bool,
    /// The line that it takes back, and whether something stands in its place.
    pub(super) previous: Option<(String, bool)>,
}

impl Line {
    pub(super) fn execution(report: &OrderReport, execution: &Execution) -> Self {
        Self {
            id: format!("{}::{}", execution.at.nanos(), execution.id),
            key: execution.id.clone(),
            at: execution.at,
            order: report.broker_id.clone(),
            symbol: report.symbol,
            side: report.side,
            qty: execution.qty,
            price: execution.price,
            cumulative: report.filled,
            filled: report.status == ReportStatus::Filled,
            previous: None,
        }
    }

    /// The line that takes this one back.
    pub(super) fn taken_back(
        &self,
        number: usize,
        (key, now): (ExecutionId, Option<&Execution>),
        at: Timestamp,
    ) -> Self {
        Self {
            id: format!("{}::correction-{number}", at.nanos()),
            key,
            at,
            qty: now.map_or(self.qty, |now| now.qty),
            price: now.map_or(self.price, |now| now.price),
            previous: Some((self.id.clone(), now.is_some())),
            ..self.clone()
        }
    }
}
