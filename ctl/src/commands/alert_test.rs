//! `traderctl alerts test`: whether alerts reach anybody.

use trader_rpc::{AlertTest, ChangeParams, call};

use super::Setting;
use super::change::Request;
use crate::connection;
use crate::exit::Failed;

/// Send a test alert and tell whether it arrives
///
/// Goes to the command and the webhook of the configuration's section alerts, whatever the minimum there is.
/// Ends with exit code 1 when it did not arrive on one of them, or when there is none.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let test = client.call::<call::TestAlert>(&ChangeParams { request_id })?;
    setting.output.result(&test, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", ways(&test))
    })?;
    let lost = test.ways.iter().filter(|way| !way.delivered).count();
    if test.ways.is_empty() {
        return Err(Failed::refused(
            "nobody was told",
            "the configuration names neither a command nor a webhook",
            "set them in [alerts]; every alert is in the log and in traderctl alerts list",
        ));
    }
    if lost > 0 {
        return Err(Failed::refused(
            "the test did not arrive everywhere",
            format!("{lost} of {} ways failed", test.ways.len()),
            "correct [alerts] in the configuration, restart the daemon and test again",
        ));
    }
    Ok(())
}

/// One line for each way.
fn ways(test: &AlertTest) -> String {
    let line = |way: &trader_rpc::AlertWay| match &way.detail {
        None => format!("{}: delivered to {}\n", way.name, way.target),
        Some(why) => format!("{}: not delivered: {why}\n", way.name),
    };
    test.ways.iter().map(line).collect()
}
