//! `traderctl man`: manual pages, one for the program and one for each command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use super::Setting;
use crate::cli;
use crate::exit::Failed;

/// Print the manual page, or write all of them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write traderctl.1 and a page for each command into this folder, which is made if need be
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut program = cli::command();
    program.build();
    match &args.dir {
        None => {
            let page = render(program).map_err(Failed::from)?;
            setting.output.text(&String::from_utf8_lossy(&page))
        }
        Some(dir) => {
            let pages = write_all(&program, dir).map_err(|error| {
                Failed::refused(
                    format!("the manual was not written to {}", dir.display()),
                    error.to_string(),
                    "name a folder that you may write to",
                )
            })?;
            setting
                .output
                .note(&format!("{pages} pages in {}", dir.display()));
            Ok(())
        }
    }
}

fn render(command: Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command)
        .source(concat!("traderctl ", env!("CARGO_PKG_VERSION")))
        .manual("traderd")
        .render(&mut page)?;
    Ok(page)
}

/// Writes the pages of a command and of those below it; how many there are.
fn write_all(program: &Command, dir: &Path) -> std::io::Result<usize> {
    fs::create_dir_all(dir)?;
    let name = program.get_name().to_owned();
    let mut waiting = vec![(name, program.clone())];
    let mut pages: usize = 0;
    while let Some((name, command)) = waiting.pop() {
        for inner in command.get_subcommands() {
            waiting.push((format!("{name}-{}", inner.get_name()), inner.clone()));
        }
        let page = render(command)?;
        fs::write(dir.join(format!("{name}.1")), page)?;
        pages = pages.saturating_add(1);
    }
    Ok(pages)
}
