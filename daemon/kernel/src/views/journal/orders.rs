//! Orders: as they were planned, and what the broker said about them.

use trader_contract::{
    ClientOrderId, Execution, Money, OrderKind, OrderReport, Reason, Replacement, ReportStatus,
    RequestFailure,
};
use trader_core::record::PlannedOrder;

use super::words;

/// "entry 0000002a-20110110-17-e1: buy 148 SPY, stop 168.81, gtc; attached: stop 168.58".
pub(super) fn planned(order: &PlannedOrder) -> String {
    let request = &order.request;
    let mut sentence = format!(
        "{}: {} {} {}, {}, {}",
        words::order(request.client_id),
        request.side,
        request.qty,
        request.symbol,
        kind(request.kind),
        request.time_in_force,
    );
    let attached = [
        request
            .attached
            .stop
            .map(|(_, price)| format!("stop {price}")),
        request
            .attached
            .target
            .map(|(_, price)| format!("target {price}")),
        request.oco_stop.map(|(_, price)| format!("stop {price}")),
    ];
    let attached: Vec<String> = attached.into_iter().flatten().collect();
    if !attached.is_empty() {
        sentence.push_str(&format!("; attached: {}", attached.join(", ")));
    }
    if let Some(old) = order.replaces {
        sentence.push_str(&format!("; in place of {old}"));
    } else if let Some(parent) = order.parent {
        sentence.push_str(&format!("; attached to {parent}"));
    }
    if let Some(why) = order.exit_reason {
        sentence.push_str(&format!("; {why}"));
    }
    sentence
}

fn kind(kind: OrderKind) -> String {
    match kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::Limit { limit } => format!("limit {limit}"),
        OrderKind::Stop { stop } => format!("stop {stop}"),
        OrderKind::StopLimit { stop, limit } => format!("stop {stop} limit {limit}"),
        OrderKind::TrailingStop { trail } => format!("trailing stop {trail} behind"),
    }
}

/// "entry 0000002a-20110110-17-e1 filled 100 of 148 at 168.82".
pub(super) fn reported(report: &OrderReport) -> String {
    let order = words::order(report.client_id);
    let mut sentence = match &report.execution {
        Some(execution) => format!("{order} {}", fill(report, execution)),
        None => format!("{order} {}", standing(report)),
    };
    if let Some(reason) = &report.reason {
        sentence.push_str(&format!(": {reason}"));
    }
    sentence
}

fn fill(report: &OrderReport, execution: &Execution) -> String {
    let (total, of) = (report.filled, report.qty);
    let Execution {
        qty, price, fee, ..
    } = execution;
    let mut sentence = if *qty == total {
        format!("filled {qty} of {of} at {price}")
    } else {
        format!("filled {qty} more at {price}, {total} of {of}")
    };
    if *fee != Money::ZERO {
        sentence.push_str(&format!(", fee {fee}"));
    }
    match report.status {
        ReportStatus::Filled | ReportStatus::PartiallyFilled | ReportStatus::New => sentence,
        _ => format!("{sentence}, and {}", standing(report)),
    }
}

fn standing(report: &OrderReport) -> String {
    let (filled, of) = (report.filled, report.qty);
    let part = || {
        if filled.is_zero() {
            String::new()
        } else {
            format!(" with {filled} of {of} filled")
        }
    };
    let at = report
        .stop
        .map(|stop| format!(" at {stop}"))
        .unwrap_or_default();
    match report.status {
        ReportStatus::PendingNew => "is on its way to the venue".to_owned(),
        ReportStatus::Accepted => "is accepted by the broker".to_owned(),
        ReportStatus::Held => format!("is held{at} until its entry has filled"),
        ReportStatus::New => format!("is working{at}"),
        ReportStatus::PartiallyFilled => format!("is working{at}{}", part()),
        ReportStatus::DoneForDay => format!("is done for today{}", part()),
        ReportStatus::PendingCancel => "is being cancelled".to_owned(),
        ReportStatus::PendingReplace => "is being replaced".to_owned(),
        ReportStatus::Suspended => "is suspended: the venue takes no trades in it now".to_owned(),
        ReportStatus::Filled => format!("is filled, {filled} of {of}"),
        ReportStatus::Cancelled => format!("is cancelled{}", part()),
        ReportStatus::Expired => format!("has expired{}", part()),
        ReportStatus::Rejected => "was rejected".to_owned(),
        ReportStatus::Replaced => match report.replaced_by {
            Some(new) => format!("is replaced by {new}"),
            None => "is replaced".to_owned(),
        },
    }
}

/// "replacing stop 0000002a-20110110-17-s1 with 0000002a-20110110-17-s2: stop 168.7".
pub(super) fn replacing(replacement: &Replacement, reason: &Reason) -> String {
    let changes = [
        replacement.stop.map(|stop| format!("stop {stop}")),
        replacement.limit.map(|limit| format!("limit {limit}")),
        replacement.trail.map(|trail| format!("trail {trail}")),
        replacement.qty.map(|qty| format!("{qty} shares")),
    ];
    let changes: Vec<String> = changes.into_iter().flatten().collect();
    format!(
        "replacing {} with {}: {} ({})",
        words::order(replacement.client_id),
        replacement.new_client_id,
        changes.join(", "),
        words::reason(reason),
    )
}

/// "cancelling stop 0000002a-20110110-17-s1 failed: the broker says no: … (42210000)".
pub(super) fn failed(what: &str, order: ClientOrderId, failure: &RequestFailure) -> String {
    let order = words::order(order);
    match failure {
        RequestFailure::Refused { code, message } => {
            format!("{what} {order} failed: the broker refused, {message} ({code})")
        }
        RequestFailure::Ambiguous { message } => {
            format!("{what} {order} may have failed, the broker's records will tell: {message}")
        }
    }
}
