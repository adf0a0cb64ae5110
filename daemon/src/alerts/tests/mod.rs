//! Alerts on their way to real programs and real servers on this machine.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

mod sending;
mod server;
mod store;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trader_contract::Timestamp;
use trader_core::record::Severity;

use super::http::Endpoint;
use super::notice::Notice;
use super::way::{Patience, Port, Way};
use crate::config::WebAddress;

/// After this long without what is waited for, something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

fn notice(number: u64) -> Notice {
    Notice {
        number,
        severity: Severity::Critical,
        ..Notice::test(Timestamp::from_seconds(1_294_669_800), "simulated")
    }
}

/// Numbers that a way remembers as done.
type Done = Arc<Mutex<Vec<u64>>>;

fn way(name: &'static str, port: Port, patience: Patience) -> (Arc<Way>, Done) {
    let done = Done::default();
    let kept = Arc::clone(&done);
    let save = Box::new(move |number| kept.lock().unwrap().push(number));
    (Arc::new(Way::new(name, port, patience, save)), done)
}

/// Many quick tries.
fn quick() -> Patience {
    Patience {
        attempt: PATIENCE,
        waits: vec![Duration::from_millis(1); 3],
    }
}

fn endpoint(
    address: &str,
    token: Option<&crate::credentials::Secret>,
    limit: Duration,
) -> Endpoint {
    Endpoint::new(&WebAddress::parse(address).unwrap(), token, limit).unwrap()
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.unwrap() })
}
