//! A connection that is made anew when it breaks.

use std::path::Path;
use std::time::Duration;

use trader_rpc::{CallError, Client, ConnectError, ErrorCode, Method};

use crate::commands::Setting;
use crate::connection;
use crate::exit::Failed;

/// How long to wait before a try to connect, and before asking a busy daemon again.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSES_PER_SECOND: u32 = 4;
/// How often one call is sent anew over a new connection before that is given up.
const TRIES: u32 = 3;

/// What to do when the connection breaks.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Patience {
    /// Try for so long to connect again when the connection breaks
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub(crate) reconnect: u32,
}

/// How to get a connection.
type Open = fn(Option<&Path>) -> Result<Client, ConnectError>;

/// A connection that is made anew when it breaks.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    socket: Option<&'a Path>,
    open: Open,
    patience: Patience,
    client: Client,
}

impl<'a> Line<'a> {
    /// Connects for looking.
    ///
    /// # Errors
    /// There is no daemon; the first time that is told at once.
    pub(crate) fn to_look(setting: Setting<'a>, patience: Patience) -> Result<Self, Failed> {
        Self::new(setting, patience, connection::to_look)
    }

    /// Connects for changing something.
    ///
    /// # Errors
    /// As [`Line::to_look`].
    pub(crate) fn to_change(setting: Setting<'a>, patience: Patience) -> Result<Self, Failed> {
        Self::new(setting, patience, connection::to_change)
    }

    fn new(setting: Setting<'a>, patience: Patience, open: Open) -> Result<Self, Failed> {
        Ok(Self {
            socket: setting.socket,
            open,
            patience,
            client: open(setting.socket)?,
        })
    }

    /// The connection as it is now.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Calls, again if the connection breaks or the daemon is busy: only for calls that act once
    /// however often they are sent.
    ///
    /// # Errors
    /// The daemon refused, or it stays out of reach.
    pub(crate) fn call<M: Method>(&mut self, params: &M::Params) -> Result<M::Result, Failed> {
        let mut broken: u32 = 0;
        let mut busy: u32 = 0;
        loop {
            match self.client.call::<M>(params) {
                Err(error) if error.is_unreachable() && broken < TRIES => {
                    broken = broken.saturating_add(1);
                    self.mend(error)?;
                }
                Err(CallError::Daemon(failure))
                    if failure.code == ErrorCode::Busy.number() && busy < self.pauses() =>
                {
                    busy = busy.saturating_add(1);
                    self.client.wait(PAUSE);
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Connects again after `broken`, for as long as patience goes.
    ///
    /// # Errors
    /// The daemon stays out of reach; without patience, what broke.
    pub(crate) fn mend(&mut self, broken: CallError) -> Result<(), Failed> {
        let mut failed = Failed::Call(broken);
        for _ in 0..self.pauses() {
            match (self.open)(self.socket) {
                Ok(client) => {
                    self.client = client;
                    return Ok(());
                }
                Err(error @ (ConnectError::Denied { .. } | ConnectError::WrongProtocol { .. })) => {
                    return Err(error.into());
                }
                Err(error) => failed = Failed::Connect(error),
            }
            self.client.wait(PAUSE);
        }
        Err(failed)
    }

    const fn pauses(&self) -> u32 {
        self.patience.reconnect.saturating_mul(PAUSES_PER_SECOND)
    }
}
