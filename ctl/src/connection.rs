//! The connection that a command needs, under this program's name.

use std::path::Path;

use trader_rpc::{Client, ConnectError, Role};

const NAME: &str = concat!("traderctl ", env!("CARGO_PKG_VERSION"));

/// Connects for looking: falls back to the read socket.
///
/// # Errors
/// See [`ConnectError`].
pub(crate) fn to_look(socket: Option<&Path>) -> Result<Client, ConnectError> {
    Client::open(socket, Role::Read, NAME)
}

/// Connects for changing something: the control socket only.
///
/// # Errors
/// See [`ConnectError`].
pub(crate) fn to_change(socket: Option<&Path>) -> Result<Client, ConnectError> {
    Client::open(socket, Role::Reduce, NAME)
}
