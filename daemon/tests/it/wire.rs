//! Both sockets of the real daemon: roles, frames that no client of ours sends, and a flood.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use trader_rpc::method::call;
use trader_rpc::{CallError, ErrorCode, Role};

use crate::books::Books;
use crate::daemon::{Place, change, look, stop};

const PACE: &str = "pace = 600\nseed = 3";

fn code(error: CallError) -> i32 {
    match error {
        CallError::Daemon(failure) => {
            assert!(!failure.detail.next.is_empty(), "{failure:?}");
            failure.code
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_read_socket_looks_and_the_control_socket_acts() {
    let place = Place::new(PACE);
    let daemon = place.start();
    let (reader, client) = (place.reader(), place.client());
    assert_eq!(reader.hello().role, Role::Read);
    assert!(client.hello().role >= Role::Control);
    look::<call::Status>(&reader);
    for refused in [
        change::<call::Pause>(&reader, "a"),
        change::<call::Resume>(&reader, "b"),
        change::<call::Flatten>(&reader, "c"),
    ] {
        assert_eq!(code(refused.unwrap_err()), ErrorCode::WrongRole.number());
    }
    assert!(!change::<call::Pause>(&client, "a").unwrap().repeated);
    assert!(change::<call::Pause>(&client, "a").unwrap().repeated);
    change::<call::Resume>(&client, "b").unwrap();
    let unknown = trader_rpc::CloseParams {
        request_id: "d".parse().unwrap(),
        symbol: "NOPE".parse().unwrap(),
    };
    let unknown = client.call::<call::Close>(&unknown).unwrap_err();
    assert_eq!(code(unknown), ErrorCode::UnknownSymbol.number());
    stop(&client, None);
    assert!(daemon.drain().0.success());
}

/// A WebSocket by hand, to say what a proper client does not.
struct Raw(UnixStream);

impl Raw {
    fn connect(path: &Path) -> Self {
        let mut stream = UnixStream::connect(path).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            .unwrap();
        let mut head = Vec::new();
        let mut byte = [0_u8];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
        Self(stream)
    }

    /// Sends a text frame, masked with zeros.
    fn send(&mut self, text: &[u8]) -> std::io::Result<()> {
        let mut frame = vec![0x81, 0x80 | 127];
        frame.extend((text.len() as u64).to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text);
        self.0.write_all(&frame)
    }

    /// The next answer; `None` once the daemon has closed the connection.
    fn answer(&mut self) -> Option<serde_json::Value> {
        loop {
            let mut head = [0_u8; 2];
            self.0.read_exact(&mut head).ok()?;
            let length = match head[1] & 0x7f {
                126 => {
                    let mut more = [0_u8; 2];
                    self.0.read_exact(&mut more).ok()?;
                    usize::from(u16::from_be_bytes(more))
                }
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).ok()?;
            match head[0] & 0x0f {
                1 => return Some(serde_json::from_slice(&payload).unwrap()),
                8 => return None,
                // The daemon asks whether we are still there.
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_no_call_is_answered_with_its_code_and_the_daemon_goes_on() {
    let place = Place::new(PACE);
    let daemon = place.start();
    let hello =
        r#"{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":999,"client":"x"}}"#;
    let odd = r#"{"jsonrpc":"2.0","id":2,"method":"buy_everything","params":{}}"#;
    let wrong = r#"{"jsonrpc":"2.0","id":3,"method":"flatten","params":{"request":"x"}}"#;
    for (text, expected) in [
        (hello, ErrorCode::ProtocolMismatch.number()),
        (odd, -32601),
        (wrong, -32602),
        ("{\"jsonrpc\":", -32700),
        ("[]", -32005),
    ] {
        let mut raw = Raw::connect(&place.control());
        raw.send(text.as_bytes()).unwrap();
        let answer = raw
            .answer()
            .unwrap_or_else(|| panic!("no answer to {text}"));
        assert_eq!(answer["error"]["code"], expected, "{text}: {answer}");
    }
    // Too much at once is refused or ends the connection, whichever the daemon prefers.
    let mut big = Raw::connect(&place.read());
    let much = vec![b'x'; 8 << 20];
    if big.send(&much).is_ok()
        && let Some(answer) = big.answer()
    {
        assert!(answer["error"]["code"].as_i64().unwrap() < 0, "{answer}");
    }
    // Half a frame, and nothing more.
    let half = Raw::connect(&place.control());
    (&half.0).write_all(&[0x81]).unwrap();
    drop(half);
    look::<call::Status>(&place.reader());
    stop(&place.client(), None);
    assert!(daemon.drain().0.success());
}

#[test]
fn a_flood_of_calls_does_not_keep_a_flatten_out() {
    let place = Place::new("pace = 6000\nseed = 3");
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let reader = place.reader();
                for _ in 0..300 {
                    // Busy is an answer too.
                    let _ = reader.call::<call::Status>(&trader_rpc::NoParams {});
                }
            });
        }
        change::<call::Flatten>(&place.client(), "flat").unwrap();
    });
    stop(&place.client(), Some(true));
    assert!(daemon.drain().0.success());
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn two_clients_with_the_same_request_id_make_one_call() {
    let place = Place::new(PACE);
    let daemon = place.start();
    let repeated: Vec<bool> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    change::<call::Pause>(&place.client(), "one")
                        .unwrap()
                        .repeated
                })
            })
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(repeated.iter().filter(|repeated| !**repeated).count(), 1);
    stop(&place.client(), None);
    assert!(daemon.drain().0.success());
}
