//! A `traderd run` of its own folder: started, listened to, called, killed. Every wait is for
//! something that happens, and bounded.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use trader_rpc::method::{Method, call};
use trader_rpc::{
    Accepted, CallError, ChangeParams, Client, NoParams, RequestId, Status, StopParams,
};

/// After this long without a word something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a configuration, a state and sockets.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// A folder with a lively configuration: virtual clock, three strategies on made-up symbols.
    pub(crate) fn new(market: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.configure(&lively(market));
        place
    }

    pub(crate) fn configure(&self, text: &str) {
        std::fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("traderd.toml")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("s")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.state().join("traderd.db")
    }

    pub(crate) fn control(&self) -> PathBuf {
        trader_rpc::socket::control(&self.state().join("run"))
    }

    pub(crate) fn read(&self) -> PathBuf {
        trader_rpc::socket::read(&self.state().join("run"))
    }

    /// `traderd run` on this folder, not yet started.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_traderd"));
        command
            .arg("run")
            .arg("--config")
            .arg(self.config())
            .arg("--state-dir")
            .arg(self.state())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// A run that has opened its sockets.
    pub(crate) fn start(&self) -> Daemon {
        self.start_with(self.command())
    }

    pub(crate) fn start_with(&self, command: Command) -> Daemon {
        let mut daemon = Daemon::spawn(command);
        daemon.wait(|line| line.message == "the engine runs");
        daemon
    }

    /// A run that must end by itself: its code and what it says without being a log line.
    pub(crate) fn fail(&self) -> (Option<i32>, String) {
        let daemon = Daemon::spawn(self.command());
        let (status, lines) = daemon.drain();
        let said = lines
            .iter()
            .filter(|line| line.kind == Line::PLAIN)
            .map(|line| line.message.clone() + "\n");
        (status.code(), said.collect())
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.control(), "e2e").unwrap()
    }

    pub(crate) fn reader(&self) -> Client {
        Client::connect(&self.read(), "e2e").unwrap()
    }
}

/// A configuration in which much happens.
pub(crate) fn lively(market: &str) -> String {
    format!(
        r#"
[market]
clock = "virtual"
start_date = 2025-01-03
{market}
[broker]
partial_fill_probability = 0.3
regulatory_fees = true
[risk]
max_open_positions = 8
consecutive_losses = 20
position_fraction = 0.1
entries_per_route_per_day = 50
[rpc]
requests_per_second = 1000
request_burst = 2000
[log]
format = "json"
level = "trace"
[[route]]
name = "breakout"
strategy = "opening-range"
symbols = ["AAA", "BBB"]
timeframe_minutes = 5
settings = {{ range_minutes = 30, entry_minutes = 180 }}
[[route]]
name = "velez"
strategy = "velez"
symbols = ["CCC"]
timeframe_minutes = 2
settings = {{ sma_fast = 5, sma_slow = 50 }}
[[route]]
name = "reversion"
strategy = "mean-reversion"
symbols = ["DDD"]
timeframe_minutes = 5
"#
    )
}

/// A line on stderr: of the journal, of the rest of the log, or no log line at all.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The journal's kind, `log` or [`Line::PLAIN`].
    pub(crate) kind: String,
    pub(crate) seq: u64,
    pub(crate) message: String,
    /// The whole line.
    pub(crate) text: String,
}

impl Line {
    pub(crate) const PLAIN: &'static str = "plain";

    fn parse(text: String) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(&text) else {
            return Self {
                kind: Self::PLAIN.to_owned(),
                seq: 0,
                message: text.clone(),
                text,
            };
        };
        let field = |name: &str| value["fields"][name].as_str().map(str::to_owned);
        Self {
            kind: field("kind").unwrap_or_else(|| "log".to_owned()),
            seq: field("seq").and_then(|seq| seq.parse().ok()).unwrap_or(0),
            message: value["message"].as_str().unwrap_or_default().to_owned(),
            text,
        }
    }

    /// Whether it is of this kind and has these words.
    pub(crate) fn is(&self, kind: &str, words: &str) -> bool {
        self.kind == kind && self.message.contains(words)
    }
}

/// A running daemon. It is killed when this is dropped.
pub(crate) struct Daemon {
    child: Child,
    heard: Receiver<Line>,
    pub(crate) lines: Vec<Line>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(Line::parse(line)).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            heard,
            lines: Vec::new(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line.
    pub(crate) fn wait(&mut self, wanted: impl Fn(&Line) -> bool) -> Line {
        loop {
            match self.heard.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.lines.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(error) => panic!("{error} after {:#?}", self.tail()),
            }
        }
    }

    /// The last lines, for a failure's message.
    pub(crate) fn tail(&self) -> Vec<String> {
        let last = self.lines.iter().rev().take(30).rev();
        last.map(|line| format!("{} {}: {}", line.seq, line.kind, line.message))
            .collect()
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) -> Vec<Line> {
        self.child.kill().unwrap();
        self.rest().1
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn drain(mut self) -> (ExitStatus, Vec<Line>) {
        self.rest()
    }

    fn rest(&mut self) -> (ExitStatus, Vec<Line>) {
        loop {
            match self.heard.recv_timeout(PATIENCE) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {:#?}", self.tail()),
            }
        }
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.lines))
    }
}

/// Calls a method without parameters.
pub(crate) fn look<M: Method<Params = NoParams>>(client: &Client) -> M::Result {
    client.call::<M>(&NoParams {}).unwrap()
}

/// Calls a method that changes something, with this request id.
pub(crate) fn change<M: Method<Params = ChangeParams, Result = Accepted>>(
    client: &Client,
    id: &str,
) -> Result<Accepted, CallError> {
    client.call::<M>(&ChangeParams {
        request_id: id.parse().unwrap(),
    })
}

/// Stops the daemon through RPC.
pub(crate) fn stop(client: &Client, flatten: Option<bool>) -> Accepted {
    let request_id = RequestId::draw().unwrap();
    let params = StopParams {
        request_id,
        flatten,
    };
    client.call::<call::Stop>(&params).unwrap()
}

/// Asks for the status until it is as wanted, at most as often as a minute of calls allows.
pub(crate) fn until(client: &Client, wanted: impl Fn(&Status) -> bool) -> Status {
    let mut last = None;
    for _ in 0..3_000 {
        let status = look::<call::Status>(client);
        if wanted(&status) {
            return status;
        }
        last = Some(status);
        client.wait(Duration::from_millis(20));
    }
    panic!("it never came to that: {last:#?}");
}
