//! Alerts that stand, are replaced, cleared and seen, and what is asked about them.

use trader_contract::Symbol;
use trader_core::book::Book;
use trader_core::record::{Alert, Origin, Record, Severity};

use super::example::{ALL, append, fixture, second, spy};
use crate::{Acknowledgement, Page, RaisedAlert};

fn alert(severity: Severity, kind: &str, symbol: Option<Symbol>, message: &str) -> Alert {
    Alert {
        severity,
        kind: kind.into(),
        symbol,
        message: message.into(),
        action: "look".into(),
        standing: true,
    }
}

fn raised(alert: Alert) -> Record {
    Record::Alerted { alert }
}

fn cleared(kind: &str, symbol: Option<Symbol>) -> Record {
    Record::AlertCleared {
        kind: kind.into(),
        symbol,
    }
}

fn person(uid: u32) -> Origin {
    Origin::Operator {
        uid,
        request: "a1".into(),
    }
}

fn seen(number: u64, uid: u32) -> Record {
    Record::AlertAcknowledged {
        number,
        origin: person(uid),
    }
}

fn numbers(alerts: &[RaisedAlert]) -> Vec<u64> {
    alerts.iter().map(|alert| alert.id).collect()
}

#[test]
fn an_alert_is_open_until_its_cause_has_gone_and_somebody_has_seen_it() {
    let (_folder, mut store, mut reader) = fixture();
    let once = Alert {
        standing: false,
        ..alert(Severity::Notice, "flat", None, "flat")
    };
    append(
        &mut store,
        vec![
            raised(alert(Severity::Warning, "feed_down", None, "no bars")),
            raised(once),
            raised(alert(
                Severity::Critical,
                "not_flat",
                Some(spy()),
                "SPY is held",
            )),
        ],
    );
    let mut open = |records| {
        append(&mut store, records);
        numbers(&reader.open_alerts(10).unwrap())
    };
    assert_eq!(open(vec![]), [3, 1, 2], "the gravest first");
    assert_eq!(open(vec![cleared("feed_down", None)]), [3, 1, 2]);
    assert_eq!(open(vec![seen(1, 7), seen(2, 7)]), [3]);
    assert_eq!(open(vec![seen(3, 7)]), [3], "it stands");
    // Of another symbol, or of none.
    assert_eq!(open(vec![cleared("not_flat", None)]), [3]);
    assert_eq!(open(vec![cleared("not_flat", Some(spy()))]), [0_u64; 0]);

    assert_eq!(
        numbers(&reader.alerts(ALL).unwrap()),
        [3, 2, 1],
        "nothing is deleted"
    );
    assert_eq!(
        numbers(&reader.alerts(Page::newest(9).before(3)).unwrap()),
        [2, 1]
    );
    assert_eq!(numbers(&reader.alerts_after(1, 10).unwrap()), [2, 3]);
    assert_eq!(numbers(&reader.alerts_after(1, 1).unwrap()), [2]);
    let first = reader.alert(1).unwrap().unwrap();
    assert_eq!(first.cleared_at, Some(second(4)));
    assert!(!first.stands() && !first.is_open());
    assert_eq!(reader.alert(4).unwrap(), None);
}

#[test]
fn who_has_seen_it_first_stays() {
    let (_folder, mut store, mut reader) = fixture();
    let records = vec![
        raised(alert(Severity::Warning, "feed_down", None, "no bars")),
        seen(1, 7),
        seen(1, 8),
        // No alert's number.
        seen(2, 7),
    ];
    append(&mut store, records);
    let alert = reader.alert(1).unwrap().unwrap();
    let (at, by) = (second(2), person(7));
    assert_eq!(alert.acknowledged, Some(Acknowledgement { at, by }));
}

#[test]
fn a_newer_word_about_what_stands_takes_the_place_of_the_older() {
    let (_folder, mut store, mut reader) = fixture();
    let say = |message| raised(alert(Severity::Critical, "not_flat", None, message));
    let records = vec![say("SPY is held"), say("SPY and QQQ are held"), seen(2, 7)];
    append(&mut store, records);
    assert_eq!(numbers(&reader.open_alerts(10).unwrap()), [2]);
    let first = reader.alert(1).unwrap().unwrap();
    assert_eq!((first.replaced_by, first.cleared_at), (Some(2), None));
    append(&mut store, vec![cleared("not_flat", None)]);
    assert_eq!(reader.open_alerts(10).unwrap(), []);
    // The next time is another matter.
    append(&mut store, vec![say("SPY is held")]);
    assert_eq!(numbers(&reader.open_alerts(10).unwrap()), [5]);
    assert_eq!(reader.alert(2).unwrap().unwrap().replaced_by, None);
}

#[test]
fn what_stands_is_what_stands_in_the_book() {
    let (_folder, mut store, mut reader) = fixture();
    let mut book = Book::default();
    let symbols = [None, Some(spy()), Some("QQQ".parse().unwrap())];
    let mut records = Vec::new();
    for number in 0_usize..60 {
        let kind = ["not_flat", "feed_down"][number % 2];
        let symbol = symbols[number % 3];
        records.push(if number % 5 < 3 {
            raised(alert(Severity::Warning, kind, symbol, &number.to_string()))
        } else {
            cleared(kind, symbol)
        });
    }
    for (number, record) in records.into_iter().enumerate() {
        book.apply(second(i64::try_from(number).unwrap()), &record);
        append(&mut store, vec![record]);
        let open = reader.open_alerts(100).unwrap();
        let mut ours: Vec<Alert> = open
            .into_iter()
            .filter(RaisedAlert::stands)
            .map(|raised| raised.alert)
            .collect();
        let mut theirs: Vec<Alert> = book.alerts.iter().map(|s| s.alert.clone()).collect();
        ours.sort_by(|a, b| a.message.cmp(&b.message));
        theirs.sort_by(|a, b| a.message.cmp(&b.message));
        assert_eq!(ours, theirs, "after record {number}");
    }
}
