//! Adjusted prices equal the golden files to the last digit; what happened later changes nothing;
//! bad prints around splits are found.

use chrono::NaiveDate;
use proptest::prelude::*;
use trader_bars::Rows;
use trader_bars::adjust::{Actions, AdjustError, Adjustment, Cause, adjust, suspicious};
use trader_contract::{Bar, Price, Timestamp};

use crate::csv_shared::read_shared;
use crate::shared;

fn actions(symbol: &str) -> Option<Actions> {
    let text = shared::text(&format!("data/corporate_actions/{symbol}.csv"))?;
    Some(text.parse().unwrap())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn bars(folder: &str, kind: &str, symbol: &str) -> Option<Vec<Bar>> {
    let name = format!("{symbol}.csv.gz");
    match read_shared(folder, kind, &name)?.rows {
        Rows::Bars(bars) => Some(bars),
        other => panic!("{other:?}"),
    }
}

/// One bar with all its prices the same.
fn flat(start: &str, price: &str, volume: u64) -> Bar {
    let price: Price = price.parse().unwrap();
    Bar::new(start.parse().unwrap(), [price; 4], volume).unwrap()
}

fn closes(bars: &[Bar]) -> Vec<String> {
    bars.iter().map(|bar| bar.close.to_string()).collect()
}

#[test]
fn every_golden_close_is_met_to_the_last_digit() {
    for symbol in ["AAPL", "SPY"] {
        let (Some(golden), Some(actions), Some(bars)) = (
            shared::text(&format!("golden/adjustment/{symbol}.csv")),
            actions(symbol),
            bars("data/bars/1day", "1day", symbol),
        ) else {
            return;
        };
        let adjusted = |adjustment| adjust(bars.clone(), &actions, adjustment, None).unwrap();
        let (split, all) = (adjusted(Adjustment::Split), adjusted(Adjustment::All));
        let mut compared = 0;
        for line in golden.lines().skip(1) {
            let [date, raw, _, _, of_splits, of_all] =
                line.split(',').collect::<Vec<_>>().try_into().unwrap();
            let start = trader_calendar::new_york::timestamp(day(date).into()).unwrap();
            let i = bars.binary_search_by_key(&start, |bar| bar.start).unwrap();
            let price = |text: &str| text.parse::<Price>().unwrap();
            assert_eq!(bars[i].close, price(raw), "{symbol} {date}");
            assert_eq!(split[i].close, price(of_splits), "{symbol} {date}");
            assert_eq!(all[i].close, price(of_all), "{symbol} {date}");
            compared += 1;
        }
        assert!(compared > 800, "{symbol}: {compared}");
        assert!(split.iter().chain(&all).all(is_sound));
    }
}

fn is_sound(bar: &Bar) -> bool {
    Bar::new(
        bar.start,
        [bar.open, bar.high, bar.low, bar.close],
        bar.volume,
    )
    .is_ok()
}

#[test]
fn every_shared_file_of_actions_is_read_and_written_byte_for_byte() {
    for name in shared::names("data/corporate_actions") {
        let text = shared::text(&format!("data/corporate_actions/{name}")).unwrap();
        let actions: Actions = text
            .parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(actions.to_string(), text, "{name}");
    }
}

#[test]
fn factors_computed_from_values_agree_with_the_printed_ones() {
    for name in shared::names("data/corporate_actions") {
        let text = shared::text(&format!("data/corporate_actions/{name}")).unwrap();
        let printed: Actions = text.parse().unwrap();
        let line = |line: &str| {
            let fields: Vec<_> = line.split(',').collect();
            [fields[0], fields[1], fields[2], fields[4]].join(",")
        };
        let short: String = text.lines().map(|text| line(text) + "\n").collect();
        let computed: Actions = short.parse().unwrap();
        assert_eq!(computed.to_string(), short, "{name}");
        let thousand: Price = "1000".parse().unwrap();
        for action in printed.rows() {
            let date = action.ex_date.pred_opt().unwrap();
            let price = |actions: &Actions| {
                let factor = actions.factor(date, None, Adjustment::All).unwrap();
                factor.price(thousand).unwrap().micros() as f64
            };
            let off = price(&computed) / price(&printed) - 1.0;
            assert!(off.abs() < 1e-4, "{name} {date}: {off}");
        }
    }
}

const SPLITS: &str = "ex_date,type,value\n2014-06-09,split,7\n2020-08-31,split,4\n";

#[test]
fn only_actions_up_to_the_as_of_date_count() {
    let actions: Actions = SPLITS.parse().unwrap();
    let raw = vec![
        flat("2014-06-06T14:00:00Z", "645.57", 100),
        flat("2014-06-09T14:00:00Z", "92.24", 700),
        flat("2020-08-31T14:00:00Z", "127.00", 2800),
    ];
    let to = |as_of: Option<&str>| {
        let as_of = as_of.map(day);
        let bars = adjust(raw.clone(), &actions, Adjustment::Split, as_of).unwrap();
        let volumes: Vec<_> = bars.iter().map(|bar| bar.volume).collect();
        (closes(&bars), volumes)
    };
    let untouched = (closes(&raw), vec![100, 700, 2800]);
    assert_eq!(to(Some("2014-06-08")), untouched);
    let first = (["92.224286", "92.24", "127"], vec![700, 700, 2800]);
    assert_eq!(
        to(Some("2014-06-09")),
        (first.0.map(str::to_owned).to_vec(), first.1.clone())
    );
    assert_eq!(to(Some("2020-08-30")), to(Some("2014-06-09")));
    let both = ["23.056071", "23.06", "127"].map(str::to_owned).to_vec();
    assert_eq!(
        to(Some("2020-08-31")),
        (both.clone(), vec![2800, 2800, 2800])
    );
    assert_eq!(to(None), (both, vec![2800, 2800, 2800]));
}

#[test]
fn a_later_action_in_the_file_changes_no_earlier_result() {
    let short: Actions = "ex_date,type,value\n2014-06-09,split,7\n".parse().unwrap();
    let long: Actions = SPLITS.parse().unwrap();
    let raw = vec![flat("2014-06-06T14:00:00Z", "645.57", 100)];
    let as_of = Some(day("2015-01-02"));
    let of = |actions: &Actions| adjust(raw.clone(), actions, Adjustment::All, as_of).unwrap();
    assert_eq!(of(&short), of(&long));
    // Printed factors give the same to within what they are printed with.
    let Some(printed) = actions("AAPL") else {
        return;
    };
    let splits = adjust(raw.clone(), &printed, Adjustment::Split, as_of).unwrap();
    let off = splits[0].close.micros() - of(&short)[0].close.micros();
    assert!(off.abs() < 50, "{off}");
    let last = Some(printed.rows().last().unwrap().ex_date);
    let whole = |as_of| adjust(raw.clone(), &printed, Adjustment::All, as_of).unwrap();
    assert_eq!(whole(last), whole(None));
}

#[test]
fn a_dividend_changes_prices_and_no_volume() {
    let actions: Actions =
        "ex_date,type,value,reference_close\n2021-02-05,dividend,0.2050,137.39\n"
            .parse()
            .unwrap();
    let raw = vec![
        flat("2021-02-04T21:30:00Z", "137.39", 100),
        flat("2021-02-05T09:00:00Z", "137.39", 100),
    ];
    let of = |adjustment| adjust(raw.clone(), &actions, adjustment, None).unwrap();
    assert_eq!(closes(&of(Adjustment::All)), ["137.185", "137.39"]);
    assert_eq!(of(Adjustment::All)[0].volume, 100);
    assert_eq!(of(Adjustment::Split), raw);
}

#[test]
fn a_dividend_without_a_close_is_refused_only_where_it_counts() {
    let actions: Actions = "ex_date,type,value\n2021-02-05,dividend,0.2050\n2022-02-04,split,2\n"
        .parse()
        .unwrap();
    let before = vec![flat("2021-02-04T15:00:00Z", "137.39", 100)];
    let after = vec![flat("2021-02-05T15:00:00Z", "137.39", 100)];
    let of = |bars: &Vec<Bar>, adjustment| adjust(bars.clone(), &actions, adjustment, None);
    let refused = Err(AdjustError::NoReferenceClose(day("2021-02-05")));
    assert_eq!(of(&before, Adjustment::All), refused);
    assert!(of(&before, Adjustment::Split).is_ok());
    assert_eq!(closes(&of(&after, Adjustment::All).unwrap()), ["68.695"]);
}

#[test]
fn a_result_that_no_bar_can_hold_is_an_error() {
    let actions: Actions = "ex_date,type,value\n2020-04-29,split,0.000001\n"
        .parse()
        .unwrap();
    let of = |price: &str, volume| {
        let bars = vec![flat("2020-04-28T15:00:00Z", price, volume)];
        adjust(bars, &actions, Adjustment::Split, None)
    };
    assert_eq!(closes(&of("2.13", 1_000_000).unwrap()), ["2130000"]);
    let error = of("213", 1).unwrap_err().to_string();
    assert!(
        error.contains("price 213 at 2020-04-28T15:00:00Z"),
        "{error}"
    );
    let inverse: Actions = "ex_date,type,value\n2020-04-29,split,100000\n"
        .parse()
        .unwrap();
    let bars = vec![flat("2020-04-28T15:00:00Z", "0.01", u64::MAX)];
    assert!(adjust(bars, &inverse, Adjustment::Split, None).is_err());
}

#[test]
fn files_of_actions_that_contradict_themselves_are_refused_with_their_line() {
    let said = |text: &str| text.parse::<Actions>().unwrap_err().to_string();
    assert!(said("a,b\n").contains("ex_date,type,value"));
    let short = |row: &str| said(&format!("ex_date,type,value\n2014-06-09,split,7\n{row}\n"));
    assert!(short("2014-06-08,split,2").contains("line 3: 2014-06-08 comes after 2014-06-09"));
    assert!(short("2014-6-x,split,2").contains("ex_date \"2014-6-x\" is no date"));
    assert!(short("2015-06-08,merger,2").contains("type \"merger\" is neither"));
    assert!(short("2015-06-08,split,0").contains("value: \"0\" is no positive"));
    assert!(short("2015-06-08,split,2,1").contains("it has 4 fields instead of 3"));
    for twice in ["2014-06-09,split,7", "2014-06-09,split,2"] {
        assert!(short(twice).contains("2014-06-09 has the same action twice, or two splits"));
    }
    let paid = |second: &str| {
        format!("ex_date,type,value\n2014-06-09,dividend,0.5\n2014-06-09,{second}\n")
    };
    assert!(said(&paid("dividend,0.5")).contains("line 2: 2014-06-09 has the same action"));
    for fine in ["dividend,1.25", "split,2"] {
        assert!(paid(fine).parse::<Actions>().is_ok(), "{fine}");
    }
    let dividend = "ex_date,type,value,reference_close\n2015-06-08,dividend,5,5\n";
    assert!(said(dividend).contains("a dividend of 5 leaves nothing of a close of 5"));
    // The file was cut: factors that were never followed up.
    let Some(text) = shared::text("data/corporate_actions/AAPL.csv") else {
        return;
    };
    let cut: String = text
        .lines()
        .take(20)
        .map(|line| format!("{line}\n"))
        .collect();
    let error = said(&cut);
    assert!(
        error.contains("line 20:") && error.contains("missing or changed"),
        "{error}"
    );
    let changed = text.replace("2014-06-09,split,7", "2014-06-09,split,6");
    assert!(said(&changed).contains("line 12:"));
}

#[test]
fn the_known_bad_print_after_the_split_is_laid_to_the_split() {
    let (Some(actions), Some(bars)) = (actions("AAPL"), bars("data/bars/1min", "1min", "AAPL"))
    else {
        return;
    };
    let found = suspicious(&bars, &actions);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(matches!(found[0].cause, Cause::Split { ex_date, .. } if ex_date == day("2014-06-09")));
}

#[test]
fn the_bad_prints_of_the_shared_bars_are_found_and_nothing_else() {
    if shared::path("data/corporate_actions").is_none() {
        return;
    }
    let mut found = Vec::new();
    for (folder, kind) in [
        ("data/bars/1day", "1day"),
        ("data/bars/1hour", "1hour"),
        ("data/bars/1min", "1min"),
        ("data/synthetic/bars/1min", "1min"),
    ] {
        for name in shared::names(folder) {
            let symbol = name.split('.').next().unwrap();
            let known = shared::names("data/corporate_actions").contains(&format!("{symbol}.csv"));
            let actions = if known {
                actions(symbol).unwrap()
            } else {
                Actions::none()
            };
            for one in suspicious(&bars(folder, kind, symbol).unwrap(), &actions) {
                found.push(format!(
                    "{kind} {symbol} {} {} after {}",
                    one.at, one.price, one.previous
                ));
            }
        }
    }
    // Each but the last is a low of a tenth of the price around it.
    assert_eq!(
        found,
        [
            "1day AAPL 2009-09-21T04:00:00Z 10.59 after 185.02",
            "1day AAPL 2010-08-31T04:00:00Z 25.3 after 242.5",
            "1day AAPL 2011-01-03T05:00:00Z 32.65 after 322.56",
            "1hour AAPL 2010-08-31T18:00:00Z 25.3 after 243.86",
            "1hour AAPL 2011-01-03T18:00:00Z 32.65 after 329.55",
            "1min AAPL 2014-06-09T08:00:00Z 645.57 after 645.7",
        ]
    );
}

#[test]
fn a_spike_is_one_suspicion_and_a_file_on_another_scale_three() {
    let minute = |i: i64, price: &str| {
        let start: Timestamp = "2014-06-09T14:00:00Z".parse().unwrap();
        let price: Price = price.parse().unwrap();
        Bar::new(start.plus_minutes(i), [price; 4], 1).unwrap()
    };
    let spike: Vec<_> = ["92", "400", "93"]
        .iter()
        .zip(0..)
        .map(|(p, i)| minute(i, p))
        .collect();
    let found = suspicious(&spike, &Actions::none());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cause, Cause::Jump);
    // Adjusted already, so that the split is missing where it is expected.
    let actions: Actions = SPLITS.parse().unwrap();
    let mut adjusted = vec![flat("2014-06-06T19:59:00Z", "92", 1)];
    adjusted.extend((0..20).map(|i| minute(i, "92.5")));
    let found = suspicious(&adjusted, &actions);
    assert_eq!(found.len(), 3);
    assert!(
        found
            .iter()
            .all(|one| matches!(one.cause, Cause::Split { .. }))
    );
}

fn some_bars() -> impl Strategy<Value = Vec<Bar>> {
    let prices = || (1_000_000_i64..1_000_000_000).prop_map(|m| Price::from_micros(m).unwrap());
    let row = (
        [prices(), prices(), prices(), prices()],
        0_u64..1_000_000_000,
        1_i64..40,
    );
    proptest::collection::vec(row, 0..60).prop_map(|rows| {
        let mut at: Timestamp = "2013-01-02T15:00:00Z".parse().unwrap();
        let bar = |(mut prices, volume, days): ([Price; 4], u64, i64)| {
            prices.sort_unstable();
            let [low, open, close, high] = prices;
            at = at.plus_minutes(days * 24 * 60);
            Bar::new(at, [open, high, low, close], volume).unwrap()
        };
        rows.into_iter().map(bar).collect()
    })
}

fn some_actions() -> impl Strategy<Value = Actions> {
    let row = (
        0_i64..2500,
        prop_oneof![Just("split"), Just("dividend")],
        1_u32..400,
    );
    proptest::collection::vec(row, 0..12).prop_map(|mut rows| {
        rows.sort_unstable();
        // The same action twice on a day is refused.
        rows.dedup_by_key(|(days, kind, _)| (*days, *kind));
        let line = |(days, kind, value): (i64, &str, u32)| {
            let date = day("2013-01-01") + chrono::TimeDelta::days(days);
            format!("{date},{kind},{}.{:02},500\n", value / 100, value % 100)
        };
        let rows: String = rows.into_iter().map(line).collect();
        format!("ex_date,type,value,reference_close\n{rows}")
            .parse()
            .unwrap()
    })
}

proptest! {
    #[test]
    fn raw_is_the_identity_and_adjusted_bars_are_sound(
        bars in some_bars(),
        actions in some_actions(),
        as_of in proptest::option::of(0_i64..2500),
    ) {
        let as_of = as_of.map(|days| day("2013-01-01") + chrono::TimeDelta::days(days));
        let of = |adjustment| adjust(bars.clone(), &actions, adjustment, as_of);
        prop_assert_eq!(of(Adjustment::Raw).unwrap(), bars.clone());
        for adjustment in [Adjustment::Split, Adjustment::All] {
            let Ok(adjusted) = of(adjustment) else { continue };
            prop_assert!(adjusted.iter().all(is_sound));
            for (raw, bar) in bars.iter().zip(&adjusted) {
                let date = trader_calendar::new_york::date(raw.start);
                let factor = actions.factor(date, as_of, adjustment).unwrap();
                prop_assert_eq!(factor.price(raw.close), Some(bar.close));
                prop_assert_eq!(factor.volume(raw.volume), Some(bar.volume));
                prop_assert_eq!(raw.start, bar.start);
            }
        }
    }

    #[test]
    fn no_text_of_actions_makes_the_reader_panic(text in "(ex_date,type,value\n)?[0-9a-z,.\n-]{0,60}") {
        if let Ok(actions) = text.parse::<Actions>() {
            prop_assert_eq!(actions.to_string().parse::<Actions>().unwrap(), actions);
        }
    }
}
