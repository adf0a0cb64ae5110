//! A program that is given an alert: JSON on its standard input, fields in its environment, nothing else
//! of ours. It is killed, with what it started, when it takes too long.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::notice::Notice;

/// What the program finds other programs by, if the daemon has no such path itself.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Why an alert did not pass through the program.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// It could not be started.
    #[error("{program} cannot be run: {why}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        why: std::io::Error,
    },
    /// It took too long.
    #[error("{program} took longer than {limit:?} and was killed")]
    Slow {
        /// The program.
        program: String,
        /// How long it had.
        limit: Duration,
    },
    /// It said no.
    #[error("{program} failed: {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
    },
}

/// A group of processes that is killed when this is dropped: the program with what it started.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.take() {
            // It may have ended on its own.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Runs a program with an alert, for at most `limit`.
///
/// # Errors
/// It did not take the alert.
pub(super) async fn run(
    command: &[String],
    notice: &Notice,
    limit: Duration,
) -> Result<(), CommandError> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let name = || program.clone();
    let mut child = start(program, arguments, notice).map_err(|why| CommandError::NotRun {
        program: name(),
        why,
    })?;
    let leader = child.id().and_then(|id| i32::try_from(id).ok());
    let group = Group(leader.and_then(Pid::from_raw));
    let ended = tokio::time::timeout(limit, tell(&mut child, notice)).await;
    drop(group);
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(CommandError::Failed {
            program: name(),
            status: status.to_string(),
        }),
        Ok(Err(why)) => Err(CommandError::NotRun {
            program: name(),
            why,
        }),
        Err(_elapsed) => {
            // Killed just now: this takes its end and leaves no zombie.
            let _ = child.wait().await;
            Err(CommandError::Slow {
                program: name(),
                limit,
            })
        }
    }
}

fn start(program: &str, arguments: &[String], notice: &Notice) -> std::io::Result<Child> {
    Command::new(program)
        .args(arguments)
        .env_clear()
        .env(
            "PATH",
            std::env::var_os("PATH").unwrap_or_else(|| PATH.into()),
        )
        .envs(notice.variables())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

async fn tell(child: &mut Child, notice: &Notice) -> std::io::Result<std::process::ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        let line = format!("{}\n", notice.json());
        // A program that does not read it, since the environment is enough, is right too.
        let _ = stdin.write_all(line.as_bytes()).await;
    }
    child.wait().await
}
