//! `alpaca-sim`: a server that speaks Alpaca's language on loopback, in front of a simulated exchange.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use trader_broker_alpaca::simulator::{Options, Server};

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new();
    let served = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            runtime.block_on(async {
                let server = Server::start(&options).await;
                let server = server.map_err(|error| error.to_string())?;
                let told = writeln!(std::io::stdout(), "{}", server.ready_line());
                told.map_err(|error| format!("cannot say where it listens: {error}"))?;
                let served = server.run().await;
                served.map_err(|error| format!("the listening socket failed: {error}"))
            })
        });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            let _nobody_reads = writeln!(std::io::stderr(), "alpaca-sim: {words}");
            ExitCode::FAILURE
        }
    }
}
