//! What a failed unit has to say, from a process of its own: the daemon is gone and cannot. Reads nothing
//! but the ways of the configuration, so that it works when everything else is broken.

use std::time::Duration;

use trader_core::record::{Alert, Severity};

use super::notice::Notice;
use super::way::{Patience, Way};
use super::{command_port, message_id, webhook_port};
use crate::clock;
use crate::config::AlertSettings;

/// The waits between the tries of a way; systemd gives the unit a minute.
const WAITS: [u64; 4] = [1, 2, 4, 8];

/// Tells people that a unit has failed and stays down, on every way, whatever the minimum is, and the log
/// in any case. Gives the ways on which it did not arrive, with why. Must be called inside a tokio runtime.
pub async fn tell(unit: &str, settings: &AlertSettings, mode: &str) -> Vec<String> {
    let alert = alert(unit, &result());
    tracing::error!(
        unit,
        message_id = message_id("unit_failed"),
        alert = "unit_failed",
        severity = "critical",
        action = &*alert.action,
        "{}",
        alert.message
    );
    let notice = Notice::new(0, clock::now(), &alert, mode);
    let ports = [
        ("command", command_port(settings)),
        ("webhook", webhook_port(settings)),
    ];
    let mut lost = Vec::new();
    for (name, port) in ports {
        let Some(port) = port else { continue };
        let way = Way::new(name, port, Patience::default(), Box::new(|_| {}));
        let mut outcome = way.attempt(&notice).await;
        for seconds in WAITS {
            if outcome.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            outcome = way.attempt(&notice).await;
        }
        if let Err(why) = outcome {
            lost.push(format!("{name}: {why}"));
        }
    }
    lost
}

/// How the unit ended, as systemd tells those that it starts for it.
fn result() -> String {
    let said = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let status = |word: String| match said("MONITOR_EXIT_STATUS") {
        Some(status) => format!("{word}, {status}"),
        None => word,
    };
    said("MONITOR_SERVICE_RESULT").map_or_else(|| "no result was told".to_owned(), status)
}

fn alert(unit: &str, result: &str) -> Alert {
    let daemon = unit == "traderd.service";
    let (meaning, action) = if daemon {
        (
            "nothing is traded; open positions have only the stops that rest at the broker",
            "see why: systemctl status traderd, journalctl -xeu traderd; correct it; then systemctl \
             reset-failed traderd and systemctl start traderd; or close by hand at the broker",
        )
    } else {
        (
            "trading goes on",
            "see why: systemctl status and journalctl -xeu with the unit's name",
        )
    };
    Alert {
        severity: if daemon {
            Severity::Critical
        } else {
            Severity::Warning
        },
        kind: "unit_failed".into(),
        symbol: None,
        message: format!("{unit} has failed and stays down ({result}): {meaning}").into(),
        action: action.into(),
        standing: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_more_than_another_unit() {
        let daemon = alert("traderd.service", "watchdog");
        assert_eq!(daemon.severity, Severity::Critical);
        assert!(
            daemon.message.contains("(watchdog): nothing is traded"),
            "{}",
            daemon.message
        );
        let backup = alert("traderd-backup.service", "exit-code, 1");
        assert_eq!(backup.severity, Severity::Warning);
        assert!(
            backup.message.contains("trading goes on"),
            "{}",
            backup.message
        );
    }
}
