//! One request to an address of the web, on a connection of its own: TLS by rustls with ring, no
//! redirects, no proxy, the answer's body unread. Errors name the host and nothing else of the address.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::WebAddress;
use crate::credentials::Secret;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// This machine trusts nobody.
    #[error("no certificate authority is known on this machine; install ca-certificates")]
    NoRoots,
    /// The address and its token make no address.
    #[error("the token makes no valid address")]
    Address,
    /// Nobody answers there.
    #[error("cannot connect to {host}: {why}")]
    Connect {
        /// The host.
        host: String,
        /// Why.
        why: String,
    },
    /// The answer is none of HTTP.
    #[error("{host} broke off: {why}")]
    Broken {
        /// The host.
        host: String,
        /// Why.
        why: String,
    },
    /// The answer is a refusal.
    #[error("{host} answered {status}")]
    Status {
        /// The host.
        host: String,
        /// Its answer.
        status: StatusCode,
    },
    /// No answer came in time.
    #[error("{host} did not answer within {limit:?}")]
    Slow {
        /// The host.
        host: String,
        /// How long it had.
        limit: Duration,
    },
}

/// Where requests go, with the secret that opens it.
#[derive(Clone)]
pub(super) struct Endpoint {
    uri: Uri,
    /// Scheme and host, to be shown.
    name: String,
    bearer: Option<HeaderValue>,
    tls: TlsConnector,
    /// How long one request may take, from the name's look-up to the answer's status.
    limit: Duration,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({})", self.name)
    }
}

impl Endpoint {
    /// An address with its token: in the address where it has a place for it, else as a bearer.
    ///
    /// # Errors
    /// The token makes no address, or there is nobody to trust.
    pub(super) fn new(
        address: &WebAddress,
        token: Option<&Secret>,
        limit: Duration,
    ) -> Result<Self, HttpError> {
        let in_address = token.filter(|_| address.has_token());
        let uri = address
            .with_token(in_address.map_or("", Secret::reveal))
            .ok_or(HttpError::Address)?;
        let bearer = token.filter(|_| !address.has_token()).map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|_| HttpError::Address)?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self {
            tls: connector(uri.scheme_str() == Some("https"))?,
            uri,
            name: address.to_string(),
            bearer: bearer.transpose()?,
            limit,
        })
    }

    /// Scheme and host.
    #[must_use]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// It did not arrive, or nobody knows whether it did.
    pub(super) async fn post(&self, json: String) -> Result<(), HttpError> {
        self.send(Method::POST, json).await
    }

    /// Asks, for the asking's sake.
    ///
    /// # Errors
    /// It did not arrive, or nobody knows whether it did.
    pub(super) async fn get(&self) -> Result<(), HttpError> {
        self.send(Method::GET, String::new()).await
    }

    async fn send(&self, method: Method, body: String) -> Result<(), HttpError> {
        let host = || self.name.clone();
        let answer = tokio::time::timeout(self.limit, self.exchange(method, body)).await;
        let status = answer.map_err(|_elapsed| HttpError::Slow {
            host: host(),
            limit: self.limit,
        })??;
        if status.is_success() {
            Ok(())
        } else {
            let host = host();
            Err(HttpError::Status { host, status })
        }
    }

    async fn exchange(&self, method: Method, body: String) -> Result<StatusCode, HttpError> {
        let connect = |why: String| HttpError::Connect {
            host: self.name.clone(),
            why,
        };
        let encrypted = self.uri.scheme_str() == Some("https");
        let host = self.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = self
            .uri
            .port_u16()
            .unwrap_or(if encrypted { 443 } else { 80 });
        let stream = TcpStream::connect((bare, port))
            .await
            .map_err(|error| connect(error.to_string()))?;
        let request = self.request(method, body)?;
        if !encrypted {
            return self.ask(stream, request).await;
        }
        let server =
            ServerName::try_from(bare.to_owned()).map_err(|error| connect(error.to_string()))?;
        let stream = self
            .tls
            .connect(server, stream)
            .await
            .map_err(|error| connect(error.to_string()))?;
        self.ask(stream, request).await
    }

    fn request(&self, method: Method, body: String) -> Result<Request<Full<Bytes>>, HttpError> {
        let target = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |host| host.as_str());
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("traderd/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer.clone());
        }
        let body = Full::new(Bytes::from(body));
        request.body(body).map_err(|_| HttpError::Address)
    }

    async fn ask<S>(
        &self,
        stream: S,
        request: Request<Full<Bytes>>,
    ) -> Result<StatusCode, HttpError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let broken = |error: hyper::Error| HttpError::Broken {
            host: self.name.clone(),
            why: error.to_string(),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let answer = sender.send_request(request);
        tokio::pin!(connection, answer);
        // The connection is driven here and nowhere else, so that it ends with this request.
        let answer = tokio::select! {
            biased;
            answer = &mut answer => answer,
            ended = &mut connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(error),
            },
        };
        answer.map(|answer| answer.status()).map_err(broken)
    }
}

/// TLS with the certificate authorities of this machine.
fn connector(needed: bool) -> Result<TlsConnector, HttpError> {
    let mut roots = RootCertStore::empty();
    if needed {
        // What is no certificate is left out; without any there is an error below.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(HttpError::NoRoots);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| HttpError::NoRoots)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
