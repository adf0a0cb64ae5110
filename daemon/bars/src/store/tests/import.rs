//! What an import does to a store that works.

use proptest::prelude::*;

use super::*;
use crate::merge::ImportCounts;

const OLD: &str = "2011-01-03T14:30:00Z";
const NEW: &str = "2013-10-07T13:30:00Z";

#[test]
fn what_was_imported_is_read_back_and_verifies_clean() {
    let lab = Lab::new();
    // From before the open to after it, in two years.
    let bars = bars(&["2011-01-03T14:20:00Z", NEW], 30);
    let committed = lab.put(&bars);
    assert_eq!(committed.generation, 1);
    assert_eq!(committed.counts.new, 60);
    assert_eq!(lab.all(), bars);
    let verified = lab.verified();
    assert_eq!((verified.files, verified.rows), (2, 60));
    assert_eq!(verified.faults, []);
    let catalogue = lab.store.catalogue().unwrap();
    let entry = catalogue.series(minutes()).unwrap();
    assert_eq!((entry.rows(), entry.extended()), (60, 10));
    assert_eq!(entry.files[0].first, bars[0].start);
    assert_eq!(entry.files[1].last, bars[59].start);
    assert!(!lab.staging().exists());
}

#[test]
fn a_year_is_one_of_new_york() {
    let lab = Lab::new();
    // 23:58 on New Year's Eve to 00:01 in New York.
    let bars = bars(&["2012-01-01T04:58:00Z"], 4);
    lab.put(&bars);
    let catalogue = lab.store.catalogue().unwrap();
    let files = &catalogue.series(minutes()).unwrap().files;
    let years: Vec<_> = files.iter().map(|file| (file.year, file.rows)).collect();
    assert_eq!(years, [(2011, 2), (2012, 2)]);
    assert_eq!(lab.all(), bars);
}

#[test]
fn the_same_rows_again_change_nothing() {
    let lab = Lab::new();
    let bars = bars(&[OLD, NEW], 20);
    lab.put(&bars);
    let before = lab.files();
    let again = lab.put(&bars[5..25]);
    assert_eq!(again.generation, 1);
    let counts = ImportCounts {
        already: 20,
        ..ImportCounts::default()
    };
    assert_eq!(again.counts, counts);
    assert_eq!(lab.files(), before);
}

#[test]
fn rows_between_rows_leave_other_years_alone() {
    let lab = Lab::new();
    let all = bars(&[OLD, NEW], 20);
    lab.put(&[&all[..5], &all[10..]].concat());
    let other_year = lab.file(2013);
    let superseded = lab.file(2011);
    let committed = lab.put(&all[..10]);
    assert_eq!((committed.counts.new, committed.counts.already), (5, 5));
    assert_eq!(lab.all(), all);
    assert_eq!(lab.file(2013), other_year);
    assert!(!superseded.exists());
    assert_eq!(lab.verified().faults, []);
}

#[test]
fn a_contradiction_refuses_the_whole_import_and_replacement_takes_it() {
    let lab = Lab::new();
    let old = bars(&[OLD, NEW], 10);
    lab.put(&old);
    let before = lab.files();
    let mut new = bars(&[OLD, NEW, "2014-06-05T13:30:00Z"], 10);
    for index in [3, 4, 12] {
        new[index] = samples::bar(new[index].start, 77);
    }
    let error = lab.prepare(&new, OnConflict::Refuse).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SPY 1min: 3 rows contradict what is stored, first at 2011-01-03T14:33:00Z: \
         stored is open 100.03 high 100.05 low 100.01 close 100.04 volume 10003, \
         to import is open 0.77 high 0.79 low 0.75 close 0.78 volume 77; \
         import with --replace to take the new ones"
    );
    assert_eq!(lab.files(), before);
    let prepared = lab.prepare(&new, OnConflict::Replace).unwrap();
    assert_eq!(prepared.supersedes.len(), 2);
    let committed = commit(lab.root(), &prepared, &lab.staging()).unwrap();
    let counts = ImportCounts {
        new: 10,
        already: 17,
        replaced: 3,
    };
    assert_eq!(committed.counts, counts);
    assert_eq!(lab.all(), new);
    assert_eq!(lab.verified().faults, []);
}

#[test]
fn rows_that_no_store_takes_are_named() {
    let lab = Lab::new();
    let good = bars(&[NEW], 3);
    let refused = |bars: &[Bar]| {
        lab.prepare(bars, OnConflict::Refuse)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(&[]), "there are no rows to import");
    assert_eq!(
        refused(&[good[1], good[0]]),
        "row 2 at 2013-10-07T13:30:00Z: it comes after 2013-10-07T13:31:00Z"
    );
    assert!(refused(&[good[0], good[0]]).ends_with("this time occurs twice"));
    let mut bad = good[0];
    bad.volume = u64::MAX;
    assert!(refused(&[bad]).contains("volume 18446744073709551615 is above"));
    bad = good[0];
    bad.high = bad.low;
    assert!(refused(&[bad]).starts_with("row 1 at 2013-10-07T13:30:00Z: high"));
    bad = good[0];
    bad.start = bad.start.plus_nanos(1);
    assert!(refused(&[bad]).contains("finer than a microsecond"));
    bad.start = at("1950-01-03T15:00:00Z");
    assert!(refused(&[bad]).contains("outside the years"));
    let kind = lab.import(minutes(), Rows::Trades(Vec::new()), OnConflict::Refuse);
    let error = prepare(&lab.store, kind, &mark, &lab.staging()).unwrap_err();
    assert_eq!(error.to_string(), "the rows are not of the kind 1min");
    assert!(fs::read_dir(lab.staging()).map_or(true, |mut files| files.next().is_none()));
}

#[test]
fn an_import_whose_last_year_cannot_be_written_leaves_no_files() {
    let lab = Lab::new();
    let bars = bars(&[OLD, NEW], 3);
    let prepared = lab.prepare(&bars, OnConflict::Refuse).unwrap();
    let Contents::Rows { files, .. } = &prepared.contents else {
        panic!("rows were prepared");
    };
    for file in files {
        fs::remove_file(lab.staging().join(&file.file)).unwrap();
    }
    // A folder where the file of the second year belongs.
    let in_the_way = lab.staging().join(&files[1].file);
    fs::create_dir(&in_the_way).unwrap();
    let error = lab.prepare(&bars, OnConflict::Refuse).unwrap_err();
    assert!(matches!(error, PrepareError::Disk(_)), "{error}");
    assert!(error.to_string().starts_with("cannot write"), "{error}");
    let left: Vec<_> = fs::read_dir(lab.staging()).unwrap().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(lab.all(), []);
}

#[test]
fn rows_of_another_feed_are_not_mixed_in() {
    let lab = Lab::new();
    let bars = bars(&[NEW], 3);
    lab.put(&bars);
    let mut import = lab.import(minutes(), Rows::Bars(bars), OnConflict::Replace);
    import.feed = "iex".to_owned();
    let error = prepare(&lab.store, import.clone(), &mark, &lab.staging()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SPY 1min is stored with feed \"sip\", the import says \"iex\"; rows of different origin \
         are not mixed: import with that feed, or remove SPY 1min first"
    );
    import.feed = "a\nb".to_owned();
    let error = prepare(&lab.store, import, &mark, &lab.staging()).unwrap_err();
    assert!(error.to_string().contains("is no label"), "{error}");
}

#[test]
fn ticks_are_taken_by_whole_days() {
    let lab = Lab::new();
    let series = samples::series(Kind::Trades);
    let tick = |text: &str, size| crate::rows::TradeTick {
        at: at(text),
        price: trader_contract::Price::from_cents(100).unwrap(),
        size,
        exchange: "P".into(),
        condition: "0".into(),
        suspicious: false,
    };
    let monday = [
        tick("2013-10-07T14:00:00.5Z", 1),
        tick("2013-10-07T14:00:00.5Z", 2),
    ];
    let tuesday = [tick("2013-10-08T14:00:00Z", 3)];
    let put = |ticks: &[&[_]], rule| {
        let import = lab.import(series, Rows::Trades(ticks.concat()), rule);
        let prepared = prepare(&lab.store, import, &mark, &lab.staging())?;
        Ok::<_, PrepareError>(
            commit(lab.root(), &prepared, &lab.staging())
                .unwrap()
                .counts,
        )
    };
    put(&[&monday], OnConflict::Refuse).unwrap();
    let counts = put(&[&monday, &tuesday], OnConflict::Refuse).unwrap();
    assert_eq!((counts.already, counts.new), (2, 1));
    let error = put(&[&monday[..1]], OnConflict::Refuse).unwrap_err();
    assert!(
        error.to_string().contains("1 days of ticks contradict"),
        "{error}"
    );
    put(&[&monday[..1]], OnConflict::Replace).unwrap();
    let rows = lab.store.read(series, Range::ALL).unwrap();
    assert_eq!(rows, Rows::Trades([&monday[..1], &tuesday].concat()));
    assert_eq!(lab.verified().faults, []);
}

#[test]
fn corporate_actions_are_kept_byte_for_byte() {
    let lab = Lab::new();
    let symbol = minutes().symbol;
    let put = |content: &[u8], rule| {
        let prepared = prepare_actions(&lab.store, symbol, content, rule, &lab.staging())?;
        Ok::<_, PrepareError>(commit(lab.root(), &prepared, &lab.staging()).unwrap())
    };
    assert_eq!(lab.store.read_actions(symbol).unwrap(), None);
    put(b"ex_date,type\r\n", OnConflict::Refuse).unwrap();
    assert_eq!(
        put(b"ex_date,type\r\n", OnConflict::Refuse)
            .unwrap()
            .generation,
        1
    );
    let error = put(b"other\n", OnConflict::Refuse).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("SPY has other corporate actions"),
        "{error}"
    );
    let read = || lab.store.read_actions(symbol).unwrap();
    assert_eq!(read().unwrap(), b"ex_date,type\r\n");
    put(b"other\n", OnConflict::Replace).unwrap();
    assert_eq!(read().unwrap(), b"other\n");
    assert_eq!(
        lab.verified(),
        Verified {
            files: 1,
            rows: 0,
            faults: Vec::new()
        }
    );
    remove_actions(lab.root(), symbol).unwrap();
    assert_eq!(read(), None);
    assert_eq!(lab.files().len(), 1);
    assert!(remove_actions(lab.root(), symbol).is_err());
}

#[test]
fn years_are_removed_one_by_one_or_all_together() {
    let lab = Lab::new();
    let bars = bars(&[OLD, NEW], 5);
    lab.put(&bars);
    let error = remove(lab.root(), minutes(), Some(&[2012])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SPY 1min 2012 is not stored; nothing was changed; there is 2011, 2013"
    );
    // A damaged file can be removed too.
    fs::write(lab.file(2011), "damage").unwrap();
    let removed = remove(lab.root(), minutes(), Some(&[2011])).unwrap();
    assert_eq!((removed.files, removed.rows, removed.generation), (1, 5, 2));
    assert_eq!(lab.all(), bars[5..]);
    remove(lab.root(), minutes(), None).unwrap();
    assert_eq!(lab.all(), []);
    assert_eq!(lab.files().len(), 1);
    let error = remove(lab.root(), minutes(), None).unwrap_err();
    assert!(
        error.to_string().starts_with("SPY is not stored"),
        "{error}"
    );
    assert!(remove(Path::new("nowhere"), minutes(), None).is_err());
}

#[test]
fn a_manifest_survives_being_written_down() {
    let lab = Lab::new();
    let prepared = lab.prepare(&bars(&[OLD], 5), OnConflict::Refuse).unwrap();
    let text = serde_json::to_string(&prepared).unwrap();
    assert_eq!(serde_json::from_str::<Prepared>(&text).unwrap(), prepared);
}

#[test]
fn a_manifest_that_leads_elsewhere_or_lies_is_refused() {
    let lab = Lab::new();
    let bars = bars(&[OLD, NEW], 5);
    lab.put(&bars[..5]);
    let good = lab.prepare(&bars, OnConflict::Refuse).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<crate::catalogue::FileEntry>)| {
        let mut bad = good.clone();
        if let Contents::Rows { files, .. } = &mut bad.contents {
            change(files);
        }
        let before = lab.files();
        let error = commit(lab.root(), &bad, &lab.staging()).unwrap_err();
        assert_eq!(lab.files(), before, "{error}");
        error.to_string()
    };
    assert!(refused(&|files| files[0].file = "../x".to_owned()).contains("should be called"));
    assert!(refused(&|files| files[0].bytes += 1).contains("bytes where"));
    assert!(refused(&|files| files[0].rows = 0).contains("0 of 0 rows"));
    assert!(refused(&|files| files[0].year = 2012).contains("should be called"));
    let other = crate::checksum::Checksum::of(b"");
    let renamed = refused(&|files| {
        files[0].sha256 = other;
        files[0].file = crate::catalogue::FileEntry::name(2013, &other);
    });
    assert!(renamed.contains("it is missing"), "{renamed}");
    let mut bad = good.clone();
    bad.supersedes.push("2011-0123456789ab.parquet".to_owned());
    let error = commit(lab.root(), &bad, &lab.staging()).unwrap_err();
    assert!(matches!(error, ChangeError::Manifest(_)), "{error}");
    commit(lab.root(), &good, &lab.staging()).unwrap();
}

#[test]
fn a_staged_link_is_not_followed() {
    let lab = Lab::new();
    let prepared = lab.prepare(&bars(&[OLD], 5), OnConflict::Refuse).unwrap();
    let staged = fs::read_dir(lab.staging())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let elsewhere = lab.folder.path().join("elsewhere");
    fs::rename(&staged, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &staged).unwrap();
    let error = commit(lab.root(), &prepared, &lab.staging()).unwrap_err();
    assert!(matches!(error, ChangeError::Staged { .. }), "{error}");
    assert_eq!(lab.all(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any sequence of imports leaves what a map would hold.
    #[test]
    fn imports_add_up_like_a_map(
        imports in prop::collection::vec(prop::collection::btree_map(0..40_i64, 100..103_i64, 1..20), 1..5)
    ) {
        let lab = Lab::new();
        let mut model = BTreeMap::new();
        for rows in imports {
            // Around New Year in New York, so that rows fall into two years.
            let bar = |(minute, cents): (&i64, &i64)| {
                samples::bar(at("2012-01-01T04:40:00Z").plus_minutes(*minute), *cents)
            };
            let bars: Vec<_> = rows.iter().map(bar).collect();
            let prepared = lab.prepare(&bars, OnConflict::Replace).unwrap();
            commit(lab.root(), &prepared, &lab.staging()).unwrap();
            model.extend(bars.into_iter().map(|bar| (bar.start, bar)));
            prop_assert_eq!(lab.all(), model.values().copied().collect::<Vec<_>>());
        }
        prop_assert_eq!(lab.verified().faults, []);
    }

    #[test]
    fn rows_of_every_kind_are_stored_and_verify((kind, rows) in samples::any_rows()) {
        let lab = Lab::new();
        let series = samples::series(kind);
        let import = lab.import(series, rows.clone(), OnConflict::Refuse);
        let prepared = prepare(&lab.store, import, &mark, &lab.staging()).unwrap();
        commit(lab.root(), &prepared, &lab.staging()).unwrap();
        prop_assert_eq!(lab.store.read(series, Range::ALL).unwrap(), rows);
        prop_assert_eq!(lab.verified().faults, []);
    }
}
