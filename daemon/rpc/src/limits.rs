//! The numbers that both ends of the wire agree on. The server enforces them.

use std::time::Duration;

/// Grows when a client of the older version would misread an answer. New optional fields and new
/// methods leave it as it is.
pub const PROTOCOL_VERSION: u32 = 1;

/// The largest request a server reads, in bytes.
pub const REQUEST_BYTES_MAX: u32 = 1 << 20;

/// The largest answer a server gives and a client reads, in bytes.
pub const RESPONSE_BYTES_MAX: u32 = 4 << 20;

/// Connections that a server holds at once.
pub const CONNECTIONS_MAX: u32 = 32;

/// Subscriptions of one connection.
pub const SUBSCRIPTIONS_MAX: u32 = 4;

/// Calls of one connection in a second; more are answered with `busy`.
pub const CALLS_PER_SECOND_MAX: u32 = 50;

/// Events that a client keeps for a reader that is slow, and a server for a client that is.
pub const EVENTS_BUFFERED: usize = 1024;

/// The largest part of a file in one call, in bytes of the file.
pub const CHUNK_BYTES_MAX: usize = 512 << 10;

/// Orders, trades or jobs in one answer, unless the caller asks for fewer.
pub const ROWS_MAX: u32 = 1000;

/// The longest note on a trade, in bytes of UTF-8: with it a thousand trades fit into one answer.
pub const NOTE_BYTES_MAX: usize = 1000;

/// The longest tag, in characters.
pub const TAG_LENGTH_MAX: usize = 32;

/// Tags of one trade.
pub const TAGS_MAX: usize = 16;

/// Log lines that the daemon keeps, and the most in one answer.
pub const LOG_LINES_MAX: u32 = 2000;

/// How long a client waits for the socket and the handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client that was connected waits for a daemon that restarts.
pub const RESTART_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client waits for an answer.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);
