//! Equal inputs, equal documents, byte for byte, whatever else the machine does.

use trader_rpc::{JobState, Work};

use super::desk::{Desk, IDLE, With, spec};
use super::market;

#[test]
fn the_same_backtest_gives_the_same_bytes_alone_and_in_company() {
    let desk = Desk::open(&format!("{IDLE}[jobs]\nmax_running = 2\n"));
    for (symbol, seed, dollars) in [("AAA", 11, 60), ("CCC", 13, 110)] {
        desk.import(
            symbol,
            "1min",
            &market::minutes(seed, dollars, &market::DAYS),
        );
    }
    let asked = spec("2024-11-21", "2024-12-03")
        .route("opening-range", &["AAA"], "5min")
        .route("mean-reversion", &["CCC"], "2min")
        .put("entry_z", "1.4")
        .set("risk.consecutive_losses", "20")
        .set("broker.partial_fill_probability", "0.5");
    let once = desk.document(&asked);
    assert_eq!(once, desk.document(&asked));

    let other = {
        let mut other = asked.clone();
        other.seed = 2;
        other
    };
    let beside = desk.submit(Work::Backtest(other)).unwrap();
    let again = desk.submit(Work::Backtest(asked.clone())).unwrap();
    let (beside, again) = (desk.finish(&beside), desk.finish(&again));
    assert_eq!([beside.state, again.state], [JobState::Done; 2]);
    assert_eq!(once, desk.fetch(&again, "result.json"));
    // They were at work at the same time, or this would show nothing.
    assert!(again.started_at.unwrap() < beside.ended_at.unwrap());

    let otherwise = desk.fetch(&beside, "result.json");
    let trades = |document: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(document).unwrap();
        value["trades"].clone()
    };
    assert_ne!(
        trades(&once),
        trades(&otherwise),
        "the seed draws the parts"
    );
    assert_eq!(once.last(), Some(&b'\n'));
}
