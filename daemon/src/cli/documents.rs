//! Manual pages and completions of `traderd`, for its package.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::{Cli, print};
use crate::exit::{self, Failure};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write traderd.8 and a page for each command into this folder, which is made if need be
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut program = Cli::command();
        program.build();
        let failed = |error: io::Error| {
            Failure::new(exit::FAILED, format!("the manual was not written: {error}"))
        };
        match self.dir {
            None => {
                let page = render(program).map_err(failed)?;
                print(&String::from_utf8_lossy(&page))
            }
            Some(dir) => write_all(program, &dir).map_err(failed),
        }
    }
}

fn render(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command)
        .section("8")
        .source(concat!("traderd ", env!("CARGO_PKG_VERSION")))
        .manual("traderd")
        .render(&mut page)?;
    Ok(page)
}

/// Writes the pages of a command and of those below it that are not hidden.
fn write_all(program: Command, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut waiting = vec![(program.get_name().to_owned(), program)];
    while let Some((name, command)) = waiting.pop() {
        let inner = command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set());
        waiting.extend(inner.map(|inner| (format!("{name}-{}", inner.get_name()), inner.clone())));
        fs::write(dir.join(format!("{name}.8")), render(command)?)?;
    }
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "traderd", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
