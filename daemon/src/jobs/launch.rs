//! Starting the process of a job: as a child of the daemon, or through a socket behind which systemd
//! starts one. Either way there is a stream in, a stream out, and a leash.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// The program itself, even after its file was replaced.
pub(super) const THIS_PROGRAM: &str = "/proc/self/exe";

/// What a job's process may see of our environment. Nothing of it is a secret.
const PASSED_ON: [&str; 2] = ["PATH", "TZ"];

/// The bytes that are kept of what a process says last.
const LAST_WORDS: usize = 4 << 10;

/// A way to start the process of a job.
pub(super) trait Launcher: Send + Sync + 'static {
    /// Starts one.
    ///
    /// # Errors
    /// The system refuses.
    fn launch(&self) -> io::Result<Launched>;

    /// The way in words, for a message about its failure.
    fn describe(&self) -> String;
}

/// A process that has begun.
pub(super) struct Launched {
    /// Where its order goes; kept open as long as it is to live.
    pub input: Box<dyn Write + Send>,
    /// What it says.
    pub output: Box<dyn Read + Send>,
    /// How to end it, and to hear how it ended.
    pub leash: Arc<dyn Leash>,
}

/// The hold on a process.
pub(super) trait Leash: Send + Sync {
    /// Its number, if we know it.
    fn pid(&self) -> Option<u32>;

    /// Ends it at once. Does nothing to one that has ended.
    fn cut(&self);

    /// Waits for its end; the output must be at its end.
    fn ended(&self) -> Ended;
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// In which way.
    pub how: How,
    /// What it said last on its standard error.
    pub last_words: String,
}

/// In which way a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// Nobody knows: it was not ours.
    Unseen,
}

/// Jobs as children of the daemon.
#[derive(Debug)]
pub(super) struct AsChild {
    /// The program.
    pub program: PathBuf,
    /// The folder it runs in.
    pub folder: PathBuf,
}

impl Launcher for AsChild {
    fn launch(&self) -> io::Result<Launched> {
        let mut command = Command::new(&self.program);
        command
            .arg0("traderd")
            .arg("job")
            .current_dir(&self.folder)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let mut child = command.spawn()?;
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else {
            return Err(io::Error::other("a pipe to the process is missing"));
        };
        let listening = std::thread::Builder::new()
            .name("job-stderr".to_owned())
            .spawn(move || last_words(errors));
        let leash = ChildLeash {
            pid: child.id(),
            child: Mutex::new(child),
            listening: Mutex::new(listening.ok()),
        };
        Ok(Launched {
            input: Box::new(input),
            output: Box::new(output),
            leash: Arc::new(leash),
        })
    }

    fn describe(&self) -> String {
        format!("as a child of the daemon, from {}", self.program.display())
    }
}

struct ChildLeash {
    pid: u32,
    child: Mutex<Child>,
    listening: Mutex<Option<JoinHandle<String>>>,
}

impl Leash for ChildLeash {
    fn pid(&self) -> Option<u32> {
        Some(self.pid)
    }

    fn cut(&self) {
        // Fails only if it has ended.
        let _ = hold(&self.child).kill();
    }

    fn ended(&self) -> Ended {
        // Waited for without holding the child, so that it can be cut meanwhile, and without taking
        // its number away from it, so that nobody else is cut.
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            );
        }
        let how = match hold(&self.child).wait() {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => How::Exited(code),
                (None, Some(signal)) => How::Signalled(signal),
                (None, None) => How::Unseen,
            },
            Err(_) => How::Unseen,
        };
        let listening = hold(&self.listening).take();
        Ended {
            how,
            last_words: listening
                .and_then(|thread| thread.join().ok())
                .unwrap_or_default(),
        }
    }
}

/// Jobs behind a socket with `Accept=yes`: the connection is the process's input and output.
#[derive(Debug)]
pub(super) struct BehindSocket(pub PathBuf);

impl Launcher for BehindSocket {
    fn launch(&self) -> io::Result<Launched> {
        let stream = UnixStream::connect(&self.0)?;
        Ok(Launched {
            input: Box::new(stream.try_clone()?),
            output: Box::new(stream.try_clone()?),
            leash: Arc::new(SocketLeash(stream)),
        })
    }

    fn describe(&self) -> String {
        format!("through the socket {} (jobs.socket)", self.0.display())
    }
}

struct SocketLeash(UnixStream);

impl Leash for SocketLeash {
    fn pid(&self) -> Option<u32> {
        None
    }

    fn cut(&self) {
        // Its input ends, and so does the process; ours ends, and so does the wait for it.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    fn ended(&self) -> Ended {
        Ended {
            how: How::Unseen,
            last_words: String::new(),
        }
    }
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads to the end and keeps the last bytes.
fn last_words(mut errors: ChildStderr) -> String {
    let mut kept = VecDeque::new();
    let mut part = [0; 1024];
    loop {
        match errors.read(&mut part) {
            Ok(0) => break,
            Ok(len) => {
                kept.extend(part.get(..len).unwrap_or_default());
                let over = kept.len().saturating_sub(LAST_WORDS);
                kept.drain(..over);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let kept = Vec::from(kept);
    String::from_utf8_lossy(&kept).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Option<(tempfile::TempDir, Launched)> {
        // A program that ignores its argument: the script's first line says who reads it.
        let folder = tempfile::tempdir().unwrap();
        if !std::path::Path::new("/bin/sh").exists() {
            println!("skipped: there is no /bin/sh");
            return None;
        }
        let program = folder.path().join("job.sh");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&program, mode).unwrap();
        let launcher = AsChild {
            program,
            folder: folder.path().to_owned(),
        };
        let launched = launcher.launch().unwrap();
        // The script is read while it runs.
        Some((folder, launched))
    }

    fn said(launched: &mut Launched) -> String {
        let mut text = String::new();
        launched.output.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_child_has_the_plain_environment_and_its_end_is_told() {
        let Some((_folder, mut child)) =
            shell("env | cut -d= -f1 | grep -v '^_$\\|PWD\\|SHLVL'; echo alas >&2; exit 9")
        else {
            return;
        };
        let names = said(&mut child);
        assert!(
            names.lines().all(|name| PASSED_ON.contains(&name)),
            "{names}"
        );
        let ended = child.leash.ended();
        assert_eq!(
            (ended.how, ended.last_words.as_str()),
            (How::Exited(9), "alas")
        );
        child.leash.cut();
    }

    #[test]
    fn a_child_that_is_cut_ends_by_the_signal() {
        let Some((_folder, child)) = shell("read line; read line") else {
            return;
        };
        child.leash.cut();
        assert_eq!(child.leash.ended().how, How::Signalled(9));
        drop(child.input);
    }

    #[test]
    fn only_the_last_of_many_words_is_kept() {
        let Some((_folder, child)) =
            shell("i=0; while [ $i -lt 900 ]; do echo word $i >&2; i=$((i+1)); done")
        else {
            return;
        };
        let words = child.leash.ended().last_words;
        assert!(
            words.len() <= LAST_WORDS && words.ends_with("word 899"),
            "{words}"
        );
    }
}
