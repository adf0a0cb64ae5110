//! The sockets: one port for both REST APIs and every stream.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use base64::Engine as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use trader_broker_sim::AccountView;
use trader_broker_sim::market::Instrument;
use trader_contract::Timestamp;

use super::faults::Kind;
use super::market::Market;
use super::options::Options;
use super::request::{Method, Refusal, Reply, Request};
use super::shell::{Outcome, Shell, StartError};
use super::streams::data::Endpoint;
use super::streams::socket;

/// The largest body of a request.
const BODY_MAX: usize = 1 << 20;

/// A simulator that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shell: Arc<Shell>,
}

impl Server {
    /// Takes up the account and listens; nothing is answered until [`Server::run`].
    ///
    /// # Errors
    /// The address is not on loopback or taken, or the market or the state cannot be used.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        Self::open(options, options.open_market()?).await
    }

    /// The same on a market that is made of these instruments, whatever the options say of it.
    ///
    /// # Errors
    /// The address is not on loopback or taken, or the state cannot be used.
    pub async fn start_on(
        options: &Options,
        instruments: Vec<Instrument>,
    ) -> Result<Self, StartError> {
        Self::open(options, Market::made_up(options.seed, instruments)).await
    }

    async fn open(options: &Options, market: Market) -> Result<Self, StartError> {
        let address = options.listen;
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let shell = Arc::new(Shell::open(options, market)?);
        let failed = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            shell,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its books, to be looked into while it answers.
    #[must_use]
    pub fn books(&self) -> Books {
        Books(Arc::clone(&self.shell))
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shell.now()
    }

    /// Passes over the simulated time until `at`, if that is to come.
    pub fn skip_to(&self, at: Timestamp) {
        self.shell.skip_to(at);
    }

    /// One line of JSON that says where everything is.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let address = self.address;
        json!({
            "ready": true,
            "trading": format!("http://{address}"),
            "data": format!("http://{address}"),
            "trading_stream": format!("ws://{address}/stream"),
            "data_stream": format!("ws://{address}/v2/iex"),
            "data_stream_sip": format!("ws://{address}/v2/sip"),
            "news_stream": format!("ws://{address}/v1beta1/news"),
            "admin": format!("http://{address}/admin"),
            "now": self.shell.now().to_string(),
            "pid": std::process::id(),
        })
        .to_string()
    }

    /// Answers until the process ends.
    ///
    /// # Errors
    /// The listening socket failed.
    pub async fn run(self) -> std::io::Result<()> {
        let clock = Arc::clone(&self.shell);
        let clock = tokio::spawn(async move { clock.run_clock().await });
        let _ends = Ends(clock, Arc::clone(&self.shell));
        let mut routes = Router::new().route("/stream", any(trading_stream));
        for endpoint in Endpoint::ALL {
            let serve =
                move |state, upgrade, request| data_stream(endpoint, state, upgrade, request);
            routes = routes.route(endpoint.path(), any(serve));
        }
        let routes = routes.fallback(rest).with_state(self.shell);
        let listener = NoDelay(self.listener);
        axum::serve(listener, routes).await
    }
}

/// What ends with a server, also with one that is dropped: its clock, and its hold on the state.
struct Ends(JoinHandle<()>, Arc<Shell>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
        self.1.let_go();
    }
}

/// The account as the exchange itself has it.
#[derive(Clone)]
pub struct Books(Arc<Shell>);

impl Books {
    /// Cash and positions at this moment.
    #[must_use]
    pub fn account(&self) -> AccountView {
        self.0.account()
    }
}

/// A listener whose connections do not wait for more bytes before they send.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection delays its small writes: {error}");
        }
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

type Upgrade = Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>;

async fn trading_stream(
    State(shell): State<Arc<Shell>>,
    upgrade: Upgrade,
    request: HttpRequest,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return rest(State(shell), request).await;
    };
    let headers = request.headers();
    if let Some(status) = shell.refuses_handshake("/stream") {
        return refused_handshake(status);
    }
    let msgpack = socket::wants_msgpack(headers);
    upgrade.on_upgrade(move |ws| socket::trading(ws, shell, msgpack))
}

/// A stream, or what REST has at the same path: news has both.
async fn data_stream(
    endpoint: Endpoint,
    State(shell): State<Arc<Shell>>,
    upgrade: Upgrade,
    request: HttpRequest,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return rest(State(shell), request).await;
    };
    let headers = request.headers();
    if let Some(status) = shell.refuses_handshake(endpoint.path()) {
        return refused_handshake(status);
    }
    let msgpack = socket::wants_msgpack(headers);
    let with_keys = is_authorised(headers, shell.keys());
    upgrade.on_upgrade(move |ws| socket::market_data(ws, shell, endpoint, msgpack, with_keys))
}

fn refused_handshake(status: u16) -> Response {
    let (code, words) = match status {
        401 => (40_110_000, "unauthorized."),
        403 => (40_310_000, "forbidden."),
        429 => (42_910_000, "too many requests"),
        _ => return failure(status, false),
    };
    response(&Refusal::new(status, code, words).into())
}

/// Whether the headers carry the keys, in either of the two ways.
fn is_authorised(headers: &HeaderMap, (key, secret): (&str, &str)) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("apca-api-key-id") == Some(key) && text("apca-api-secret-key") == Some(secret) {
        return true;
    }
    let basic = text("authorization").and_then(|value| value.strip_prefix("Basic "));
    let engine = base64::engine::general_purpose::STANDARD;
    let decoded = basic.and_then(|basic| engine.decode(basic).ok());
    decoded.is_some_and(|pair| pair == format!("{key}:{secret}").into_bytes())
}

async fn rest(State(shell): State<Arc<Shell>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let Some(method) = Method::parse(parts.method.as_str()) else {
        return response(&Refusal::new(405, 40_510_000, "method not allowed").into());
    };
    let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query);
    let bytes = to_bytes(body, BODY_MAX).await;
    let (Ok(query), Ok(bytes)) = (query, bytes) else {
        return response(&Refusal::new(400, 40_010_000, "malformed request").into());
    };
    let request = Request {
        method,
        path: decoded(parts.uri.path()),
        query,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let authorised = is_authorised(&parts.headers, shell.keys());
    let outcome = shell.answer(&request, authorised);
    finish(outcome).await
}

/// A path with its escapes undone.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends the answer, or what a fault makes of it.
async fn finish(outcome: Outcome) -> Response {
    let mut answer = response(&outcome.reply);
    if let Some(fault) = &outcome.fault {
        match fault.fault {
            Kind::DelayResponse => {
                tokio::time::sleep(Duration::from_millis(fault.milliseconds)).await;
            }
            Kind::HalfOpen => std::future::pending::<()>().await,
            Kind::CutResponse => answer = cut(),
            Kind::ErrorBefore | Kind::ErrorAfter => answer = failure(fault.status(), fault.html),
            Kind::RateLimit if fault.html => answer = failure(429, true),
            _ => {}
        }
    }
    let with_headers = outcome
        .fault
        .as_ref()
        .is_none_or(|fault| !fault.without_headers);
    let headers = answer.headers_mut();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put("x-request-id", outcome.request_id);
    if let Some(standing) = outcome.standing.filter(|_| with_headers) {
        put("x-ratelimit-limit", standing.limit.to_string());
        put("x-ratelimit-remaining", standing.remaining.to_string());
        put("x-ratelimit-reset", standing.reset.to_string());
    }
    if let Some(seconds) = outcome.retry_after.filter(|_| with_headers) {
        put("retry-after", seconds.to_string());
    }
    answer
}

fn response(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &reply.body {
        None => status.into_response(),
        Some(body) => {
            let kind = (header::CONTENT_TYPE, "application/json; charset=UTF-8");
            (status, [kind], body.to_string()).into_response()
        }
    }
}

/// An error of Alpaca's front, as JSON or as HTML.
fn failure(status: u16, html: bool) -> Response {
    if html {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = format!("<html><body><h1>{code}</h1></body></html>");
        return (code, [(header::CONTENT_TYPE, "text/html")], body).into_response();
    }
    let (code, words) = match status {
        504 => (50_410_000, "request timed out"),
        503 => (50_310_000, "service unavailable"),
        _ => (50_010_000, "internal server error occurred"),
    };
    response(&Refusal::new(status, code, words).into())
}

/// An answer that breaks off in its body.
fn cut() -> Response {
    let broken = std::io::Error::other("cut by a fault");
    let parts = [Ok(Bytes::from_static(b"{\"id\":")), Err(broken)];
    Response::new(Body::from_stream(futures::stream::iter(parts)))
}
