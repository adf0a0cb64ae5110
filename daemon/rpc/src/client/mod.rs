//! The blocking client: one connection, its own small runtime, every wait bounded. Calls are repeated over
//! a restart of the daemon, which they never notice; what changes something acts once all the same, by its
//! request id. Presentation is the caller's.

mod error;
mod subscription;

pub use error::{CallError, ConnectError};
pub use subscription::Subscription;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonrpsee_core::client::{ClientT, SubscriptionClientT};
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

use crate::error::ErrorCode;
use crate::limits::{
    CALL_TIMEOUT, CONNECT_TIMEOUT, EVENTS_BUFFERED, PROTOCOL_VERSION, REQUEST_BYTES_MAX,
    RESPONSE_BYTES_MAX, RESTART_TIMEOUT,
};
use crate::method::{EVENTS, Method, call};
use crate::params::{EventsParams, HelloParams};
use crate::role::Role;
use crate::socket;
use crate::types::Hello;

/// How often a call is repeated over restarts, and how long is waited where there is nothing to wait on.
const REPEATS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to `traderd`.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    /// Made anew when the daemon has restarted.
    inner: Mutex<Arc<WsClient>>,
    hello: Hello,
    path: PathBuf,
    name: String,
}

impl Client {
    /// Connects to the first daemon that is there, through the first of its sockets that lets us in
    /// and serves `needed`: see [`socket::runtime_dirs`] and [`socket::candidates`]. A daemon that
    /// is there and closed to us is an error: a call meant for it never goes to another.
    ///
    /// # Errors
    /// None is there, or it does not let us in; the error is about the first socket tried.
    pub fn open(given: Option<&Path>, needed: Role, name: &str) -> Result<Self, ConnectError> {
        let user_dir = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty());
        let user_dir = user_dir.map(PathBuf::from);
        let mut first = None;
        for place in socket::runtime_dirs(given, user_dir.as_deref()) {
            let mut denied = false;
            for path in socket::candidates(&place, needed) {
                match Self::connect(&path, name) {
                    Err(error @ ConnectError::Missing { .. }) => {
                        first.get_or_insert(error);
                    }
                    Err(error @ ConnectError::Denied { .. }) => {
                        denied = true;
                        first = Some(match first {
                            Some(earlier @ ConnectError::Denied { .. }) => earlier,
                            _ => error,
                        });
                    }
                    other => return other,
                }
            }
            if denied {
                break;
            }
        }
        Err(first.unwrap_or(ConnectError::Missing {
            path: socket::RUNTIME_DIR.into(),
        }))
    }

    /// Connects to this socket and checks that a `traderd` of our protocol answers. `name` is for
    /// the daemon's log: program and version.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(path: &Path, name: &str) -> Result<Self, ConnectError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| ConnectError::Io {
                path: path.to_owned(),
                source,
            })?;
        let (inner, hello) = runtime.block_on(connect_within(CONNECT_TIMEOUT, path, name))?;
        Ok(Self {
            runtime,
            inner: Mutex::new(Arc::new(inner)),
            hello,
            path: path.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Who answered the handshake.
    #[must_use]
    pub const fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The socket of this connection.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls a method and waits for its answer, at most [`CALL_TIMEOUT`]. Where the connection breaks, or
    /// the daemon says that it is stopping, and another one takes over its socket, it is asked again.
    ///
    /// # Errors
    /// The daemon's refusal, or what happened to the connection; see [`CallError`].
    pub fn call<M: Method>(&self, params: &M::Params) -> Result<M::Result, CallError> {
        let mut outcome = self.call_once::<M>(params);
        for _ in 0..REPEATS {
            match &outcome {
                Err(CallError::Lost { .. }) => {}
                Err(CallError::Daemon(failure)) if is_stopping(failure.code) => self.wait(PAUSE),
                _ => break,
            }
            // Without a successor the first answer stands.
            if self.reconnect().is_err() {
                break;
            }
            outcome = self.call_once::<M>(params);
        }
        outcome
    }

    /// Calls a method once and waits for its answer, at most [`CALL_TIMEOUT`].
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn call_once<M: Method>(&self, params: &M::Params) -> Result<M::Result, CallError> {
        let inner = self.inner();
        self.runtime.block_on(send::<M>(&inner, params))
    }

    fn inner(&self) -> Arc<WsClient> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&inner)
    }

    /// Connects to the daemon that has taken over the socket; one that is starting lets us wait in it.
    fn reconnect(&self) -> Result<(), ConnectError> {
        let connecting = connect_within(RESTART_TIMEOUT, &self.path, &self.name);
        let (inner, _) = self.runtime.block_on(connecting)?;
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(inner);
        Ok(())
    }

    /// Hears log lines or journal entries as they are written.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn events(&self, params: &EventsParams) -> Result<Subscription<'_>, CallError> {
        let name = EVENTS.subscribe;
        let client = self.inner();
        let inner = self.runtime.block_on(async {
            client
                .subscribe(name, object(name, params)?, EVENTS.unsubscribe)
                .await
                .map_err(|error| CallError::from_client(name, &error))
        })?;
        Ok(Subscription::new(&self.runtime, inner))
    }

    /// Waits while the connection stays alive, for callers that poll.
    pub fn wait(&self, duration: Duration) {
        // The timer belongs to the runtime, so it is made inside it.
        self.runtime
            .block_on(async { tokio::time::sleep(duration).await });
    }
}

/// Connects; a daemon that ends while we greet it has a successor in its socket, or none.
async fn connect_within(
    limit: Duration,
    path: &Path,
    name: &str,
) -> Result<(WsClient, Hello), ConnectError> {
    let connecting = async {
        let mut outcome = connect(path, name).await;
        for _ in 0..REPEATS {
            match &outcome {
                Err(ConnectError::NotTraderd { .. }) => {}
                Err(ConnectError::Refused { failure, .. }) if is_stopping(failure.code) => {}
                _ => break,
            }
            tokio::time::sleep(PAUSE).await;
            outcome = connect(path, name).await;
        }
        outcome
    };
    let timed_out = |_| {
        Err(ConnectError::TimedOut {
            path: path.to_owned(),
        })
    };
    tokio::time::timeout(limit, connecting)
        .await
        .unwrap_or_else(timed_out)
}

fn is_stopping(code: i32) -> bool {
    ErrorCode::from_number(code) == Some(ErrorCode::ShuttingDown)
}

async fn connect(path: &Path, name: &str) -> Result<(WsClient, Hello), ConnectError> {
    let stream = UnixStream::connect(path)
        .await
        .map_err(|source| connect_error(path, source))?;
    let inner = WsClientBuilder::new()
        .max_request_size(REQUEST_BYTES_MAX)
        .max_response_size(RESPONSE_BYTES_MAX)
        .request_timeout(CALL_TIMEOUT)
        .max_buffer_capacity_per_subscription(EVENTS_BUFFERED)
        .build_with_stream("ws://localhost/", stream)
        .await
        .map_err(|error| ConnectError::NotTraderd {
            path: path.to_owned(),
            why: error::chain(&error),
        })?;
    let params = HelloParams {
        protocol: PROTOCOL_VERSION,
        client: name.to_owned(),
    };
    let hello = send::<call::Hello>(&inner, &params)
        .await
        .map_err(|source| ConnectError::from_hello(path, source))?;
    if hello.protocol == PROTOCOL_VERSION {
        Ok((inner, hello))
    } else {
        Err(ConnectError::WrongProtocol {
            path: path.to_owned(),
            theirs: hello.protocol,
            daemon_version: hello.daemon_version,
        })
    }
}

fn connect_error(path: &Path, source: io::Error) -> ConnectError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ConnectError::Missing { path },
        io::ErrorKind::PermissionDenied => ConnectError::Denied { path },
        io::ErrorKind::ConnectionRefused => ConnectError::NobodyListens { path },
        _ => ConnectError::Io { path, source },
    }
}

async fn send<M: Method>(inner: &WsClient, params: &M::Params) -> Result<M::Result, CallError> {
    let params = object(M::NAME, params)?;
    inner
        .request(M::NAME, params)
        .await
        .map_err(|error| CallError::from_client(M::NAME, &error))
}

fn object<P: Serialize>(method: &str, params: &P) -> Result<Map<String, Value>, CallError> {
    match serde_json::to_value(params) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(CallError::Unreadable {
            method: method.to_owned(),
            why: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_becomes_what_to_do() {
        let next = |kind: io::ErrorKind, path: &str| {
            let error = connect_error(Path::new(path), io::Error::from(kind));
            let detail = error.detail();
            assert!(detail.what.contains(path), "{detail:?}");
            detail.next
        };
        use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound, PermissionDenied};
        assert!(next(NotFound, "/run/x/control/sock").contains("systemctl status traderd"));
        assert!(next(PermissionDenied, "/run/x/control/sock").contains("-aG traderd-ctl"));
        assert!(next(PermissionDenied, "/run/x/read/sock").contains("-aG traderd-ro"));
        assert!(next(ConnectionRefused, "/run/x/sock").contains("systemctl restart traderd"));
        assert!(next(InvalidInput, "/run/x/sock").contains("TRADERD_SOCKET"));
    }
}
