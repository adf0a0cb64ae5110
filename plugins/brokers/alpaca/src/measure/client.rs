//! The bare client: reads a message of the WebSocket, posts an order, reads the answer, and nothing else.

use std::net::SocketAddr;

use futures::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use super::peer::BARE;
use crate::protocol::keys::Keys;
use crate::protocol::machine::Method;
use crate::sockets::{self, Http, HttpError};

/// An order of the usual length.
const ORDER: &str = r#"{"symbol":"S000","qty":"1","side":"buy","type":"market","time_in_force":"day","order_class":"oto","client_order_id":"00000000-20250115-000001-e1","stop_loss":{"stop_price":"90.00"}}"#;

/// The client, until it is dropped.
pub struct BareClient {
    task: tokio::task::JoinHandle<()>,
}

impl BareClient {
    /// Connects to a peer, on the runtime of the caller.
    ///
    /// # Errors
    /// HTTP could not be set up.
    pub fn start(address: SocketAddr) -> Result<Self, HttpError> {
        sockets::init();
        let http = Http::new(&format!("http://{address}"), &Keys::new("bare", "client"))?;
        let task = tokio::spawn(async move {
            let url = format!("ws://{address}{BARE}");
            let connected = tokio_tungstenite::connect_async_with_config(url, None, true).await;
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
        });
        Ok(Self { task })
    }
}

impl Drop for BareClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}
