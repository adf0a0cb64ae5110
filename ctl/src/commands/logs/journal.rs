//! The journal of systemd, asked through `journalctl` for what the daemon wrote into it.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};
use trader_contract::{Symbol, Timestamp};
use trader_rpc::{LogLevel, LogLine};

use super::Wanted;

const UNIT: &str = "traderd.service";

/// The lines that are wanted, the oldest first; nothing where there is no journal, or none of it may be
/// read.
pub(super) fn read(wanted: &Wanted) -> Option<Vec<LogLine>> {
    let lines = ask(&arguments(wanted))?;
    if lines.is_empty() {
        // Nothing that fits, or nothing that we may see?
        ask(&["--lines=1".to_owned()]).filter(|any| !any.is_empty())?;
    }
    Some(wanted.newest(lines))
}

fn ask(arguments: &[String]) -> Option<Vec<LogLine>> {
    let output = Command::new("journalctl")
        .args(["--no-pager", "--quiet", "--all", "--output=json"])
        .arg(format!("--unit={UNIT}"))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter_map(line);
    // The number of a line of the journal is its place in the answer.
    let numbered = (1_u64..).zip(lines);
    Some(
        numbered
            .map(|(seq, line)| LogLine { seq, ..line })
            .collect(),
    )
}

/// The documented queries.
fn arguments(wanted: &Wanted) -> Vec<String> {
    let mut arguments = vec![format!("--lines={}", wanted.lines)];
    if let Some(since) = wanted.since {
        let second = since.nanos().div_euclid(Timestamp::SECOND);
        arguments.push(format!("--since=@{second}"));
    }
    if let Some(level) = wanted.level {
        arguments.push(format!("--priority={}", priority(level)));
    }
    let fields = [
        ("SYMBOL", wanted.symbol.as_ref().map(Symbol::as_str)),
        ("ORDER_ID", wanted.order.as_deref()),
        ("INTENT", wanted.intent.as_deref()),
        ("EVENT", wanted.event.as_deref()),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some(format!("TRADER_{name}={}", value?)));
    arguments.extend(given);
    arguments
}

/// The least grave priority of a level.
const fn priority(level: LogLevel) -> u8 {
    match level {
        LogLevel::Error => 3,
        LogLevel::Warn => 4,
        LogLevel::Info => 5,
        LogLevel::Debug => 6,
        LogLevel::Trace => 7,
    }
}

/// One object of the journal; nothing for one without a message or a time.
fn line(json: &str) -> Option<LogLine> {
    let entry: Map<String, Value> = serde_json::from_str(json).ok()?;
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let micros: i64 = text("__REALTIME_TIMESTAMP")?.parse().ok()?;
    let level = match text("PRIORITY")? {
        "0" | "1" | "2" | "3" => LogLevel::Error,
        "4" => LogLevel::Warn,
        "5" | "6" if text("TARGET").is_none() => LogLevel::Info,
        "5" => LogLevel::Info,
        "6" => LogLevel::Debug,
        _ => LogLevel::Trace,
    };
    let fields: BTreeMap<String, String> = entry
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("TRADER_")?.to_ascii_lowercase();
            Some((name, value.as_str()?.to_owned()))
        })
        .collect();
    Some(LogLine {
        seq: 0,
        at: Timestamp::from_nanos(micros.checked_mul(1_000)?),
        level,
        target: text("TARGET").unwrap_or("systemd").to_owned(),
        message: text("MESSAGE")?.to_owned(),
        fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_journal_is_a_line_of_the_log() {
        let entry = r#"{"__REALTIME_TIMESTAMP":"1294670701250000","PRIORITY":"5","MESSAGE":"filled 100",
            "TARGET":"traderd::journal","TRADER_SYMBOL":"SPY","TRADER_ORDER_ID":"o-1","_PID":"7"}"#;
        let line = line(entry).unwrap();
        assert_eq!(line.at.to_string(), "2011-01-10T14:45:01.250Z");
        assert_eq!(line.level, LogLevel::Info);
        assert_eq!(line.message, "filled 100");
        let fields: Vec<_> = line.fields.iter().collect();
        assert_eq!(fields.len(), 2);
        assert_eq!(line.fields["symbol"], "SPY");
    }

    #[test]
    fn what_systemd_says_of_the_unit_is_information() {
        let entry = r#"{"__REALTIME_TIMESTAMP":"1","PRIORITY":"6","MESSAGE":"Started"}"#;
        let line = line(entry).unwrap();
        assert_eq!(
            (line.level, line.target.as_str()),
            (LogLevel::Info, "systemd")
        );
        assert!(super::line("no json").is_none());
        assert!(super::line(r#"{"MESSAGE":[1,2]}"#).is_none());
    }

    #[test]
    fn the_journal_is_asked_in_the_documented_words() {
        let wanted = Wanted {
            lines: 100,
            since: Some(Timestamp::from_seconds(1_294_635_600)),
            symbol: Some("SPY".parse().unwrap()),
            order: None,
            intent: Some("20110110-17".to_owned()),
            event: Some("fill".to_owned()),
            level: Some(LogLevel::Warn),
        };
        assert_eq!(
            arguments(&wanted),
            [
                "--lines=100",
                "--since=@1294635600",
                "--priority=4",
                "TRADER_SYMBOL=SPY",
                "TRADER_INTENT=20110110-17",
                "TRADER_EVENT=fill",
            ]
        );
    }
}
