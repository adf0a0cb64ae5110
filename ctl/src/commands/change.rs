//! What the commands that change something have in common: the call's id, waiting for the effect,
//! and the arguments that several of them take.

use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use chrono::NaiveDate;
use trader_contract::Symbol;
use trader_rpc::{Accepted, CallError, Client, Method, NoParams, RequestId, Status, call};

use super::Setting;
use crate::exit::Failed;

/// How often the state is asked for while waiting.
const POLL: Duration = Duration::from_millis(250);
const POLLS_PER_SECOND: u32 = 4;

/// The id of a call.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Request {
    /// Send this request id
    ///
    /// A call with an id that the daemon has seen is not carried out again. Drawn at random where it
    /// is not given; scripts that repeat a call should give it.
    #[arg(long, value_name = "ID")]
    request_id: Option<RequestId>,
}

impl Request {
    /// The given id, or a new one.
    pub(super) fn id(&self) -> Result<RequestId, Failed> {
        match &self.request_id {
            Some(id) => Ok(id.clone()),
            None => Self::drawn(),
        }
    }

    /// A new one.
    pub(super) fn drawn() -> Result<RequestId, Failed> {
        RequestId::draw().map_err(|error| {
            Failed::refused(
                "no request id could be drawn",
                error.to_string(),
                "give one with --request-id",
            )
        })
    }
}

/// Calls, and hands back what was accepted.
pub(super) fn send<M: Method<Result = Accepted>>(
    client: &Client,
    params: &M::Params,
) -> Result<Accepted, Failed> {
    Ok(client.call::<M>(params)?)
}

/// Prints what was accepted.
pub(super) fn report(
    client: &Client,
    accepted: &Accepted,
    setting: Setting<'_>,
) -> Result<(), Failed> {
    setting.output.result(accepted, || {
        let header = setting.output.header(client.hello());
        let again = if accepted.repeated {
            " (done before; nothing was done again)"
        } else {
            ""
        };
        format!("{header}\n{}{again}", accepted.message)
    })
}

/// Refuses what adds risk where nobody can be asked and nobody said yes.
pub(super) fn terminal_or(yes: bool, not_done: &str, next: &str) -> Result<(), Failed> {
    if yes || io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failed::usage(
        not_done,
        "it adds risk and there is no terminal to ask on",
        next,
    ))
}

/// Asks on the terminal; only yes is a yes.
pub(super) fn confirm(question: &str, not_done: &str, setting: Setting<'_>) -> Result<(), Failed> {
    setting.output.note(question);
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failed::refused(
        not_done,
        "the answer was not yes",
        "traderctl status shows the state; nothing was changed",
    ))
}

/// Asks `is_done` again and again, for about `seconds`; whether it ever was.
pub(super) fn wait(
    client: &Client,
    seconds: u32,
    mut is_done: impl FnMut(&Client) -> Result<bool, Failed>,
) -> Result<bool, Failed> {
    for _ in 0..seconds.saturating_mul(POLLS_PER_SECOND) {
        if is_done(client)? {
            return Ok(true);
        }
        client.wait(POLL);
    }
    is_done(client)
}

/// The state of the daemon.
pub(super) fn status(client: &Client) -> Result<Status, CallError> {
    client.call::<call::Status>(&NoParams {})
}

/// Reads a symbol in any case.
pub(super) fn symbol(text: &str) -> Result<Symbol, String> {
    text.to_ascii_uppercase()
        .parse()
        .map_err(|error: trader_contract::SymbolError| error.to_string())
}

/// Checks that a range of dates does not end before it begins.
pub(super) fn in_order(
    from_name: &str,
    from: NaiveDate,
    to_name: &str,
    to: NaiveDate,
) -> Result<(), Failed> {
    if from <= to {
        return Ok(());
    }
    Err(Failed::usage(
        "the dates make no sense",
        format!("{to_name} {to} lies before {from_name} {from}"),
        format!("give the earlier date to {from_name}"),
    ))
}
