//! Starts this program as systemd does and hears it say that it is ready.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::clock;
use crate::exit::{self, Failure};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time from the execution to READY. The program is stopped again.
///
/// # Errors
/// It cannot be started, does not get ready or does not end well.
pub(super) fn until_ready(config: &Path, state: &Path) -> Result<Duration, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(exit::FAILED, why);
    let address = state.join("notify");
    // Of the round before.
    let _ = std::fs::remove_file(&address);
    let socket = UnixDatagram::bind(&address).map_err(|error| failed(&error))?;
    socket
        .set_read_timeout(Some(PATIENCE))
        .map_err(|error| failed(&error))?;
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let begun = clock::elapsed();
    let mut child = Command::new(program)
        .arg("run")
        .arg("--config")
        .arg(config)
        .arg("--state-dir")
        .arg(state)
        .env_clear()
        .env("NOTIFY_SOCKET", &address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let heard = hear(&socket);
    let took = clock::elapsed().saturating_sub(begun);
    let ended = end(&mut child);
    heard.map_err(|error| failed(&format!("no word that it is ready: {error}")))?;
    ended.map(|()| took)
}

fn hear(socket: &UnixDatagram) -> std::io::Result<()> {
    let mut buffer = [0_u8; 4096];
    loop {
        let length = socket.recv(&mut buffer)?;
        let message = buffer.get(..length).unwrap_or_default();
        if message
            .split(|byte| *byte == b'\n')
            .any(|line| line == b"READY=1")
        {
            return Ok(());
        }
    }
}

fn end(child: &mut Child) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(exit::FAILED, why);
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| failed(&"a program without a number"))?;
    // One that has ended by itself is heard of below.
    let _ = rustix::process::kill_process(pid, Signal::TERM);
    let status = child.wait().map_err(|error| failed(&error))?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(&format!(
            "the program that was started ended with {status}"
        ))),
    }
}
