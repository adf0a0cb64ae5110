//! Takes connections from one socket: a limited number, each with its own peer, and none that says
//! nothing. jsonrpsee speaks the protocol behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use jsonrpsee::core::middleware::RpcServiceBuilder;
use jsonrpsee::server::{
    BatchRequestConfig, Methods, PingConfig, Server, ServerConfig, StopHandle,
    serve_with_graceful_shutdown,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;
use tower::Service;
use trader_core::record::{Alert, Severity};
use trader_kernel::Peer;
use trader_rpc::{Role, limits};

use super::gate::{Connection, Gate};
use super::peer::{Allowance, Bucket, role_of};
use super::socket::Bound;
use crate::alerts::Delivery;

/// Messages that wait for one client.
const MESSAGES_WAITING: u32 = 64;
/// How long the loop rests when the kernel gives no connection (no descriptors left).
const REST: Duration = Duration::from_millis(100);

/// What one socket needs to take connections.
pub(super) struct Door {
    pub(super) bound: Bound,
    pub(super) role: Role,
    pub(super) methods: Methods,
    pub(super) stop: StopHandle,
    pub(super) tasks: TaskTracker,
    /// Where it is told that nobody finds the socket.
    pub(super) alerts: Arc<Delivery>,
    pub(super) allowance: Allowance,
    pub(super) connections_max: u32,
    pub(super) header_timeout: Duration,
}

/// How often it is looked whether the socket's file is still there.
const LOOK: Duration = Duration::from_secs(1);

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// Takes connections until the server stops. A socket whose file was removed is opened anew.
pub(super) async fn accept_all(mut door: Door) {
    let Some(mut listener) = listen(&door) else {
        return;
    };
    let mut looks = tokio::time::interval(LOOK);
    let mut lost = false;
    let places = usize::try_from(door.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = looks.tick() => {
                if door.bound.is_reached() {
                    continue;
                }
                lost = !renew(&mut door, lost);
                match (lost, listen(&door)) {
                    (false, Some(renewed)) => listener = renewed,
                    (false, None) => return,
                    (true, _) => {}
                }
                continue;
            }
            () = door.stop.clone().shutdown() => return,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    let Some(peer) = identify(&stream, door.role) else {
                        continue;
                    };
                    let session = serve(&door, stream, peer);
                    door.tasks.spawn(async move {
                        session.await;
                        drop(place);
                    });
                }
                // Closing at once tells the client more than letting it wait.
                Err(_) => tracing::warn!(
                    role = %door.role,
                    limit = door.connections_max,
                    "a connection was refused: there are as many as allowed"
                ),
            },
            Err(error) => {
                tracing::warn!(%error, role = %door.role, "no connection could be taken");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn listen(door: &Door) -> Option<UnixListener> {
    let listener = door.bound.listener.try_clone();
    listener
        .and_then(UnixListener::from_std)
        .inspect_err(
            |error| tracing::error!(%error, role = %door.role, "the socket cannot be listened on"),
        )
        .ok()
}

/// Opens a socket anew that nobody finds any more; whether that was possible. That it was not is told
/// once.
fn renew(door: &mut Door, told: bool) -> bool {
    let path = door.bound.path().display().to_string();
    let Err(error) = door.bound.renew(door.role.name()) else {
        tracing::warn!(path, "the socket's file was removed; it is opened anew");
        return true;
    };
    if !told {
        tracing::error!(path, %error, "the socket's file was removed, and no other can be made; restart the daemon");
        let alert = Alert {
            severity: Severity::Critical,
            kind: "socket".into(),
            symbol: None,
            message: format!(
                "the socket {path} was removed, and no other can be made: {error}; trading goes on, and \
                 nobody can look at it or stop it there"
            )
            .into(),
            action: "restart the daemon (systemctl restart traderd), which makes its folder again".into(),
            standing: false,
        };
        door.alerts.raise(0, crate::clock::now(), &alert);
    }
    false
}

fn server_config(door: &Door) -> ServerConfig {
    ServerConfig::builder()
        .ws_only()
        .max_request_body_size(limits::REQUEST_BYTES_MAX)
        .max_response_body_size(limits::RESPONSE_BYTES_MAX)
        .max_connections(door.connections_max)
        .max_subscriptions_per_connection(limits::SUBSCRIPTIONS_MAX)
        .set_batch_request_config(BatchRequestConfig::Disabled)
        .set_message_buffer_capacity(MESSAGES_WAITING)
        .enable_ws_ping(PingConfig::new())
        .build()
}

/// Who is at the other end; `None` if the kernel does not say.
fn identify(stream: &UnixStream, socket: Role) -> Option<Peer> {
    let credentials = match stream.peer_cred() {
        Ok(credentials) => credentials,
        Err(error) => {
            tracing::warn!(%error, "a connection was refused: the kernel does not say who it is");
            return None;
        }
    };
    let own_uid = rustix::process::geteuid().as_raw();
    let peer = Peer {
        uid: credentials.uid(),
        pid: credentials.pid(),
        role: role_of(socket, credentials.uid(), own_uid),
        connection: CONNECTIONS
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1),
    };
    tracing::debug!(
        uid = peer.uid,
        pid = peer.pid,
        role = %peer.role,
        connection = peer.connection,
        "connected"
    );
    Some(peer)
}

/// Serves one connection; the future ends when it is closed.
fn serve(door: &Door, stream: UnixStream, peer: Peer) -> impl Future<Output = ()> + Send + use<> {
    let header_timeout = door.header_timeout;
    let mut service = Server::builder()
        .set_config(server_config(door))
        .set_rpc_middleware(RpcServiceBuilder::new().layer_fn(Gate::new))
        .to_service_builder()
        .build(door.methods.clone(), door.stop.clone());
    let closed = service.on_session_closed();
    let stop = door.stop.clone();
    let extension = Connection {
        peer,
        bucket: Arc::new(Bucket::full(door.allowance, crate::clock::elapsed())),
        free: Arc::default(),
    };
    async move {
        let spoke = Arc::new(Notify::new());
        let upgraded = Arc::new(AtomicBool::new(false));
        let service = {
            let (spoke, upgraded) = (Arc::clone(&spoke), Arc::clone(&upgraded));
            tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                spoke.notify_one();
                request.extensions_mut().insert(extension.clone());
                let answer = service.call(request);
                let upgraded = Arc::clone(&upgraded);
                async move {
                    let response = answer.await?;
                    if response.status() == hyper::StatusCode::SWITCHING_PROTOCOLS {
                        upgraded.store(true, Ordering::Relaxed);
                    }
                    Ok::<_, tower::BoxError>(response)
                }
                .boxed()
            })
        };
        // Spawned as it is: wrapped in a block of its own the future's type is not general enough.
        let mut serving = tokio::spawn(serve_with_graceful_shutdown(
            stream,
            service,
            stop.shutdown(),
        ));
        let connection = peer.connection;
        tokio::select! {
            _ = &mut serving => {}
            heard = tokio::time::timeout(header_timeout, spoke.notified()) => {
                if heard.is_err() {
                    serving.abort();
                    tracing::debug!(connection, "closed: it did not say what it wants in time");
                    return;
                }
                // The HTTP part ends with the upgrade; a failure there is the client's.
                let _ = serving.await;
            }
        }
        if upgraded.load(Ordering::Relaxed) {
            closed.await;
        }
        tracing::debug!(connection, "closed");
    }
}
