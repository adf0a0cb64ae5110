//! What readers are told when there is nothing, and which rows a range gives.

use super::*;
use crate::series::Resolution;

fn range(from: &str, to: &str) -> Range {
    Range {
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
    }
}

#[test]
fn a_missing_folder_is_an_empty_store() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("nothing")).unwrap();
    assert_eq!(store.catalogue().unwrap().generation, 0);
    let error = store.read(minutes(), Range::ALL).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no data of SPY is stored; import some first"
    );
    assert_eq!(verify(&store, None, &mark).unwrap(), Verified::default());
    assert_eq!(sweep(store.root(), &[]).unwrap(), Swept::default());
    assert!(!store.root().exists());
}

#[test]
fn errors_name_what_there_is() {
    let lab = Lab::new();
    lab.put(&bars(
        &[
            "2011-01-03T14:30:00Z",
            "2011-12-30T14:30:00Z",
            "2012-01-03T14:30:00Z",
            "2013-10-07T13:30:00Z",
        ],
        5,
    ));
    let message = |symbol: &str, kind: Kind, range| {
        let symbol = symbol.parse().unwrap();
        lab.store
            .read(Series { symbol, kind }, range)
            .unwrap_err()
            .to_string()
    };
    let kind = samples::MINUTES;
    assert_eq!(
        message("QQQ", kind, Range::ALL),
        "no data of QQQ is stored; there is data of SPY"
    );
    assert_eq!(
        message("SPY", Kind::Trades, Range::ALL),
        "no trades data of SPY is stored; there is 1min"
    );
    let there = "there are 2011-01-03 to 2012-01-03, 2013-10-07";
    for (from, to) in [
        ("2012-05-01", "2012-06-01"),
        ("2011-01-04", "2011-12-29"),
        ("2020-01-01", "2020-01-01"),
    ] {
        let text = range(from, to).to_string();
        assert_eq!(
            message("SPY", kind, range(from, to)),
            format!("SPY 1min has no rows in {text}; {there}")
        );
    }
    assert_eq!(
        message("SPY", kind, range("2012-05-02", "2012-05-01")),
        "the range 2012-05-02 to 2012-05-01 ends before it starts; swap the two dates"
    );
}

#[test]
fn a_range_gives_the_rows_of_its_dates_and_tells_their_files() {
    let lab = Lab::new();
    // Evenings in New York are the next day in UTC.
    let all = bars(
        &[
            "2011-01-03T23:58:00Z",
            "2011-01-05T00:58:00Z",
            "2012-01-03T14:30:00Z",
        ],
        4,
    );
    lab.put(&all);
    let symbol = minutes().symbol;
    let read = |range| {
        lab.store
            .read_bars(symbol, Resolution::Minute, range)
            .unwrap()
    };
    assert_eq!(read(range("2011-01-03", "2011-01-03")), all[..4]);
    assert_eq!(read(range("2011-01-04", "2011-01-04")), all[4..8]);
    assert_eq!(read(range("2011-01-04", "2012-01-03")), all[4..]);
    let from = Some("2011-06-01".parse().unwrap());
    let (rows, files) = lab
        .store
        .read_with_files(minutes(), Range { from, to: None })
        .unwrap();
    assert_eq!(rows, Rows::Bars(all[8..].to_vec()));
    assert_eq!(
        files.iter().map(|file| file.year).collect::<Vec<_>>(),
        [2012]
    );
}

#[test]
fn a_look_at_one_symbol_leaves_the_others_out() {
    let lab = Lab::new();
    lab.put(&bars(&["2011-01-03T14:30:00Z"], 5));
    let symbol = "QQQ".parse().unwrap();
    let mut import = lab.import(
        minutes(),
        Rows::Bars(bars(&["2011-01-03T14:30:00Z"], 5)),
        OnConflict::Refuse,
    );
    import.series.symbol = symbol;
    let prepared = prepare(&lab.store, import, &mark, &lab.staging()).unwrap();
    commit(lab.root(), &prepared, &lab.staging()).unwrap();
    fs::write(lab.file(2011), "").unwrap();
    let one = verify(&lab.store, Some(symbol), &mark).unwrap();
    assert_eq!((one.files, one.faults.len()), (1, 0));
    assert_eq!(lab.verified().faults.len(), 1);
}
