//! The recorder with a real disk: what is on it when, what becomes of it, and what a disk that refuses
//! does to whoever records.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test; an overflow would fail it"
)]

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use trader_contract::{Bar, Epoch, Price, SymbolId, Timestamp};
use trader_core::Event;
use trader_recording::{Beginning, FORMAT, Item, Opening, Segment, Tail};

use super::folder::Recordings;
use super::retention::{Keep, sweep};
use super::{News, Recorder, pack};

const EVERYTHING: Keep = Keep {
    days: 10_000,
    bytes: u64::MAX,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn opening(session: &str) -> Opening {
    Opening {
        format: FORMAT,
        session: day(session),
        segment: 0,
        at: Timestamp::from_seconds(0),
        mode: "simulated".into(),
        version: "0".into(),
        binary: Box::default(),
        config: Box::default(),
        config_hash: Box::default(),
        program: Box::default(),
        live: None,
        calendar: None,
        epoch: Epoch(1),
        symbols: Vec::new(),
        begins: Beginning::Start {
            book: Box::default(),
            next_seq: 1,
        },
    }
}

fn bar(minute: i64) -> Event {
    let price = |cents: i64| Price::from_micros(cents * 10_000).unwrap();
    let cents = 10_000 + minute * 7_919 % 997;
    Event::Bar {
        symbol: SymbolId::new(0),
        bar: Bar {
            start: Timestamp::from_seconds(minute * 60),
            open: price(cents),
            high: price(cents + 3),
            low: price(cents - 2),
            close: price(cents + 1),
            volume: 100,
        },
    }
}

/// Everything that was recorded of a session, and how its last segment ends.
fn read(recordings: &Recordings, session: &str) -> (Vec<Event>, Tail) {
    let (mut events, mut tail) = (Vec::new(), Tail::Whole);
    for segment in recordings.segments(day(session)).unwrap() {
        let bytes = segment.read().unwrap();
        let mut segment = Segment::open(&bytes).unwrap();
        for item in segment.by_ref() {
            if let Item::Event { event, .. } = item.unwrap() {
                events.push(event);
            }
        }
        tail = segment.tail().unwrap();
    }
    (events, tail)
}

fn names(recordings: &Recordings, session: &str) -> Vec<String> {
    let entries = fs::read_dir(recordings.folder(day(session))).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A session with so many bars, recorded from its beginning to its end.
fn record(root: &Path, session: &str, bars: i64) -> Recordings {
    let recordings = Recordings::below(root);
    let mut recorder = Recorder::start(recordings.clone(), EVERYTHING);
    recorder.begin(opening(session));
    for minute in 0..bars {
        recorder.record(Timestamp::from_seconds(minute * 60), &bar(minute));
    }
    drop(recorder);
    recordings
}

#[test]
fn what_was_secured_is_on_the_disk_while_the_recorder_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::below(folder.path());
    let mut recorder = Recorder::start(recordings.clone(), EVERYTHING);
    recorder.begin(opening("2025-01-03"));
    let wanted: Vec<Event> = (0..5).map(bar).collect();
    for event in &wanted {
        recorder.record(Timestamp::from_seconds(0), event);
    }
    recorder.secure();
    recorder.record(Timestamp::from_seconds(0), &bar(5));
    recorder.wait();
    assert_eq!(read(&recordings, "2025-01-03"), (wanted, Tail::Whole));
    assert_eq!(names(&recordings, "2025-01-03"), ["001.rec"]);
    assert_eq!(recorder.news(), Some(News::Begun(day("2025-01-03"))));
    assert_eq!(recorder.news(), None);
}

#[test]
fn a_session_that_is_over_is_packed_and_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = record(folder.path(), "2025-01-03", 5_000);
    assert_eq!(names(&recordings, "2025-01-03"), ["001.rec.gz"]);
    let wanted: Vec<Event> = (0..5_000).map(bar).collect();
    assert_eq!(read(&recordings, "2025-01-03"), (wanted, Tail::Whole));
    // A second life of the same session has a segment of its own.
    record(folder.path(), "2025-01-03", 3);
    assert_eq!(
        names(&recordings, "2025-01-03"),
        ["001.rec.gz", "002.rec.gz"]
    );
    assert_eq!(read(&recordings, "2025-01-03").0.len(), 5_003);
}

#[test]
fn a_full_segment_is_followed_by_one_that_goes_on_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::below(folder.path());
    let mut recorder = Recorder::start(recordings.clone(), EVERYTHING);
    recorder.begin(opening("2025-01-03"));
    let past: Vec<Bar> = (0..600_000)
        .filter_map(|minute| match bar(minute) {
            Event::Bar { bar, .. } => Some(bar),
            _ => None,
        })
        .collect();
    let history = Event::History {
        symbol: SymbolId::new(0),
        bars: past.into(),
    };
    for _ in 0..6 {
        recorder.record(Timestamp::from_seconds(0), &history);
        recorder.pass_on();
    }
    recorder.record(Timestamp::from_seconds(0), &bar(0));
    drop(recorder);
    let segments = recordings.segments(day("2025-01-03")).unwrap();
    assert!(segments.len() >= 2, "{segments:?}");
    let second = segments[1].read().unwrap();
    let second = Segment::open(&second).unwrap();
    assert!(matches!(second.opening().begins, Beginning::Continues));
    let (events, tail) = read(&recordings, "2025-01-03");
    assert_eq!((events.len(), tail), (7, Tail::Whole));
    assert_eq!(events[6], bar(0));
}

#[test]
fn what_a_packing_left_that_the_power_cut_short_is_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = record(folder.path(), "2025-01-03", 10);
    let session = day("2025-01-03");
    let wanted = read(&recordings, "2025-01-03");
    let plain = recordings.plain(session, 1);
    let packed = plain.with_extension("rec.gz");
    let whole = recordings.segments(session).unwrap()[0].read().unwrap();

    // The packed file has its name, the plain one is still there.
    fs::write(&plain, &whole).unwrap();
    assert_eq!(read(&recordings, "2025-01-03"), wanted);
    pack::all(&recordings, session, None).unwrap();
    assert_eq!(names(&recordings, "2025-01-03"), ["001.rec.gz"]);

    // It has not: it is half of one.
    fs::write(&plain, &whole).unwrap();
    fs::remove_file(&packed).unwrap();
    fs::write(plain.with_extension("rec.gz.part"), &whole[..9]).unwrap();
    assert_eq!(read(&recordings, "2025-01-03"), wanted);
    pack::others(&recordings, day("2025-01-06")).unwrap();
    assert_eq!(names(&recordings, "2025-01-03"), ["001.rec.gz"]);
    assert_eq!(read(&recordings, "2025-01-03"), wanted);
}

#[test]
fn what_is_too_old_or_too_much_goes_the_oldest_first_and_never_the_present_session() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::below(folder.path());
    for session in ["2025-01-02", "2025-01-03", "2025-01-06", "2025-01-07"] {
        record(folder.path(), session, 2_000);
    }
    let left = |present: &str, keep: Keep| {
        sweep(&recordings, day(present), keep).unwrap();
        let sessions = recordings.sessions().unwrap();
        let names: Vec<String> = sessions.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    let all = "2025-01-02 2025-01-03 2025-01-06 2025-01-07";
    assert_eq!(left("2025-01-07", EVERYTHING), all);
    // Five days reach back to the second; four do not.
    let days = |days| Keep { days, ..EVERYTHING };
    assert_eq!(left("2025-01-07", days(5)), all);
    assert_eq!(
        left("2025-01-07", days(4)),
        "2025-01-03 2025-01-06 2025-01-07"
    );
    let bytes = recordings.bytes(day("2025-01-06")).unwrap() + 1;
    let room = Keep {
        bytes: 2 * bytes,
        ..EVERYTHING
    };
    assert_eq!(left("2025-01-07", room), "2025-01-06 2025-01-07");
    let none = Keep { days: 0, bytes: 0 };
    assert_eq!(left("2025-01-07", none), "2025-01-07");
}

#[test]
fn a_segment_that_is_written_is_told_from_what_a_life_that_died_left() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::below(folder.path());
    let mut recorder = Recorder::start(recordings.clone(), EVERYTHING);
    recorder.begin(opening("2025-01-03"));
    recorder.secure();
    recorder.wait();
    let session = day("2025-01-03");
    let being_written = || {
        let segments = recordings.segments(session).unwrap();
        let written = segments.iter().map(|s| s.is_being_written().unwrap());
        written.collect::<Vec<bool>>()
    };
    assert_eq!(being_written(), [true]);
    let left = fs::read(recordings.plain(session, 1)).unwrap();
    fs::write(recordings.plain(session, 2), &left).unwrap();
    assert_eq!(being_written(), [true, false]);
    drop(recorder);
    assert!(!being_written().contains(&true));
}

#[test]
fn a_disk_that_refuses_is_told_and_the_next_session_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::below(folder.path());
    fs::create_dir_all(recordings.root()).unwrap();
    fs::write(recordings.folder(day("2025-01-03")), "in the way").unwrap();
    let mut recorder = Recorder::start(recordings.clone(), EVERYTHING);
    recorder.begin(opening("2025-01-03"));
    recorder.record(Timestamp::from_seconds(0), &bar(0));
    recorder.secure();
    // Nobody waits for what will never be.
    recorder.wait();
    assert!(matches!(recorder.news(), Some(News::Failed(_))));
    recorder.begin(opening("2025-01-06"));
    recorder.record(Timestamp::from_seconds(0), &bar(1));
    drop(recorder);
    assert_eq!(read(&recordings, "2025-01-06"), (vec![bar(1)], Tail::Whole));
}
