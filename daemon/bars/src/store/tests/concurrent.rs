//! Readers and importers beside a commit.

use std::sync::Barrier;
use std::thread;

use super::*;

const DAY: &str = "2013-10-07T13:30:00Z";

#[test]
fn of_two_imports_prepared_on_the_same_store_the_second_is_told_to_prepare_again() {
    let lab = Lab::new();
    let all = bars(&[DAY], 20);
    let first = lab.prepare(&all[..10], OnConflict::Refuse).unwrap();
    let staging = lab.store.staging("other");
    let import = lab.import(
        minutes(),
        Rows::Bars(all[10..].to_vec()),
        OnConflict::Refuse,
    );
    let second = prepare(&lab.store, import.clone(), &mark, &staging).unwrap();
    commit(lab.root(), &first, &lab.staging()).unwrap();
    let error = commit(lab.root(), &second, &staging).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store changed since the import was prepared (generation 1, prepared on 0); \
         nothing was changed; prepare it again"
    );
    let second = prepare(&lab.store, import, &mark, &staging).unwrap();
    commit(lab.root(), &second, &staging).unwrap();
    assert_eq!(lab.all(), all);
    sweep(lab.root(), &[]).unwrap();
    assert_eq!(lab.verified().faults, []);
}

#[test]
fn commits_of_several_threads_all_arrive() {
    let lab = Lab::new();
    let all = bars(&[DAY], 60);
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for (index, part) in all.chunks(20).enumerate() {
            let (lab, start) = (&lab, &start);
            scope.spawn(move || {
                start.wait();
                for bars in part.chunks(5) {
                    let staging = lab.store.staging(&index.to_string());
                    let import =
                        lab.import(minutes(), Rows::Bars(bars.to_vec()), OnConflict::Refuse);
                    loop {
                        let prepared = match prepare(&lab.store, import.clone(), &mark, &staging) {
                            Ok(prepared) => prepared,
                            Err(PrepareError::Stale { .. }) => continue,
                            Err(error) => panic!("{error}"),
                        };
                        match commit(lab.root(), &prepared, &staging) {
                            Ok(_) => break,
                            Err(ChangeError::Stale { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(lab.all(), all);
    sweep(lab.root(), &[]).unwrap();
    assert_eq!(lab.verified().faults, []);
}

#[test]
fn a_reader_beside_commits_sees_whole_states_only() {
    let lab = Lab::new();
    let low: Vec<_> = bars(&["2012-01-03T14:30:00Z", DAY], 30);
    let high: Vec<_> = low
        .iter()
        .map(|bar| samples::bar(bar.start, 50_000))
        .collect();
    lab.put(&low);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for turn in 0..20 {
                let bars = if turn % 2 == 0 { &high } else { &low };
                let prepared = lab.prepare(bars, OnConflict::Replace).unwrap();
                commit(lab.root(), &prepared, &lab.staging()).unwrap();
            }
        });
        while !writer.is_finished() {
            let now = lab.all();
            assert!(now == low || now == high);
            let _ = lab.store.catalogue().unwrap();
        }
    });
    assert_eq!(lab.all(), low);
}
