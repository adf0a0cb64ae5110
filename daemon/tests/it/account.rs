//! A store and the keys of another account: nothing of that account is taken in, and nothing is sent.

use trader_rpc::method::call;

use crate::daemon::{look, stop, until};
use crate::simulator::Exchange;
use crate::written::{self, Written, start_and_enter};

/// Two minutes before the market begins to move.
const START: &str = "2026-11-24T15:30:00Z";
const MOVES: &str = "2026-11-24T15:32:00Z";

#[test]
fn the_keys_of_another_account_are_told_and_its_books_are_not_taken_for_ours() {
    let ours = Written::entered(MOVES).exchange(START, 20);
    let place = written::place(&ours, "");
    let (daemon, client) = start_and_enter(&place);
    let before = look::<call::Status>(&client);
    drop(client);
    daemon.kill();

    let other = Exchange::of_another_account(START, 20);
    let text = std::fs::read_to_string(place.config()).unwrap();
    let address = |exchange: &Exchange| exchange.url().replace("http://", "");
    assert!(text.contains(&address(&ours)));
    place.configure(&text.replace(&address(&ours), &address(&other)));
    let daemon = place.start();
    let client = place.client();
    let status = until(&client, |status| {
        status.alerts.iter().any(|a| a.kind == "wrong_account")
    });
    let alert = status
        .alerts
        .iter()
        .find(|a| a.kind == "wrong_account")
        .unwrap();
    assert!(
        alert.message.contains("this store belongs to PA"),
        "{alert:#?}"
    );
    assert_eq!((status.cash, status.positions), (before.cash, 2));
    assert!(!status.reconciled);
    assert!(other.orders().is_empty());
    drop(client);
    daemon.kill();

    place.configure(&text);
    let daemon = place.start();
    let client = place.client();
    let status = until(&client, |status| status.reconciled);
    assert!(status.alerts.iter().all(|a| a.kind != "wrong_account"));
    assert_eq!(status.positions, 2);
    stop(&client, Some(true));
    drop(client);
    assert!(daemon.drain().0.success());
    written::assert_closed_once(&ours.orders());
}

#[test]
fn a_store_of_the_simulated_broker_is_not_started_with_alpaca_nor_the_other_way_round() {
    let inside = crate::daemon::Place::new("pace = 6000\nseed = 3");
    let simulated = std::fs::read_to_string(inside.config()).unwrap();
    let mut daemon = inside.start();
    daemon.wait(|line| line.kind == "account_named");
    daemon.wait(|line| line.is("order_reported", " filled "));
    daemon.kill();

    let exchange = Exchange::open(START, 20);
    let outside = exchange.place("");
    let alpaca = std::fs::read_to_string(outside.config()).unwrap();
    inside.configure(&alpaca);
    for _ in 0..2 {
        let (code, said) = inside.fail();
        assert_eq!(code, Some(78), "{said}");
        let expected = format!(
            "the store in {} belongs to the simulated broker, and broker.kind is \"alpaca\", which knows none \
             of its orders and positions; start with another folder (--state-dir), or set broker.kind = \
             \"sim\" again\n",
            inside.state().display()
        );
        assert_eq!(said, expected);
    }
    assert!(exchange.orders().is_empty());
    inside.configure(&simulated);
    let daemon = inside.start();
    stop(&inside.client(), Some(true));
    assert!(daemon.drain().0.success());

    let daemon = outside.start();
    let client = outside.client();
    until(&client, |status| status.reconciled);
    stop(&client, Some(true));
    drop(client);
    assert!(daemon.drain().0.success());
    outside.configure(&simulated);
    let (code, said) = outside.fail();
    assert_eq!(code, Some(78), "{said}");
    let words = " at Alpaca, and broker.kind is \"sim\", which knows none of its orders";
    assert!(
        said.contains("belongs to account PA") && said.contains(words),
        "{said}"
    );
    let file = outside.state().join("sim-broker.json");
    assert!(!file.exists());
}
