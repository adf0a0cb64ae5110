//! The bare client: reads a message of the WebSocket, posts an order, reads the answer, and nothing else, all
//! on one thread of its own, which nobody else wakes.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use futures::StreamExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::peer::BARE;
use crate::protocol::keys::Keys;
use crate::protocol::machine::Method;
use crate::sockets::{self, Http, HttpError};

/// An order of the usual length.
const ORDER: &str = r#"{"symbol":"S000","qty":"1","side":"buy","type":"market","time_in_force":"day","order_class":"oto","client_order_id":"00000000-20250115-000001-e1","stop_loss":{"stop_price":"90.00"}}"#;

/// The client, until it is dropped.
pub struct BareClient {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// HTTP could not be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The system has no thread or no descriptor left.
    #[error("the bare client cannot run: {0}")]
    System(#[from] std::io::Error),
}

impl BareClient {
    /// Connects to a peer.
    ///
    /// # Errors
    /// HTTP could not be set up, or the system has no thread left.
    pub fn start(address: SocketAddr) -> Result<Self, BareError> {
        sockets::init();
        let http = Http::new(&format!("http://{address}"), &Keys::new("bare", "client"))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("bare".to_owned())
            .spawn(move || {
                let answering = stopped.run_until_cancelled(answer(address, &http));
                let _stopped = runtime.block_on(answering);
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

/// Answers messages until there are no more.
async fn answer(address: SocketAddr, http: &Http) {
    let url = format!("ws://{address}{BARE}");
    let config = Some(sockets::socket_config());
    let connected = tokio_tungstenite::connect_async_with_config(url, config, true).await;
    let Ok((mut stream, _)) = connected else {
        return;
    };
    while let Some(Ok(message)) = stream.next().await {
        if matches!(message, Message::Binary(_)) {
            let body = ORDER.as_bytes().to_vec();
            // That it is refused is the peer's way.
            let _refused = http.call(Method::Post, "/v2/orders", Some(body)).await;
        }
    }
}

impl Drop for BareClient {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the thread.
            let _ended = thread.join();
        }
    }
}
