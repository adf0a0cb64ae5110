//! Runs the real binary in an empty environment.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: i32,
    /// Results.
    pub(crate) stdout: String,
    /// Notes and errors.
    pub(crate) stderr: String,
}

impl Run {
    /// The result as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The result as text of a run that succeeded.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.stdout
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A command of the binary that has not run yet.
pub(crate) fn command<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_traderctl"));
    command.env_clear().args(args).stdin(Stdio::null());
    command
}

/// Runs without naming a socket.
pub(crate) fn run(args: &[&str]) -> Run {
    command(args).output().unwrap().into()
}

/// Runs against a socket or a runtime folder.
pub(crate) fn run_at(socket: &Path, args: &[&str]) -> Run {
    let socket = [OsStr::new("--socket"), socket.as_os_str()];
    let args = args.iter().map(|arg| OsStr::new(*arg));
    command(socket.into_iter().chain(args))
        .output()
        .unwrap()
        .into()
}

/// The first lines of a run against a socket, which is then ended.
pub(crate) fn first_lines(socket: &Path, args: &[&str], lines: usize) -> Vec<String> {
    let mut program = command(["--socket"])
        .arg(socket)
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(program.stdout.take().unwrap());
    let lines = stdout.lines().take(lines).map(Result::unwrap).collect();
    program.kill().unwrap();
    program.wait().unwrap();
    lines
}
