//! `traderctl override`: has a refused entry sent all the same, in two calls. It adds risk, so the first
//! one sends nothing and shows everything.

use trader_rpc::{ConfirmOverrideParams, IntentName, OverrideParams, call};

use super::Setting;
use super::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// The longest time in which an override is confirmed, in seconds.
const EXPIRES_MAX: u32 = 300;

/// Send an entry that a limit refused, once, in two calls
///
/// The first call sends nothing. It shows the order, what it may lose at its stop, the account, and
/// each limit that refuses it with its numbers, and answers with a code. The second call repeats the
/// code with --confirm and sends exactly that order past exactly those limits, once.
///
/// Only limits of size, value, exposure, price and count can be overridden, up to their hard ceilings,
/// and only for 30 minutes and within the session. Kills, halts, breakers, data that is not fresh, a
/// symbol with a position, the session's hours and the restricted list cannot. Everything is checked
/// again when it is confirmed. Both calls need the role admin (root, or the user that traderd runs as)
/// and come from the same user; three wrong codes end it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The refused intent, as `traderctl logs` shows it: 20240315-17
    #[arg(value_name = "INTENT")]
    intent: IntentName,
    /// Within which time it must be confirmed, at most 5m (the default): 90s, 3m
    #[arg(long, value_name = "TIME", value_parser = seconds, conflicts_with = "confirm")]
    expires: Option<u32>,
    /// Send what the first call showed under this code
    #[arg(long, value_name = "CODE")]
    confirm: Option<String>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let intent = args.intent;
    let accepted = match &args.confirm {
        None => send::<call::Override>(
            &client,
            &OverrideParams {
                request_id,
                intent,
                expires_seconds: args.expires,
            },
        )?,
        Some(code) => send::<call::ConfirmOverride>(
            &client,
            &ConfirmOverrideParams {
                request_id,
                intent,
                code: code.clone(),
            },
        )?,
    };
    report(&client, &accepted, setting)
}

/// Reads `90s` or `3m`; a plain number is seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is not between 1s and 5m; write 90s or 3m");
    let (digits, unit) = match (text.strip_suffix('m'), text.strip_suffix('s')) {
        (Some(minutes), _) => (minutes, 60),
        (None, Some(seconds)) => (seconds, 1),
        (None, None) => (text, 1),
    };
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    if seconds == 0 || seconds > EXPIRES_MAX {
        return Err(wrong());
    }
    Ok(seconds)
}
