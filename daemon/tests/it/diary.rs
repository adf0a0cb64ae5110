//! Notes and tags on the real daemon: over the sockets with their roles, over a crash, beside a journal
//! that they leave alone.

use trader_rpc::method::call;
use trader_rpc::{
    Accepted, CallError, Client, EditKind, NoteTradeParams, TagTradeParams, Trade,
    TradeEditsParams, TradeName, TradesParams,
};

use crate::books::Books;
use crate::daemon::{Place, stop};

/// A session takes about four seconds.
const PACE: &str = "pace = 6000\nseed = 3";

fn note(client: &Client, id: &str, trade: &str, text: &str) -> Result<Accepted, CallError> {
    client.call::<call::NoteTrade>(&NoteTradeParams {
        request_id: id.parse().unwrap(),
        trade: trade.parse().unwrap(),
        note: text.parse().ok(),
    })
}

fn tag(
    client: &Client,
    id: &str,
    trade: &str,
    add: &[&str],
    remove: &[&str],
) -> Result<Accepted, CallError> {
    let tags = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    client.call::<call::TagTrade>(&TagTradeParams {
        request_id: id.parse().unwrap(),
        trade: trade.parse().unwrap(),
        add: tags(add),
        remove: tags(remove),
    })
}

fn trades(client: &Client, tags: &[&str]) -> Vec<Trade> {
    let tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    let params = TradesParams {
        tags,
        ..TradesParams::default()
    };
    client.call::<call::Trades>(&params).unwrap()
}

/// Refusals, with why; the trade has two tags.
fn what_cannot_be_written_is_refused(place: &Place, client: &Client, intent: &str) {
    for (refused, why) in [
        (
            note(client, "n-2", "20240101-1", "x"),
            "there is no trade 20240101-1",
        ),
        (
            note(client, "n-1", intent, "other"),
            "was used by another call",
        ),
        (tag(client, "t-3", intent, &[], &[]), "no tag in add"),
        (
            tag(client, "t-4", intent, &["a"], &["a"]),
            "in add and in remove",
        ),
        (
            note(&place.reader(), "n-3", intent, "x"),
            "needs the role control",
        ),
    ] {
        let refused = refused.unwrap_err().detail();
        assert!(refused.why.contains(why), "{why}: {refused:?}");
    }
    let many: Vec<String> = (0..15).map(|n| format!("tag-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = tag(client, "t-5", intent, &many, &[]).unwrap_err().detail();
    assert!(refused.why.contains("would have 17 tags"), "{refused:?}");
}

#[test]
fn notes_and_tags_outlast_a_crash_and_leave_the_journal_alone() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "trade_closed");
    let client = place.client();
    let trade = trades(&client, &[]).pop().unwrap();
    let (intent, number) = (trade.intent.as_str(), trade.number.to_string());
    assert_eq!((trade.note, trade.tags), (None, Vec::new()));

    note(&client, "n-1", intent, "too early").unwrap();
    tag(&client, "t-1", &number, &["setup", "late"], &[]).unwrap();
    tag(&client, "t-2", intent, &["trend"], &["late"]).unwrap();
    what_cannot_be_written_is_refused(&place, &client, intent);
    drop(client);
    daemon.kill();

    // What was answered is on the disk; who reads along sees it with less than the control socket.
    let daemon = place.start();
    let reader = place.reader();
    let found = trades(&reader, &["setup", "trend"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].note.as_ref().unwrap().as_str(), "too early");
    assert!(trades(&reader, &["late"]).is_empty());
    let edits = reader
        .call::<call::TradeEdits>(&TradeEditsParams {
            trade: TradeName::Number(trade.number),
        })
        .unwrap();
    let uid = rustix::process::getuid().as_raw();
    let told = |edit: &trader_rpc::TradeEdit| {
        assert_eq!((edit.trade, edit.uid), (trade.number, uid));
        (
            edit.what,
            edit.request_id.to_string(),
            edit.added.len(),
            edit.removed.len(),
        )
    };
    assert_eq!(
        edits.iter().map(told).collect::<Vec<_>>(),
        [
            (EditKind::Tags, "t-2".to_owned(), 1, 1),
            (EditKind::Tags, "t-1".to_owned(), 2, 0),
            (EditKind::Note, "n-1".to_owned(), 0, 0),
        ]
    );
    let client = place.client();
    assert!(note(&client, "n-1", intent, "too early").unwrap().repeated);
    stop(&client, Some(true));
    assert!(daemon.drain().0.success());
    Books::read(&place).assert_flat_and_equal();
}
