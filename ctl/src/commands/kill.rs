//! `traderctl kill`: no new positions until a person arms again.

use trader_contract::Symbol;
use trader_rpc::{KillParams, Scope, call};

use super::Setting;
use super::change::{Request, report, send, symbol};
use crate::connection;
use crate::exit::Failed;

/// Open no new positions until somebody arms again
///
/// Cancels every waiting entry at once. The stops of open positions stay at the broker, unless
/// --flatten is given. A kill holds over restarts, and traderctl arm alone lifts it. Asks nothing,
/// and gets through whatever else the daemon has to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Close the positions too
    #[arg(long)]
    flatten: bool,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    request: Request,
}

/// What a kill or an arming is about.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct About {
    /// Only this symbol, whatever trades it
    #[arg(long, value_name = "SYMBOL", value_parser = symbol)]
    symbol: Option<Symbol>,
    /// Only this route, or every route of this strategy
    #[arg(long, value_name = "NAME", conflicts_with = "symbol")]
    strategy: Option<String>,
}

impl About {
    pub(super) fn scope(&self) -> Scope {
        match (self.symbol, &self.strategy) {
            (Some(symbol), _) => Scope::Symbol(symbol),
            (None, Some(name)) => Scope::Strategy(name.clone()),
            (None, None) => Scope::All,
        }
    }
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = KillParams {
        request_id: args.request.id()?,
        scope: args.about.scope(),
        flatten: args.flatten,
    };
    let accepted = send::<call::Kill>(&client, &params)?;
    report(&client, &accepted, setting)
}
