//! Notes and tags: committed with their call, once, or not at all.

use trader_contract::Timestamp;
use trader_core::record::TradingState;
use trader_rpc::{Accepted, ErrorCode, Failure, NoteTradeParams, TagTradeParams};
use trader_store::DiaryChange;

use super::Bench;
use crate::Call;

fn note(bench: &mut Bench, id: &str, text: &str) -> Result<Accepted, Failure> {
    let params = NoteTradeParams {
        request_id: id.parse().unwrap(),
        trade: "20110110-1".parse().unwrap(),
        note: text.parse().ok(),
    };
    bench
        .ask(|reply| Call::NoteTrade(12, params, reply))
        .recv()
        .unwrap()
}

#[test]
fn an_edit_is_committed_with_who_made_it_and_acts_once() {
    let mut bench = Bench::open();
    let first = note(&mut bench, "n-1", "too early").unwrap();
    assert_eq!(first.message, "the note on trade 20110110-1 is written");
    assert!(note(&mut bench, "n-1", "too early").unwrap().repeated);
    let other = note(&mut bench, "n-1", "another text").unwrap_err();
    assert_eq!(other.code, ErrorCode::Refused.number());
    let params = TagTradeParams {
        request_id: "t-1".parse().unwrap(),
        trade: "12".parse().unwrap(),
        add: vec!["setup".parse().unwrap()],
        remove: vec!["late".parse().unwrap()],
    };
    let answer = bench.ask(|reply| Call::TagTrade(12, params, reply));
    let message = answer.recv().unwrap().unwrap().message;
    assert_eq!(message, "trade 12 is tagged: +setup -late");

    let [noted, tagged] = &bench.world.diary[..] else {
        panic!("two edits: {:?}", bench.world.diary);
    };
    let at: Timestamp = "2011-01-10T14:30:00Z".parse().unwrap();
    assert_eq!(
        (noted.trade, noted.uid, &*noted.request, noted.at),
        (12, 1000, "n-1", at)
    );
    assert_eq!(noted.change, DiaryChange::Note(Some("too early".into())));
    let change = DiaryChange::Tags {
        add: vec!["setup".into()],
        remove: vec!["late".into()],
    };
    assert_eq!(tagged.change, change);
    // The engine has heard of none of it, and the journal neither.
    assert_eq!(bench.world.heard, ["commit 0", "commit 0"]);
}

#[test]
fn an_edit_that_is_not_on_the_disk_is_refused_and_the_failure_is_told() {
    let mut bench = Bench::open();
    bench.world.broken = true;
    let refused = note(&mut bench, "n-1", "too early").unwrap_err();
    assert_eq!(refused.code, ErrorCode::StoreUnavailable.number());
    let trading = &bench.kernel.engine().book().trading;
    assert!(matches!(trading, TradingState::Halted(_)), "{trading:?}");
    bench.world.broken = false;
    assert!(note(&mut bench, "n-1", "too early").is_err());
    assert!(bench.world.diary.is_empty());
}
