//! The sum of the program itself, computed beside the work.

use std::fs::File;
use std::io::{self, Read};
#[cfg(feature = "backtest")]
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};

use crate::jobs::stream::hex;

/// The program that runs, whatever has taken its place on the disk.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A sum under way.
#[cfg(feature = "backtest")]
pub(super) struct Sum(Option<JoinHandle<io::Result<String>>>);

#[cfg(feature = "backtest")]
impl Sum {
    /// Begins on a thread of its own; where there can be none, at the end.
    pub(super) fn begin() -> Self {
        let thread = std::thread::Builder::new().name("sum".to_owned());
        Self(thread.stack_size(256 << 10).spawn(sum).ok())
    }

    /// The sum in hexadecimal.
    pub(super) fn wait(self) -> io::Result<String> {
        match self.0.map(JoinHandle::join) {
            Some(Ok(sum)) => sum,
            Some(Err(_)) | None => sum(),
        }
    }
}

/// The same, computed here and now.
///
/// # Errors
/// The program's own file cannot be read.
pub(crate) fn sum() -> io::Result<String> {
    let mut program = File::open(THIS_PROGRAM)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 128 << 10];
    loop {
        match program.read(&mut part)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(part.get(..read).unwrap_or_default()),
        }
    }
}
