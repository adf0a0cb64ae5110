//! HTTP: one client with its connections kept warm, one version, no redirects, no repetition of its own.
//! What failed before a byte was sent is told apart from what failed after.
//!
//! A request that will leave once something else is done can be made ready meanwhile, as a draft; the call
//! that equals it takes it, and nothing leaves without a call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::protocol::budget::RateHeaders;
use crate::protocol::keys::Keys;
use crate::protocol::machine::Method;
use crate::protocol::outcome::{Answer, HttpResult};
use crate::wire::BYTES_MAX;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take, from the first byte sent to the last one read.
const ANSWER: Duration = Duration::from_secs(15);
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(90);
/// Connections kept warm.
const WARM: usize = 8;
/// Drafts that are kept at most; the oldest goes first.
const DRAFTS: usize = 8;
/// How long a draft is good for: the time that its answer may take runs from when it was made.
const FRESH: Duration = Duration::from_secs(1);

const KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET_KEY: HeaderName = HeaderName::from_static("apca-api-secret-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A key has characters that no header takes.
    #[error("the keys hold characters that no key of Alpaca has; look at the credential file")]
    Keys,
    /// The client could not be set up.
    #[error("HTTP could not be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// What a request comes to; nothing of it is sent before it is first polled.
type Sending = BoxFuture<'static, Result<reqwest::Response, reqwest::Error>>;

/// A request that was made ready.
struct Draft {
    method: Method,
    path: Box<str>,
    body: Vec<u8>,
    made: Instant,
    sending: Sending,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut draft = f.debug_struct("Draft");
        draft.field("path", &self.path).finish_non_exhaustive()
    }
}

/// A client for one host with one pair of keys.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: Arc<str>,
    drafts: Arc<Mutex<VecDeque<Draft>>>,
}

impl Http {
    /// A client for `base`, scheme and host without a slash at the end.
    ///
    /// # Errors
    /// The keys are none, or TLS could not be set up.
    pub fn new(base: &str, keys: &Keys) -> Result<Self, HttpError> {
        super::init();
        let (id, secret) = keys.expose();
        let mut headers = HeaderMap::new();
        for (name, value) in [(KEY_ID, id), (SECRET_KEY, secret)] {
            let value = HeaderValue::from_str(value.expose_secret());
            let mut value = value.map_err(|_| HttpError::Keys)?;
            // Neither shown nor kept in tables of the transport.
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("traderd/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(WARM)
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            base: base.into(),
            drafts: Arc::default(),
        })
    }

    /// Makes a request ready for the call that will want it sent soon. Within a runtime with timers.
    pub fn draft(&self, method: Method, path: &str, body: Vec<u8>) {
        // One that cannot be made is told when it is called for.
        let Ok(sending) = self.sending(method, path, Some(body.clone())) else {
            return;
        };
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        if drafts.len() >= DRAFTS {
            drafts.pop_front();
        }
        drafts.push_back(Draft {
            method,
            path: path.into(),
            body,
            made: Instant::now(),
            sending,
        });
    }

    /// Takes out what was made ready for a call, if it was made just now.
    fn drafted(&self, method: Method, path: &str, body: &[u8]) -> Option<Sending> {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |d: &Draft| (d.method, &*d.path, &*d.body) == (method, path, body);
        let place = drafts.iter().position(is_it)?;
        let draft = drafts.remove(place)?;
        (draft.made.elapsed() < FRESH).then_some(draft.sending)
    }

    fn sending(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Sending, reqwest::Error> {
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let request = self.client.request(method, [&*self.base, path].concat());
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, JSON).body(body).build()?,
            None => request.build()?,
        };
        Ok(Box::pin(self.client.execute(request)))
    }

    /// Sends a request and takes its whole answer.
    pub async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> HttpResult {
        let drafted = body.as_deref();
        let drafted = drafted.and_then(|body| self.drafted(method, path, body));
        let sending = match drafted.map_or_else(|| self.sending(method, path, body), Ok) {
            Ok(sending) => sending,
            Err(error) => return HttpResult::NotSent { why: told(&error) },
        };
        let mut response = match sending.await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return HttpResult::NotSent { why: told(&error) };
            }
            Err(error) => return HttpResult::Lost { why: told(&error) },
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            rate: rates(response.headers()),
            request_id: header(response.headers(), "x-request-id").map(Into::into),
            date: header(response.headers(), "date").and_then(seconds),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    if answer.body.len().saturating_add(chunk.len()) > BYTES_MAX {
                        let why = format!("an answer of more than {BYTES_MAX} bytes");
                        return HttpResult::Lost { why: why.into() };
                    }
                    answer.body.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(error) => return HttpResult::Lost { why: told(&error) },
            }
        }
        // The number cannot be looked up later: it is asked for when something is to be cleared up.
        let request_id = answer.request_id.as_deref().unwrap_or("-");
        let status = answer.status;
        if (200..300).contains(&status) {
            tracing::debug!(
                method = method.name(),
                path,
                status,
                request_id,
                "Alpaca answered"
            );
        } else {
            tracing::info!(
                method = method.name(),
                path,
                status,
                request_id,
                "Alpaca answered"
            );
        }
        HttpResult::Answer(answer)
    }
}

/// An error with what lies beneath it, without the address: a query may say more than a log should.
fn told(error: &reqwest::Error) -> Box<str> {
    let mut text = match error {
        error if error.is_timeout() => "no answer in time".to_owned(),
        error if error.is_connect() => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    let mut beneath = std::error::Error::source(error);
    while let Some(error) = beneath {
        text = format!("{text}: {error}");
        beneath = error.source();
    }
    text.into()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn rates(headers: &HeaderMap) -> RateHeaders {
    let number = |name| header(headers, name)?.trim().parse::<i64>().ok();
    let count = |name| number(name).and_then(|n| u32::try_from(n).ok());
    RateHeaders {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
        retry_after: number("retry-after"),
    }
}

/// A date of HTTP in seconds since 1970.
fn seconds(date: &str) -> Option<i64> {
    let date = chrono::DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.timestamp())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_headers_of_the_limit_are_read_where_they_are() {
        let mut headers = HeaderMap::new();
        assert_eq!(rates(&headers), RateHeaders::default());
        for (name, value) in [
            ("x-ratelimit-limit", "200"),
            ("x-ratelimit-remaining", "17"),
            ("x-ratelimit-reset", "1795098600"),
            ("retry-after", "3"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let rates = rates(&headers);
        assert_eq!((rates.limit, rates.remaining), (Some(200), Some(17)));
        assert_eq!(
            (rates.reset, rates.retry_after),
            (Some(1_795_098_600), Some(3))
        );
    }

    #[test]
    fn a_date_of_http_is_read() {
        assert_eq!(
            seconds("Fri, 20 Nov 2026 15:41:07 GMT"),
            Some(1_795_189_267)
        );
        assert_eq!(seconds("soon"), None);
    }

    fn http() -> Http {
        Http::new("http://127.0.0.1:9", &Keys::new("k", "s")).unwrap()
    }

    /// Answers so many requests of one connection; what came.
    fn answering(requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (connection, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(connection);
            let request = |_| {
                let mut text = String::new();
                while !text.ends_with("\r\n\r\n") {
                    assert_ne!(reader.read_line(&mut text).unwrap(), 0);
                }
                let length = text.to_lowercase();
                let length = length.split("content-length: ").nth(1).unwrap();
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                reader.get_mut().write_all(answer).unwrap();
                text + std::str::from_utf8(&body).unwrap()
            };
            (0..requests).map(request).collect()
        });
        (base, serving)
    }

    #[tokio::test]
    async fn a_draft_leaves_when_it_is_called_for_as_it_would_have_anyway_and_only_once() {
        let (base, serving) = answering(3);
        let http = Http::new(&base, &Keys::new("k", "s")).unwrap();
        for body in ["two", "never"] {
            http.draft(Method::Post, "/v2/orders", body.into());
        }
        for body in ["one", "two", "two"] {
            let called = http.call(Method::Post, "/v2/orders", Some(body.into()));
            assert!(matches!(called.await, HttpResult::Answer(_)));
        }
        let came = serving.join().unwrap();
        assert_eq!(came[1], came[0].replace("one", "two"));
        assert_eq!(came[2], came[1]);
        let left = http.drafts.lock().unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[tokio::test]
    async fn a_draft_is_for_the_call_that_equals_it() {
        let http = http();
        http.draft(Method::Post, "/v2/orders", b"one".to_vec());
        let take = |method, path, body: &[u8]| http.drafted(method, path, body).is_some();
        assert!(!take(Method::Post, "/v2/orders", b"two"));
        assert!(!take(Method::Post, "/v2/order", b"one"));
        assert!(!take(Method::Patch, "/v2/orders", b"one"));
        assert!(take(Method::Post, "/v2/orders", b"one"));
        assert!(!take(Method::Post, "/v2/orders", b"one"));
    }

    #[tokio::test]
    async fn a_draft_whose_time_for_an_answer_has_run_for_long_is_not_taken() {
        let http = http();
        http.draft(Method::Post, "/v2/orders", b"one".to_vec());
        http.drafts.lock().unwrap()[0].made -= FRESH;
        assert!(
            http.drafted(Method::Post, "/v2/orders", b"one").is_none(),
            "it is made anew"
        );
    }

    #[tokio::test]
    async fn no_more_drafts_are_kept_than_fit() {
        let http = http();
        for number in 0..20_u8 {
            http.draft(Method::Post, "/v2/orders", vec![number]);
        }
        assert!(http.drafted(Method::Post, "/v2/orders", &[11]).is_none());
        assert!(http.drafted(Method::Post, "/v2/orders", &[12]).is_some());
    }

    #[test]
    fn nothing_that_a_client_shows_has_the_keys_in_it() {
        let http = Http::new("https://127.0.0.1:9", &Keys::new("the-key", "the-secret")).unwrap();
        let shown = format!("{http:?}");
        assert!(
            !shown.contains("the-key") && !shown.contains("the-secret"),
            "{shown}"
        );
        let wrong = Http::new("https://127.0.0.1:9", &Keys::new("a\nb", "c"));
        assert!(matches!(wrong, Err(HttpError::Keys)));
    }
}
