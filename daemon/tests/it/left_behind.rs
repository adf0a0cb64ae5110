//! Open positions whose route was renamed or taken out of the configuration: the daemon starts, looks
//! after them, says so, and closes them with the day.

use trader_core::record::Record;
use trader_rpc::method::call;

use crate::books::Books;
use crate::daemon::{Place, look, stop};

/// Slow enough that a kill lands where it is aimed at.
const PACE: &str = "pace = 6000\nseed = 3";

/// Kills a daemon that holds something, starts another one with the configuration that `change` makes of
/// the one before, and gives what the two of them left once the day is over.
fn changed_while_held(change: impl Fn(&str) -> String) -> (Place, Books) {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", "entry ") && line.message.contains(" filled "));
    daemon.kill();
    let held = Books::read(&place).book.holdings;
    assert!(!held.is_empty());
    let text = std::fs::read_to_string(place.config()).unwrap();
    place.configure(&change(&text));

    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_closed");
    let client = place.client();
    assert!(look::<call::Positions>(&client).is_empty());
    stop(&client, Some(true));
    let (status, lines) = daemon.drain();
    assert!(status.success(), "{status}: {:#?}", lines.last());
    let books = Books::read(&place);
    books.assert_flat_and_equal();
    for symbol in held.keys() {
        let told = books.count(|record| match record {
            Record::Alerted { alert } => {
                &*alert.kind == "route_gone" && alert.symbol == Some(*symbol)
            }
            _ => false,
        });
        assert_eq!(told, 1, "{symbol}");
    }
    (place, books)
}

#[test]
fn a_daemon_starts_with_positions_of_routes_that_were_renamed() {
    changed_while_held(|text| text.replace("name = \"", "name = \"new-"));
}

#[test]
fn a_daemon_starts_with_positions_in_symbols_that_no_route_names_any_more() {
    let (place, _) = changed_while_held(|text| {
        let (rest, _) = text.split_once("[[route]]").unwrap();
        rest.to_owned()
    });
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_traderd"))
        .args(["replay", "latest", "--state-dir"])
        .arg(place.state())
        .env_clear()
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&replayed.stdout);
    assert_eq!(replayed.status.code(), Some(0), "{out}");
}
