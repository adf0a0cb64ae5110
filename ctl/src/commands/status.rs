//! `traderctl status`: the whole picture on one screen.

use trader_contract::Symbol;
use trader_rpc::{Link, LinkState, NoParams, Phase, SessionInfo, Status, TradingState, call};

use super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::printable;

/// Show the state of the daemon at a glance
///
/// Whether it trades and why not, the session, the account, what is open and whether all of it is
/// protected, the connections, and every standing alert with what to do about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let status = client.call::<call::Status>(&NoParams {})?;
    setting
        .output
        .result(&status, || screen(&status, setting.output))
}

fn screen(status: &Status, output: &Output) -> String {
    let mut lines = vec![
        format!(
            "{}  traderd {}, pid {}, up {}",
            output.mode(status.mode, &status.label),
            printable(&status.version),
            status.pid,
            show::duration(status.uptime_seconds),
        ),
        String::new(),
    ];
    let mut rows = vec![("Trading", trading(status, output))];
    rows.extend(authority(status, output));
    rows.extend([
        ("Session", session(status, output)),
        ("Next", next_session(status)),
        ("Equity", equity(status, output)),
        ("Cash", show::dollars(status.cash)),
        ("Positions", positions(status, output)),
        ("Orders", orders(status)),
        ("Routes", routes(status, output)),
        ("Feed", link(&status.feed, output)),
        ("Broker", broker(status, output)),
        ("Journal", journal(status, output)),
        ("Recording", recording(status, output)),
        (
            "Config",
            printable(&status.config_hash).chars().take(12).collect(),
        ),
        ("Sockets", sockets(status)),
    ]);
    rows.extend(unchecked(status, output));
    for (name, text) in rows {
        lines.push(format!(
            "{}  {text}",
            output.paint(Style::Strong, &format!("{name:<9}"))
        ));
    }
    lines.extend(alerts(status, output));
    lines.join("\n")
}

fn trading(status: &Status, output: &Output) -> String {
    let style = match status.trading.state {
        TradingState::Active => Style::Good,
        TradingState::Reducing => Style::Caution,
        TradingState::Halted | TradingState::Killed => Style::Alarm,
    };
    let state = output.paint(style, &status.trading.state.to_string());
    match &status.trading.why {
        Some(why) => format!("{state}: {}", printable(why)),
        None => state,
    }
}

/// Kills, symbols that are not entered and the arming, where there are any.
fn authority(status: &Status, output: &Output) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if status.observe {
        let text = output.paint(Style::Caution, "only: signals are not traded");
        rows.push(("Observes", text));
    }
    for kill in &status.kills {
        let scope = printable(&kill.scope.to_string());
        let text = format!(
            "{}, since {} ET by {}",
            output.paint(Style::Alarm, &scope),
            show::date_time(kill.since),
            printable(&kill.by),
        );
        rows.push(("Killed", text));
    }
    for block in &status.blocks {
        let text = format!(
            "{}, since {} ET: {}",
            output.paint(Style::Caution, block.symbol.as_str()),
            show::date_time(block.since),
            printable(&block.why),
        );
        rows.push(("Blocked", text));
    }
    if let Some(arming) = &status.arming {
        let until = format!("until {} ET", show::date_time(arming.until));
        let until = if arming.valid {
            until
        } else {
            output.paint(Style::Alarm, "NOT VALID")
        };
        let account = printable(&arming.account);
        rows.push(("Armed", format!("account {account}, {until}")));
    }
    rows
}

fn session(status: &Status, output: &Output) -> String {
    let now = format!("now {} ET", show::date_time(status.now));
    let Some(session) = &status.session else {
        return format!("none; {now}");
    };
    let phase = match session.phase {
        Phase::Pre => "before the open".to_owned(),
        Phase::Entries => output.paint(Style::Good, "entries allowed"),
        Phase::NoEntries => "no more entries today".to_owned(),
        Phase::Flattening => output.paint(Style::Caution, "flattening before the close"),
        Phase::Closed => "closed".to_owned(),
    };
    format!("{}, {phase}; {now}", hours(session))
}

fn hours(session: &SessionInfo) -> String {
    let half = if session.half_day { " (half day)" } else { "" };
    format!(
        "{}, {} to {} ET{half}",
        show::day(session.date),
        show::hour(session.open),
        show::hour(session.close),
    )
}

fn next_session(status: &Status) -> String {
    status.next_session.as_ref().map_or_else(
        || "none: the calendar ends here".to_owned(),
        |next| {
            let half = if next.half_day { " (half day)" } else { "" };
            format!(
                "{}, {} to {} ET{half}",
                show::day(next.date),
                show::hour(next.open),
                show::hour(next.close),
            )
        },
    )
}

fn equity(status: &Status, output: &Output) -> String {
    let style = if status.day_pnl.is_sign_negative() {
        Style::Caution
    } else {
        Style::Good
    };
    format!(
        "{}, today {} (realised {}, open {})",
        show::dollars(status.equity),
        output.paint(style, &show::gain(status.day_pnl)),
        show::gain(status.realised),
        show::gain(status.open_pnl),
    )
}

fn positions(status: &Status, output: &Output) -> String {
    let open = show::count(status.positions, "open", "open");
    let protection = match (status.positions, status.unprotected_positions) {
        (0, 0) => String::new(),
        (_, 0) => ", all protected".to_owned(),
        (_, bare) => {
            let words = format!("{bare} UNPROTECTED");
            format!(", {}", output.paint(Style::Alarm, &words))
        }
    };
    let seconds = status.unprotected_share_seconds;
    if seconds == 0 {
        format!("{open}{protection}")
    } else {
        format!("{open}{protection} ({seconds} unprotected share-seconds today)")
    }
}

/// What limits cannot be checked, where there are any.
fn unchecked(status: &Status, output: &Output) -> Vec<(&'static str, String)> {
    let each = status.unchecked.iter();
    each.map(|limit| ("Unchecked", output.paint(Style::Faint, &printable(limit))))
        .collect()
}

fn orders(status: &Status) -> String {
    let open = format!("{} open", status.working_orders);
    let sent = &status.messages;
    match sent.most {
        Some(most) if sent.orders > 0 || sent.changes > 0 || sent.cancels > 0 => format!(
            "{open}; last minute {} sent, {} changed, {} cancelled, of at most {most}",
            sent.orders, sent.changes, sent.cancels
        ),
        _ => open,
    }
}

fn routes(status: &Status, output: &Output) -> String {
    let warm = format!("{} warm", status.routes.warm);
    if status.routes.warming == 0 {
        warm
    } else {
        let warming = format!("{} warming up", status.routes.warming);
        format!("{warm}, {}", output.paint(Style::Caution, &warming))
    }
}

fn link(link: &Link, output: &Output) -> String {
    let style = match link.state {
        LinkState::Up => Style::Good,
        LinkState::Off => Style::Faint,
        LinkState::Connecting => Style::Caution,
        LinkState::Stale | LinkState::Down => Style::Alarm,
    };
    let mut text = format!(
        "{} {}",
        printable(&link.name),
        output.paint(style, &link.state.to_string())
    );
    if let Some(detail) = &link.detail {
        text.push_str(", ");
        text.push_str(&printable(detail));
    }
    if let Some(at) = link.last_heard_at {
        text.push_str(&format!(", last heard {} ET", show::time(at)));
    }
    text
}

fn broker(status: &Status, output: &Output) -> String {
    let reconciled = if status.reconciled {
        "reconciled".to_owned()
    } else {
        output.paint(Style::Alarm, "NOT RECONCILED")
    };
    format!("{}, {reconciled}", link(&status.broker, output))
}

fn journal(status: &Status, output: &Output) -> String {
    let path = status.store.path.as_deref().unwrap_or("in memory");
    let text = format!("{} entries, {}", status.store.seq, printable(path));
    if status.store.writable {
        text
    } else {
        format!(
            "{text}, {}",
            output.paint(Style::Alarm, "CANNOT BE WRITTEN")
        )
    }
}

/// Whether the session is recorded.
fn recording(status: &Status, output: &Output) -> String {
    let recording = &status.recording;
    match (&recording.failure, recording.session) {
        (Some(why), _) => {
            let failed = output.paint(Style::Alarm, "NOT RECORDED");
            format!("{failed}: {}", printable(why))
        }
        (None, Some(session)) => format!("session {session} is recorded"),
        (None, None) if recording.enabled => "none yet".to_owned(),
        (None, None) => "off".to_owned(),
    }
}

fn sockets(status: &Status) -> String {
    let each = status
        .sockets
        .iter()
        .map(|socket| format!("{} {}", socket.role, printable(&socket.path)));
    each.collect::<Vec<_>>().join(", ")
}

fn alerts(status: &Status, output: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for alert in &status.alerts {
        // Most messages begin with the symbol themselves.
        let named = |symbol: &Symbol| {
            let rest = alert.message.strip_prefix(symbol.as_str());
            rest.is_some_and(|rest| rest.starts_with([':', ' ']))
        };
        let symbol = alert.symbol.filter(|symbol| !named(symbol));
        let symbol = symbol.map_or_else(String::new, |s| format!("{s}: "));
        lines.push(String::new());
        lines.push(format!(
            "{}  {} ET  {symbol}{}",
            output.paint(
                alert.severity.into(),
                &alert.severity.to_string().to_uppercase()
            ),
            show::date_time(alert.at),
            printable(&alert.message),
        ));
        lines.push(format!("  next: {}", printable(&alert.action)));
    }
    lines
}
