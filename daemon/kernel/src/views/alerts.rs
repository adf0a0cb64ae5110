//! What stands and needs a person: read from the present state, so that an alert ends with its cause,
//! and what the engine has written down as standing.

use trader_contract::{Symbol, Timestamp, advice};
use trader_core::book::StandingAlert;
use trader_core::record::{Origin, Severity, TradingState};
use trader_core::{Engine, Phase, Protection};
use trader_rpc as rpc;
use trader_store::RaisedAlert;

use super::status::StatusFacts;

/// What is to be done about a link where its plugin knows nothing better.
pub(super) const TRIES_ON: &str =
    "the daemon tries on by itself; look at the network and at the provider's status page";

/// What is told of a broker that does not answer, with what to do about it.
pub(super) fn unheard(engine: &Engine) -> Option<&StandingAlert> {
    engine.book().standing("broker_unheard", None)
}

/// Why entries are halted for a broker that has not been heard.
pub(super) fn why_unheard(engine: &Engine) -> String {
    let own = engine.book().trading.why().unwrap_or_default();
    match unheard(engine).map(|told| &*told.alert.message) {
        Some(told) if told.contains(own) => told.to_owned(),
        Some(told) => format!("{own}: {told}"),
        None => own.to_owned(),
    }
}

/// Everything that stands, the gravest first, then the oldest.
pub(super) fn standing(engine: &Engine, facts: &StatusFacts) -> Vec<rpc::Alert> {
    let mut alerts: Vec<rpc::Alert> = [
        journal(facts),
        reconciliation(engine, facts),
        link("broker", &facts.broker, facts),
        link("feed", &facts.feed, facts),
        past_deadline(engine),
        trading(engine, facts),
    ]
    .into_iter()
    .flatten()
    .collect();
    alerts.extend(unprotected(engine));
    for standing in &engine.book().alerts {
        let told = |alert: &rpc::Alert| {
            alert.kind == *standing.alert.kind && alert.symbol == standing.alert.symbol
        };
        if !alerts.iter().any(told) {
            alerts.push(of_journal(standing));
        }
    }
    alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.at));
    alerts
}

/// What the engine has written down as standing.
fn of_journal(standing: &StandingAlert) -> rpc::Alert {
    let said = &standing.alert;
    rpc::Alert {
        at: standing.at,
        severity: severity(said.severity),
        kind: said.kind.to_string(),
        symbol: said.symbol,
        message: said.message.to_string(),
        action: said.action.to_string(),
    }
}

/// An alert of the journal on the wire.
#[must_use]
pub fn journal_alert(raised: &RaisedAlert) -> rpc::JournalAlert {
    let said = &raised.alert;
    rpc::JournalAlert {
        number: raised.id,
        at: raised.at,
        severity: severity(said.severity),
        kind: said.kind.to_string(),
        symbol: said.symbol,
        message: said.message.to_string(),
        action: said.action.to_string(),
        standing: raised.stands(),
        acknowledged_at: raised.acknowledged.as_ref().map(|seen| seen.at),
        acknowledged_by: raised.acknowledged.as_ref().and_then(|seen| match seen.by {
            Origin::Operator { uid, .. } => Some(uid),
            Origin::Strategy { .. } | Origin::Engine => None,
        }),
    }
}

const fn severity(severity: Severity) -> rpc::Severity {
    match severity {
        Severity::Notice => rpc::Severity::Notice,
        Severity::Warning => rpc::Severity::Warning,
        Severity::Critical => rpc::Severity::Critical,
    }
}

fn alert(
    at: Timestamp,
    (severity, kind): (rpc::Severity, &str),
    symbol: Option<Symbol>,
    message: String,
    action: &str,
) -> rpc::Alert {
    rpc::Alert {
        at,
        severity,
        kind: kind.to_owned(),
        symbol,
        message,
        action: action.to_owned(),
    }
}

fn journal(facts: &StatusFacts) -> Option<rpc::Alert> {
    let (at, why) = facts.journal_failure.as_ref()?;
    Some(alert(
        *at,
        (rpc::Severity::Critical, "journal"),
        None,
        format!("the journal takes no entries, so that nothing new is sent: {why}"),
        "free the disk or mend it, then restart the daemon; stops rest at the broker meanwhile",
    ))
}

fn reconciliation(engine: &Engine, facts: &StatusFacts) -> Option<rpc::Alert> {
    if engine.is_reconciled() {
        return None;
    }
    Some(alert(
        facts.started_at,
        (rpc::Severity::Warning, "not_reconciled"),
        None,
        "the broker has not said yet what it holds, so that nothing is sent".to_owned(),
        unheard(engine).map_or(
            "wait a moment; if it stays, see the broker's state in `traderctl status`",
            |told| &told.alert.action,
        ),
    ))
}

fn link(name: &str, link: &rpc::Link, facts: &StatusFacts) -> Option<rpc::Alert> {
    let (severity, is) = match link.state {
        rpc::LinkState::Down => (rpc::Severity::Critical, "down"),
        rpc::LinkState::Stale => (rpc::Severity::Warning, "stale"),
        rpc::LinkState::Up | rpc::LinkState::Connecting | rpc::LinkState::Off => return None,
    };
    let detail = link.detail.as_deref().map(advice::split);
    let why = detail.map_or_else(String::new, |(why, _)| format!(": {why}"));
    let next = detail.and_then(|(_, next)| next);
    Some(alert(
        link.last_heard_at.unwrap_or(facts.started_at),
        (severity, &format!("{name}_{is}")),
        None,
        format!("the {name} {} is {is}{why}", link.name),
        next.unwrap_or(TRIES_ON),
    ))
}

fn past_deadline(engine: &Engine) -> Option<rpc::Alert> {
    let open = &engine.book().holdings;
    if engine.phase() != Phase::PastDeadline || open.is_empty() {
        return None;
    }
    let symbols: Vec<&str> = open.keys().map(Symbol::as_str).collect();
    Some(alert(
        engine.flat_deadline()?,
        (rpc::Severity::Critical, "not_flat"),
        None,
        format!("not flat at the deadline: {}", symbols.join(", ")),
        "close the positions at the broker if they are still there at the close",
    ))
}

fn trading(engine: &Engine, facts: &StatusFacts) -> Option<rpc::Alert> {
    let book = engine.book();
    let at = book.trading_since.unwrap_or(facts.started_at);
    match &book.trading {
        TradingState::Active => None,
        TradingState::Reducing => Some(alert(
            at,
            (rpc::Severity::Notice, "paused"),
            None,
            "entries are paused; positions stay protected".to_owned(),
            "`traderctl resume` allows entries again",
        )),
        TradingState::Tripped(why) => Some(alert(
            at,
            (rpc::Severity::Warning, "halted"),
            None,
            format!("entries are halted: {why}"),
            match engine.has_lost_the_days_most() {
                true => "nothing: the next session allows entries again",
                false => {
                    "nothing: the next session allows entries again; `traderctl resume` does it now"
                }
            },
        )),
        TradingState::Halted(why) => Some(alert(
            at,
            (rpc::Severity::Critical, "halted"),
            None,
            format!("entries are halted: {why}"),
            "look into it; entries stay off, over sessions too, until `traderctl resume`",
        )),
        TradingState::Unheard => Some(alert(
            at,
            (rpc::Severity::Critical, "halted"),
            None,
            format!("entries are halted: {}", why_unheard(engine)),
            unheard(engine).map_or(
                "look at the broker's status page; once it is heard entries are allowed by themselves",
                |told| &told.alert.action,
            ),
        )),
        TradingState::Killed(why) => Some(alert(
            at,
            (rpc::Severity::Critical, "killed"),
            None,
            format!("entries are killed: {why}"),
            "find out why; entries stay off, over restarts too, until `traderctl arm`",
        )),
    }
}

fn unprotected(engine: &Engine) -> impl Iterator<Item = rpc::Alert> {
    engine.book().holdings.values().filter_map(|holding| {
        let Protection::Bare(qty) = engine.protection(holding) else {
            return None;
        };
        if holding.net.is_flat() {
            return None;
        }
        let symbol = holding.symbol;
        let (severity, message, action) = if holding.exit.is_some() {
            (
                rpc::Severity::Warning,
                format!("{symbol}: {qty} shares have no stop while they are being closed"),
                "nothing, if `traderctl positions` shows the symbol flat soon",
            )
        } else {
            (
                rpc::Severity::Critical,
                format!("{symbol}: {qty} shares have no acknowledged stop"),
                "nothing for a moment: the stop is being placed, or else the position closed",
            )
        };
        Some(alert(
            engine.unprotected_since(symbol).unwrap_or(engine.now()),
            (severity, "unprotected"),
            Some(symbol),
            message,
            action,
        ))
    })
}
