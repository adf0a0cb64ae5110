//! One WebSocket: opened, read, written and closed as the session says.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::protocol::link::{StreamAction, refused};
use crate::wire::{BYTES_MAX, Format};

/// How long writing something may take: what is written is short.
const WRITE: Duration = Duration::from_secs(5);

/// Bytes that are read at once.
const READ: usize = 16 << 10;

type Connection = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the socket tells.
#[derive(Debug)]
pub(super) enum Told {
    /// It is open.
    Opened,
    /// A message.
    Message(Bytes),
    /// A sign of life.
    Pong,
    /// It is closed, or could not be opened.
    Closed {
        /// Why.
        why: Box<str>,
        /// Whether it was refused for too many.
        crowded: bool,
    },
}

/// The socket.
pub(super) struct Socket {
    url: Box<str>,
    format: Format,
    opening: Option<BoxFuture<'static, Result<Connection, Error>>>,
    connection: Option<Box<Connection>>,
    /// What writing has come to, to be told next.
    broken: Option<Box<str>>,
}

impl Socket {
    pub(super) fn new(url: &str, format: Format) -> Self {
        super::init();
        Self {
            url: url.into(),
            format,
            opening: None,
            connection: None,
            broken: None,
        }
    }

    /// Does what the session says.
    pub(super) async fn act(&mut self, action: StreamAction) {
        let message = match action {
            StreamAction::Open => {
                self.broken = None;
                self.connection = None;
                self.opening = Some(open(self.url.clone(), self.format).boxed());
                return;
            }
            StreamAction::Close => {
                self.opening = None;
                self.broken = None;
                if let Some(mut connection) = self.connection.take() {
                    // Closed in good order, so that the next one is not one too many; not waited for.
                    let _closed = tokio::time::timeout(WRITE, (*connection).close(None)).await;
                }
                return;
            }
            StreamAction::Text(text) => Message::text(text.into_string()),
            StreamAction::Binary(bytes) => Message::binary(bytes),
            StreamAction::Ping => Message::Ping(Bytes::new()),
        };
        let Some(connection) = &mut self.connection else {
            return;
        };
        match tokio::time::timeout(WRITE, connection.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.broken = Some(error.to_string().into()),
            Err(_) => self.broken = Some("nothing can be written to it".into()),
        }
    }

    /// Waits for what the socket tells next; for ever where it is neither open nor opening. May be given
    /// up and asked again.
    pub(super) async fn next(&mut self) -> Told {
        if let Some(why) = self.broken.take() {
            self.connection = None;
            return Told::Closed {
                why,
                crowded: false,
            };
        }
        if let Some(opening) = &mut self.opening {
            let opened = opening.await;
            self.opening = None;
            return match opened {
                Ok(connection) => {
                    self.connection = Some(Box::new(connection));
                    Told::Opened
                }
                Err(Error::Http(answer)) => {
                    let status = answer.status();
                    let reason = status.canonical_reason().unwrap_or_default();
                    let body = answer.body().as_deref().unwrap_or_default();
                    Told::Closed {
                        crowded: status == 429,
                        why: refused(status.as_u16(), reason, body).into(),
                    }
                }
                Err(error) => Told::Closed {
                    crowded: false,
                    why: error.to_string().into(),
                },
            };
        }
        let Some(connection) = &mut self.connection else {
            return std::future::pending().await;
        };
        let why: Box<str> = loop {
            match connection.next().await {
                Some(Ok(Message::Text(text))) => return Told::Message(text.into()),
                Some(Ok(Message::Binary(bytes))) => return Told::Message(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Told::Pong,
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| format!("{} {}", frame.code, frame.reason));
                    break reason.map_or_else(
                        || "Alpaca closed it".into(),
                        |reason| format!("Alpaca closed it: {reason}").into(),
                    );
                }
                Some(Ok(Message::Frame(_))) => {}
                Some(Err(error)) => break error.to_string().into(),
                None => break "the connection ended".into(),
            }
        };
        self.connection = None;
        Told::Closed {
            why,
            crowded: false,
        }
    }
}

async fn open(url: Box<str>, format: Format) -> Result<Connection, Error> {
    let mut request = (*url).into_client_request()?;
    if format == Format::MessagePack {
        let packed = HeaderValue::from_static("application/msgpack");
        request.headers_mut().insert("Content-Type", packed);
    }
    let (connection, _) = connect_async_with_config(request, Some(config()), true).await?;
    Ok(connection)
}

/// How a WebSocket is set up here. A message is short, and all of the buffer is cleared for every reading.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(Some(BYTES_MAX))
        .max_frame_size(Some(BYTES_MAX))
}
