//! A connection of a stream: the dialogue of its endpoint over a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use axum::http::HeaderMap;
use serde_json::Value;
use tokio::sync::mpsc;

use super::encoding::Encoding;
use super::hub::{Ear, QUEUE, Told};
use super::{data, trading};
use crate::simulator::shell::Shell;

/// Whether a client wants MessagePack.
pub(crate) fn wants_msgpack(headers: &HeaderMap) -> bool {
    ["content-type", "accept"].iter().any(|name| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("msgpack"))
    })
}

/// What the other side of a connection does next.
enum Next {
    Heard(Vec<u8>),
    Told(Told),
    /// The time to authenticate is over.
    Late,
    Gone,
}

/// One connection.
struct Line {
    socket: WebSocket,
    encoding: Encoding,
    binary: bool,
    ear: Ear,
}

impl Line {
    async fn say(&mut self, value: &Value) -> bool {
        let bytes = self.encoding.write(value);
        let message = match String::from_utf8(bytes) {
            Ok(text) if !self.binary => Message::Text(text.into()),
            Ok(text) => Message::Binary(text.into_bytes().into()),
            Err(error) => Message::Binary(error.into_bytes().into()),
        };
        self.socket.send(message).await.is_ok()
    }

    /// Waits for the client or for the hub. Pings are answered underneath.
    async fn next(&mut self, patience: Option<Duration>) -> Next {
        let late = async {
            match patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(late);
        loop {
            tokio::select! {
                biased;
                told = self.ear.recv() => return told.map_or(Next::Gone, Next::Told),
                heard = self.socket.recv() => match heard {
                    Some(Ok(Message::Text(text))) => {
                        return Next::Heard(text.as_str().as_bytes().to_vec());
                    }
                    Some(Ok(Message::Binary(bytes))) => return Next::Heard(bytes.to_vec()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Next::Gone,
                },
                () = &mut late => return Next::Late,
            }
        }
    }

    /// Neither reads nor writes until the connection is cut.
    async fn stay_mute(&mut self) {
        while let Some(told) = self.ear.recv().await {
            if matches!(told, Told::Cut) {
                return;
            }
        }
    }

    async fn close(mut self) {
        let _gone = self.socket.send(Message::Close(None)).await;
    }
}

/// Serves a connection of the trading stream.
pub(crate) async fn trading(socket: WebSocket, shell: Arc<Shell>, msgpack: bool) {
    let (mouth, ear) = mpsc::channel(QUEUE);
    let mut line = Line {
        socket,
        encoding: if msgpack {
            Encoding::MessagePack
        } else {
            Encoding::Json
        },
        // Paper answers in binary frames, JSON or not.
        binary: true,
        ear,
    };
    let mut dialogue = trading::Dialogue::default();
    let mut place = None;
    loop {
        let patience = (!dialogue.authorised).then(|| shell.auth_timeout());
        match line.next(patience).await {
            Next::Heard(bytes) => {
                let message = line.encoding.read(&bytes);
                let answer = dialogue.take(message.as_ref(), shell.keys());
                if answer.opens {
                    place = Some(shell.with_hub(|hub| hub.join_trading(mouth.clone())));
                }
                // The acknowledgement comes before the first event: the queue is read after it.
                if let Some(place) = place {
                    shell.with_hub(|hub| hub.listen(place, dialogue.listens));
                }
                if let Some(reply) = &answer.reply
                    && !line.say(reply).await
                {
                    break;
                }
                if answer.closes {
                    break;
                }
            }
            Next::Told(Told::Say(message)) => {
                if !line.say(&message).await {
                    break;
                }
            }
            Next::Told(Told::Mute) => {
                line.stay_mute().await;
                break;
            }
            Next::Told(Told::Cut) | Next::Late | Next::Gone => break,
        }
        // Who does not keep up is cut off, and finds out by REST what it has missed.
        if place.is_some_and(|place| !shell.with_hub(|hub| hub.knows(place))) {
            break;
        }
    }
    if let Some(place) = place {
        shell.with_hub(|hub| hub.leave(place));
    }
    line.close().await;
}

/// Serves a connection of a market data stream.
pub(crate) async fn market_data(
    socket: WebSocket,
    shell: Arc<Shell>,
    endpoint: data::Endpoint,
    msgpack: bool,
    with_keys: bool,
) {
    let (mouth, ear) = mpsc::channel(QUEUE);
    let mut line = Line {
        socket,
        encoding: if msgpack {
            Encoding::MarketData
        } else {
            Encoding::Json
        },
        binary: msgpack,
        ear,
    };
    let mut dialogue = data::Dialogue::new(endpoint, msgpack);
    let mut place = None;
    let mut open = line.say(&data::success("connected")).await;
    if with_keys && open {
        let answer = dialogue.authorise(shell.plan());
        open = follow(
            &shell,
            &mut line,
            (endpoint, &dialogue),
            answer,
            (&mouth, &mut place),
        )
        .await;
    }
    while open {
        let patience = (!dialogue.authorised).then(|| shell.auth_timeout());
        open = match line.next(patience).await {
            Next::Heard(bytes) => {
                let message = line.encoding.read(&bytes);
                let action = data::action(message.as_ref());
                let answer = match shell.errs(endpoint.path(), action) {
                    Some(code) => data::Answer::of_fault(code, action),
                    None => dialogue.take(message.as_ref(), shell.keys(), shell.plan()),
                };
                let with = (endpoint, &dialogue);
                follow(&shell, &mut line, with, answer, (&mouth, &mut place)).await
            }
            Next::Told(Told::Say(message)) => line.say(&message).await,
            Next::Told(Told::Mute) => {
                line.stay_mute().await;
                false
            }
            Next::Told(Told::Cut) => break,
            Next::Late => {
                line.say(&data::error(404)).await;
                false
            }
            Next::Gone => false,
        };
        let dropped = place.is_some_and(|place| !shell.with_hub(|hub| hub.knows(place)));
        if dropped {
            line.say(&data::error(407)).await;
            break;
        }
    }
    if let Some(place) = place {
        shell.with_hub(|hub| hub.leave(place));
    }
    line.close().await;
}

/// Does what an answer asks for and says it; whether the connection goes on.
async fn follow(
    shell: &Shell,
    line: &mut Line,
    (endpoint, dialogue): (data::Endpoint, &data::Dialogue),
    answer: data::Answer,
    (mouth, place): (&mpsc::Sender<Told>, &mut Option<u64>),
) -> bool {
    if answer.opens {
        *place = shell.with_hub(|hub| hub.join_data(endpoint, dialogue, mouth.clone()));
        if place.is_none() {
            line.say(&data::error(406)).await;
            return false;
        }
    }
    if let Some(place) = *place {
        shell.with_hub(|hub| hub.subscribe(place, dialogue));
        shell.wake();
    }
    line.say(&answer.reply).await && !answer.closes
}
