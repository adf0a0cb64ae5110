//! Commands as lines of text. Numbers of a short scene are mirrored back, so that it reads like the
//! long one.

use trader_contract::{
    BrokerRequest, ClientOrderId, Direction, Intent, NetQty, OrderKind, OrderReport, OrderRequest,
    Price, RequestFailure, Side,
};
use trader_core::Command;
use trader_core::record::{Decision, IntentId, Record};

/// How numbers are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror(pub(crate) Direction);

impl Mirror {
    /// A price of the long scene as it is in this one, and back: mirrored about 100.
    pub(crate) fn price(self, price: Price) -> Price {
        match self.0 {
            Direction::Long => price,
            Direction::Short => Price::from_micros(200_000_000 - price.micros()).unwrap(),
        }
    }

    fn side(self, side: Side) -> Side {
        match self.0 {
            Direction::Long => side,
            Direction::Short => side.opposite(),
        }
    }

    pub(crate) fn net(self, net: NetQty) -> NetQty {
        match self.0 {
            Direction::Long => net,
            Direction::Short => -net,
        }
    }

    fn kind(self, kind: OrderKind) -> String {
        let price = |price| self.price(price);
        match kind {
            OrderKind::Market => "market".to_owned(),
            OrderKind::Limit { limit } => format!("limit {}", price(limit)),
            OrderKind::Stop { stop } => format!("stop {}", price(stop)),
            OrderKind::StopLimit { stop, limit } => {
                format!("stop {} limit {}", price(stop), price(limit))
            }
            OrderKind::TrailingStop { trail } => format!("trailing stop {trail}"),
        }
    }

    fn order(self, order: &OrderRequest) -> String {
        let mut text = format!(
            "{} {} {} {} {} {:?}",
            id(order.client_id),
            self.side(order.side),
            order.qty,
            order.symbol,
            self.kind(order.kind),
            order.time_in_force,
        );
        for (leg, price) in [order.attached.stop, order.attached.target, order.oco_stop]
            .into_iter()
            .flatten()
        {
            text.push_str(&format!(" + {} {}", id(leg), self.price(price)));
        }
        text
    }

    fn report(self, report: &OrderReport) -> String {
        let fill = report
            .execution
            .as_ref()
            .map(|e| format!(", {} at {}", e.qty, self.price(e.price)))
            .unwrap_or_default();
        format!(
            "heard {} {:?} {}/{}{fill}",
            id(report.client_id),
            report.status,
            report.filled,
            report.qty
        )
    }

    fn record(self, record: &Record) -> Option<String> {
        let failed = |what: &str, order: ClientOrderId, failure: &RequestFailure| {
            let how = match failure {
                RequestFailure::Refused { .. } => "refused",
                RequestFailure::Ambiguous { .. } => "unknown",
            };
            format!("heard {what} {} {how}", id(order))
        };
        Some(match record {
            Record::AccountOpened { .. }
            | Record::StrategySaved { .. }
            | Record::Checkpoint { .. } => return None,
            Record::SessionOpened { date, .. } => format!("session {date} opened"),
            Record::SessionClosed { summary } => {
                let left: Vec<&str> = summary.residue.iter().map(|s| s.as_str()).collect();
                format!("session closed: {} trades, left {left:?}", summary.trades)
            }
            Record::IntentTaken {
                id,
                intent,
                decision,
                ..
            } => taken(*id, intent, decision),
            Record::OrderPlanned { order } => {
                let replaces = order.replaces.map(|old| format!(" for {}", id(old)));
                format!(
                    "plan {}{}",
                    self.order(&order.request),
                    replaces.unwrap_or_default()
                )
            }
            Record::OrderReported { report } => self.report(report),
            Record::SubmitFailed { client_id, failure } => failed("submit", *client_id, failure),
            Record::CancelFailed { client_id, failure } => failed("cancel", *client_id, failure),
            Record::ReplaceFailed {
                client_id, failure, ..
            } => failed("replace", *client_id, failure),
            Record::CancelAsked { client_id, why } => {
                format!("cancel asked {}: {why}", id(*client_id))
            }
            Record::ReplaceAsked { replacement, .. } => {
                format!("replace asked {}", id(replacement.client_id))
            }
            Record::OrderDropped { client_id } => format!("dropped {}", id(*client_id)),
            Record::StopPlanned { symbol, stop, .. } => {
                format!("stop of {symbol} planned at {}", self.price(*stop))
            }
            Record::ExitPlanned { symbol, why, .. } => format!("exit of {symbol} planned: {why}"),
            Record::EntryLapsed { symbol, .. } => format!("{symbol} free"),
            Record::TradeClosed { trade } => {
                format!(
                    "trade {} closed: {} {}",
                    trade.symbol, trade.exit_reason, trade.profit
                )
            }
            Record::TradingStateSet { state, .. } => format!("trading {state}"),
            Record::Alerted { alert } => format!("ALERT {:?} {}", alert.severity, alert.kind),
            other => return self.rare(other),
        })
    }

    /// The records that hardly any scenario has.
    fn rare(self, record: &Record) -> Option<String> {
        Some(match record {
            Record::Discrepancy {
                symbol,
                ours,
                broker,
                ..
            } => {
                let (ours, broker) = (self.net(*ours), self.net(*broker));
                format!("{symbol}: ours {ours}, the broker's {broker}")
            }
            Record::CashAdopted { ours, broker, .. } => {
                format!("cash {ours}, the broker's {broker}")
            }
            Record::CashSetApart { amount, positions } => {
                let positions = positions.iter();
                let positions =
                    positions.map(|(symbol, net)| format!("{} {symbol}", self.net(*net)));
                let positions: Vec<String> = positions.collect();
                format!("cash {amount} apart for [{}]", positions.join(", "))
            }
            Record::TradeVoided { symbol, .. } => format!("trade {symbol} voided"),
            Record::AlertCleared { kind, .. } => format!("cleared {kind}"),
            Record::RunStarted { .. }
            | Record::RunEnded
            | Record::Exposed { .. }
            | Record::AccountNamed { .. } => return None,
            Record::SubmitRepeated { client_id } => format!("repeat {}", id(*client_id)),
            Record::SymbolBlocked { symbol, block, .. } => {
                format!("{symbol} blocked: {}", block.name())
            }
            Record::SymbolFreed { symbol, .. } => format!("{symbol} freed"),
            Record::PositionAdopted { symbol, net, .. } => {
                format!("{symbol} adopted: {}", self.net(*net))
            }
            other => other.kind().to_owned(),
        })
    }

    /// A command as a line; `None` for what no scenario is about.
    pub(crate) fn command(self, command: &Command) -> Option<String> {
        match command {
            Command::Persist(entry) => self.record(&entry.record),
            Command::Send(approved) => Some(match approved.request() {
                BrokerRequest::Submit(order) => format!("SEND {}", self.order(order)),
                BrokerRequest::Replace(new) => {
                    let stop = new.stop.map(|stop| format!(" stop {}", self.price(stop)));
                    let qty = new.qty.map(|qty| format!(" {qty} shares"));
                    format!(
                        "REPLACE {} by {}{}{}",
                        id(new.client_id),
                        id(new.new_client_id),
                        qty.unwrap_or_default(),
                        stop.unwrap_or_default()
                    )
                }
                other => format!("{other:?}"),
            }),
            Command::Cancel(order) => Some(format!("CANCEL {}", id(*order))),
            Command::RequestSnapshot { .. } => Some("ASK what the broker holds".to_owned()),
            Command::RenewFeed { .. } => Some("RENEW the feed".to_owned()),
            Command::Answer { outcome, .. } => Some(match outcome {
                Ok(done) => format!("ANSWER {}", plain(done)),
                Err(no) => format!("ANSWER no: {}", plain(&no.to_string())),
            }),
            Command::Finished => Some("FINISHED".to_owned()),
        }
    }
}

/// An order without its store and session: intent, role and attempt.
pub(crate) fn id(order: ClientOrderId) -> String {
    let text = order.to_string();
    text.splitn(3, '-').nth(2).unwrap().to_owned()
}

/// A sentence without signs and stores, which differ between mirrored scenes and runs.
fn plain(text: &str) -> String {
    text.replace(" -", " ").replace("0000002a-20110110-", "")
}

/// An intent with what became of it.
fn taken(id: IntentId, intent: &Intent, decision: &Decision) -> String {
    let what = match intent {
        Intent::Enter { .. } => "enter",
        Intent::CancelEntry { .. } => "cancel the entry",
        Intent::MoveStop { .. } => "move the stop",
        Intent::Exit { .. } => "exit",
    };
    match decision {
        Decision::Accepted { .. } => format!("intent {}: {what}", id.number.0),
        Decision::Refused { rule, .. } => {
            format!("intent {}: {what} refused by {rule}", id.number.0)
        }
    }
}
