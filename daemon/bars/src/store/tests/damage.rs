//! Damage of every sort is a clear error, for readers and for a look at the whole store.

use super::*;
use crate::catalogue::Catalogue;

const DAY: &str = "2013-10-07T13:30:00Z";

fn stored() -> Lab {
    let lab = Lab::new();
    lab.put(&bars(&["2011-01-03T14:30:00Z", DAY], 40));
    lab
}

/// What a reader and `verify` say of the file of 2013 after `change`.
fn after(change: impl FnOnce(&Path)) -> (String, Vec<Fault>) {
    let lab = stored();
    change(&lab.file(2013));
    let error = lab.store.read(minutes(), Range::ALL).unwrap_err();
    // The other year is still there.
    let to = Some("2011-12-31".parse().unwrap());
    let intact = lab.store.read(minutes(), Range { from: None, to });
    assert_eq!(intact.unwrap().len(), 40);
    (error.to_string(), lab.verified().faults)
}

/// The file that `stored` makes of 2013, as messages call it.
fn name() -> String {
    let lab = stored();
    let file = lab.file(2013);
    file.strip_prefix(lab.root()).unwrap().display().to_string()
}

#[test]
fn a_damaged_file_is_an_error_that_says_what_to_do() {
    type Change = fn(&Path);
    let cases: [(Change, &str); 5] = [
        (|path| fs::remove_file(path).unwrap(), "it is missing"),
        (
            |path| {
                let content = fs::read(path).unwrap();
                fs::write(path, &content[..content.len() - 1]).unwrap();
            },
            "bytes where the catalogue says",
        ),
        (|path| fs::write(path, "").unwrap(), "it has 0 bytes where"),
        (
            |path| {
                let mut content = fs::read(path).unwrap();
                content[100] ^= 1;
                fs::write(path, content).unwrap();
            },
            "its content is not what was stored",
        ),
        (
            |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            "bytes where",
        ),
    ];
    for (change, what) in cases {
        let (error, faults) = after(change);
        assert!(
            error.starts_with(&name()) && error.contains(what),
            "{error}"
        );
        let advice = "remove the year 2013 of SPY 1min and import it again";
        assert!(error.ends_with(advice), "{error}");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(
            (faults[0].file.as_str(), faults[0].remedy.as_str()),
            (name().as_str(), advice)
        );
        assert!(faults[0].what.contains(what), "{faults:?}");
    }
}

#[test]
fn an_import_into_a_damaged_year_is_refused() {
    let lab = stored();
    fs::write(lab.file(2013), "").unwrap();
    let error = lab
        .prepare(&bars(&[DAY], 1), OnConflict::Replace)
        .unwrap_err();
    assert!(matches!(error, PrepareError::File(_)), "{error}");
    // A year that is not damaged takes rows.
    lab.put(&bars(&["2012-01-03T14:30:00Z"], 1));
}

/// Writes a file for 2013 with its right sum into the catalogue: what only a fault of the program or
/// a forger does.
fn forge(lab: &Lab, content: &[u8], change: impl FnOnce(&mut crate::catalogue::FileEntry)) {
    let old = lab.file(2013);
    let mut catalogue = lab.store.catalogue().unwrap();
    let symbol = catalogue.symbols.get_mut(&minutes().symbol).unwrap();
    let entry = symbol.series.get_mut(&minutes().kind).unwrap();
    let file = &mut entry.files[1];
    file.sha256 = crate::checksum::Checksum::of(content);
    file.file = crate::catalogue::FileEntry::name(2013, &file.sha256);
    file.bytes = content.len().try_into().unwrap();
    change(file);
    let new = old.with_file_name(&file.file);
    fs::remove_file(old).unwrap();
    fs::write(new, content).unwrap();
    fs::write(lab.root().join(CATALOGUE), catalogue.to_text().unwrap()).unwrap();
}

#[test]
fn a_file_with_the_right_sum_and_the_wrong_content_is_found() {
    let lab = stored();
    let bars = bars(&[DAY], 40);
    let catalogue = lab.store.catalogue().unwrap();
    let right = header(minutes(), catalogue.series(minutes()).unwrap());
    let encode = |bars: &[Bar], extended: bool| {
        let marks = vec![extended; bars.len()];
        crate::encoding::encode(&right, &Rows::Bars(bars.to_vec()), &marks).unwrap()
    };
    let turned: Vec<_> = bars.iter().rev().copied().collect();
    let mut other = right.clone();
    other.source = "elsewhere".to_owned();
    let rows = Rows::Bars(bars.clone());
    let elsewhere = crate::encoding::encode(&other, &rows, &[false; 40]).unwrap();
    let cases: [(Vec<u8>, u64, &str); 7] = [
        (b"no parquet".to_vec(), 0, "it is no intact Parquet file"),
        (
            encode(&bars[1..], false),
            0,
            "it has 39 rows, the catalogue says 40",
        ),
        (
            encode(&turned, false),
            0,
            "row 2 at 2013-10-07T14:08:00Z: it comes after",
        ),
        (
            encode(&samples::minutes(bars[1].start, 40), false),
            0,
            "its first or last row",
        ),
        (
            encode(&bars, true),
            0,
            "40 rows are marked extended, the catalogue says 0",
        ),
        (
            encode(&bars, true),
            40,
            "40 rows are marked extended against the calendar",
        ),
        (elsewhere, 0, "its note trader.source says \"elsewhere\""),
    ];
    for (content, extended, what) in cases {
        let lab = lab.copy();
        forge(&lab, &content, |file| file.extended = extended);
        let faults = lab.verified().faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].what.contains(what), "{faults:?}");
    }
}

#[test]
fn a_damaged_corporate_action_file_is_found() {
    let lab = Lab::new();
    let symbol = minutes().symbol;
    let prepared =
        prepare_actions(&lab.store, symbol, b"x", OnConflict::Refuse, &lab.staging()).unwrap();
    commit(lab.root(), &prepared, &lab.staging()).unwrap();
    let name = lab
        .files()
        .into_keys()
        .find(|path| path.extension().unwrap() == "csv")
        .unwrap();
    fs::write(&name, "y").unwrap();
    let error = lab.store.read_actions(symbol).unwrap_err().to_string();
    assert!(
        error.ends_with("remove the corporate actions of SPY and import them again"),
        "{error}"
    );
    assert_eq!(lab.verified().faults.len(), 1);
    fs::remove_file(&name).unwrap();
    assert_eq!(lab.verified().faults[0].what, "it is missing");
}

#[test]
fn a_catalogue_that_is_none_is_refused_by_everybody() {
    let lab = stored();
    let path = lab.root().join(CATALOGUE);
    let good = fs::read_to_string(&path).unwrap();
    let first = lab
        .file(2011)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let cases = [
        (String::new(), "it is damaged"),
        (good[..good.len() / 2].to_owned(), "it is damaged"),
        ("[]".to_owned(), "it is damaged"),
        (
            good.replace("\"format\": 1", "\"format\": 2"),
            "a newer release wrote it (format 2",
        ),
        (good.replace("\"rows\": 40", "\"rows\": 0"), "0 of 0 rows"),
        (good.replace(&first, "../../secret"), "should be called"),
        (
            good.replace("\"year\": 2011", "\"year\": 2014"),
            "should be called",
        ),
        (good.replace("\"SPY\"", "\"../x\""), "it is damaged"),
        (good.replace("\"1min\"", "\"2min\""), "it is damaged"),
        (good.replace("\"raw\"", "\"split\""), "it is damaged"),
        (
            good.replace("\"generation\"", "\"colour\""),
            "it is damaged",
        ),
    ];
    for (text, what) in cases {
        assert_ne!(text, good);
        fs::write(&path, &text).unwrap();
        let error = Store::open(lab.root()).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        assert!(lab.store.read(minutes(), Range::ALL).is_err());
        assert!(verify(&lab.store, None, &mark).is_err());
        assert!(lab.prepare(&bars(&[DAY], 1), OnConflict::Refuse).is_err());
        assert!(remove(lab.root(), minutes(), None).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(
        Catalogue::parse(good.as_bytes())
            .unwrap()
            .to_text()
            .unwrap(),
        good
    );
}
