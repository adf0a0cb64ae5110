//! `traderd doctor`: everything around a daemon that does not run, looked at from beside it.

use std::path::PathBuf;

use clap::Args;
use trader_rpc::Diagnosis;

use super::print;
use crate::doctor::{self, Beside};
use crate::exit::{self, Failure};

/// What `traderd doctor` is asked for.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The configuration file [default: /etc/traderd/traderd.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The state folder [default: as for traderd run]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Open no stream at the broker: another program with the same keys may have it
    #[arg(long)]
    no_streams: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        super::close_to_others();
        let diagnosis = doctor::beside(&Beside {
            config: self.config,
            state: self.state_dir,
            no_streams: self.no_streams,
        })?;
        if self.json {
            let json = serde_json::to_string_pretty(&diagnosis)
                .map_err(|error| Failure::new(exit::BUG, error))?;
            print(&format!("{json}\n"))?;
        } else {
            print(&text(&diagnosis))?;
        }
        if diagnosis.is_bad() {
            return Err(Failure::new(exit::FAILED, "something has to be put right"));
        }
        Ok(())
    }
}

/// A line for each check, and one more with what to do.
fn text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for check in &diagnosis.checks {
        let outcome = check.outcome.to_string();
        text.push_str(&format!("{outcome:<9} {}: {}\n", check.name, check.finding));
        if let Some(next) = &check.next {
            text.push_str(&format!("          -> {next}\n"));
        }
    }
    text
}
