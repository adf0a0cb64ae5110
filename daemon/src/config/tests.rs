//! The configuration's tests: what is refused, with which words, and what comes out.

use std::collections::BTreeMap;

use trader_contract::{
    BuildError, Built, Context, Intents, Parameter, ParameterKind, Ratio, SettingValue, Settings,
    Strategy, StrategyPlugin,
};

use super::*;

struct Idle;

impl Strategy for Idle {
    fn on_bar(&mut self, _: &Context<'_>, _: &trader_contract::Bar, _: &mut Intents) {}
    fn save(&self) -> String {
        String::new()
    }
    fn restore(&mut self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

fn build(settings: &Settings) -> Result<Built, BuildError> {
    if settings.integer("fast") >= settings.integer("slow") {
        return Err(BuildError("fast must be below slow".to_owned()));
    }
    Ok(Built {
        strategy: Box::new(Idle),
        indicators: Vec::new(),
        warm_up_bars: 0,
    })
}

const fn bars(name: &'static str, default: i64) -> Parameter {
    Parameter {
        name,
        help: "Bars.",
        kind: ParameterKind::Integer {
            default,
            min: 1,
            max: 500,
        },
    }
}

static CROSSING: StrategyPlugin = StrategyPlugin {
    name: "crossing",
    version: "1",
    summary: "Waits.",
    parameters: &[
        bars("fast", 20),
        bars("slow", 200),
        Parameter {
            name: "buffer_pct",
            help: "Percent.",
            kind: ParameterKind::Decimal {
                default: Ratio::ONE,
                min: Ratio::ZERO,
                max: Ratio::from_billionths(5_000_000_000),
            },
        },
    ],
    build,
};

pub(super) fn read(texts: &[&str]) -> Result<Config, String> {
    let layers: Vec<Layer> = texts
        .iter()
        .zip(["t.toml", "conf.d/a.toml"])
        .map(|(text, name)| Layer::file(name.to_owned(), (*text).to_owned()))
        .collect();
    parse(&layers, &[&CROSSING]).map_err(|problems| problems.to_string())
}

const ROUTE: &str = r#"
[[route]]
name = "one"
strategy = "crossing"
symbols = ["SPY", "BRK.B"]
timeframe_minutes = 5
settings = { fast = 10, buffer_pct = 0.1 }
"#;

#[test]
fn the_sample_is_valid_and_equals_the_defaults() {
    assert_eq!(read(&[SAMPLE]).unwrap(), Config::defaults());
    assert_eq!(read(&[]).unwrap(), Config::defaults());
}

#[cfg(feature = "strategy-velez")]
#[test]
fn the_route_in_the_sample_can_be_uncommented() {
    let (before, route) = SAMPLE.split_once("#[[route]]").unwrap();
    let text = format!("{before}[[route]]{}", route.replace("\n#", "\n"));
    let layer = Layer::file("sample".to_owned(), text);
    let config = parse(&[layer], crate::plugins::strategies()).unwrap();
    assert_eq!(config.routes[0].name, "velez-spy");
    assert_eq!(config.routes[0].timeframe.as_minutes(), 2);
}

#[test]
fn the_sample_names_every_key() {
    let mut complete = Config::defaults();
    complete.market.directory = Some("x".into());
    complete.market.start_date = "2024-03-15".parse().ok();
    complete.calendar.overrides = Some("x".into());
    complete.routes = read(&[ROUTE]).unwrap().routes;
    for line in complete.to_toml().lines() {
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        let settings_of_the_test = ["fast", "slow", "buffer_pct"].contains(&key);
        let named = SAMPLE.lines().any(|line| {
            line.trim_start_matches('#')
                .starts_with(&format!("{key} = "))
        });
        assert!(named || settings_of_the_test, "{key} is not in the sample");
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same_configuration() {
    let recorded = "[market]\nsource = \"recorded\"\ndirectory = \"bars\"\nclock = \"virtual\"\n\
                    start_date = 2024-03-15\npace = \"max\"\n";
    for texts in [vec![], vec![ROUTE], vec![recorded, ROUTE]] {
        let config = read(&texts).unwrap();
        let shown = config.to_toml();
        assert_eq!(read(&[&shown]).unwrap(), config, "{shown}");
        assert_eq!(read(&[&shown]).unwrap().hash(), config.hash());
    }
}

#[test]
fn the_hash_changes_with_any_value() {
    let hash = |text: &str| read(&[text]).unwrap().hash();
    assert_eq!(hash(""), hash("mode = \"simulated\""));
    assert_eq!(hash("").len(), 64);
    assert_ne!(hash(""), hash("[risk]\nmax_open_positions = 6"));
    assert_ne!(hash(ROUTE), hash(&ROUTE.replace("fast = 10", "fast = 11")));
}

#[test]
fn positions_are_held_over_the_night_in_backtests_only() {
    let config = read(&["[session]\nend_of_day = \"hold\""]).unwrap();
    assert_eq!(config.session.end_of_day, EndOfDay::Hold);
    assert_eq!(read(&[&config.to_toml()]).unwrap(), config);
    let refused = config.for_trading().unwrap_err().to_string();
    assert!(refused.contains("session.end_of_day"), "{refused}");
    assert!(refused.contains("for backtests only"), "{refused}");
    let flat = Config::defaults();
    assert_eq!(flat.clone().for_trading().unwrap(), flat);
}

#[test]
fn a_file_for_the_daemon_may_not_hold_over_the_night() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("traderd.toml");
    std::fs::write(&file, "[session]\nend_of_day = \"hold\"\n").unwrap();
    let refused = load(Some(&file), &[]).unwrap_err().to_string();
    assert!(refused.contains("for backtests only"), "{refused}");
}

#[test]
fn a_route_may_be_given_one_side() {
    let sides = |line: &str| read(&[&format!("{ROUTE}{line}")]).map(|c| c.routes[0].sides);
    assert_eq!(sides(""), Ok(Sides::Both));
    assert_eq!(sides("sides = \"long\"\n"), Ok(Sides::Long));
    assert_eq!(sides("sides = \"short\"\n"), Ok(Sides::Short));
    let refused = sides("sides = \"up\"\n").unwrap_err();
    assert!(
        refused.contains("\"both\" or \"long\" or \"short\""),
        "{refused}"
    );
}

#[test]
fn a_later_layer_overrides_keys_and_adds_routes() {
    let second = ROUTE.replace("\"one\"", "\"two\"");
    let above = format!("risk.max_open_positions = 7\n{second}");
    let below = format!("[risk]\nmax_open_positions = 3\nmax_order_shares = 10\n{ROUTE}");
    let config = read(&[&below, &above]).unwrap();
    assert_eq!(config.risk.max_open_positions, 7);
    assert_eq!(config.risk.max_order_shares, 10);
    let names: Vec<&str> = config
        .routes
        .iter()
        .map(|route| route.name.as_str())
        .collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn a_decimal_number_is_read_as_it_is_written() {
    let given = |text: &str| read(&[text]).unwrap().risk.risk_per_trade;
    let exact: Ratio = "0.000123456".parse().unwrap();
    assert_eq!(given("[risk]\nrisk_per_trade = 0.000123456"), exact);
    assert_eq!(given("[risk]\nrisk_per_trade = \"0.000123456\""), exact);
    let route = &read(&[ROUTE]).unwrap().routes[0];
    assert_eq!(route.settings.decimal("buffer_pct").to_string(), "0.1");
    assert_eq!(route.settings.integer("slow"), 200);
}

#[test]
fn margin_follows_the_profile_unless_it_is_set() {
    let margin = |text: &str| read(&[text]).unwrap().broker.margin;
    assert_eq!(margin(""), MarginRules::Fixed);
    assert_eq!(margin("[broker]\nprofile = \"plain\""), MarginRules::None);
    let set = "[broker]\nprofile = \"plain\"\nmargin = \"by_date\"";
    assert_eq!(margin(set), MarginRules::ByDate);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_files() {
    let error = read(&[
        "mod = 1\n[risk]\nrisk_per_trad = 0.01\nmax_open_positions = 99\nmax_order_value = 2500.5\n",
        "[risk]\nconsecutive_losses = \"four\"\n",
    ])
    .unwrap_err();
    assert_eq!(
        error,
        "t.toml:1:1: mod: there is no such key; did you mean \"mode\"?\n\
         t.toml:3:1: risk.risk_per_trad: there is no such key; did you mean \"risk_per_trade\"?\n\
         t.toml:4:22: risk.max_open_positions: 99 is outside the 1 to 50 that this program allows; \
         choose a value between\n\
         t.toml:5:19: risk.max_order_value: money is never a floating-point number; write it as a \
         string: \"2500.5\"\n\
         conf.d/a.toml:2:22: risk.consecutive_losses: takes a whole number without quotes, not \"four\"\n\
         5 problems in the configuration"
    );
}

/// A text, and what must be said about it.
const WRONG: &[(&str, &str)] = &[
    (
        "mode = \"live\"",
        "mode: live trading needs a broker outside this program",
    ),
    (
        "mode = \"demo\"",
        "takes \"simulated\" or \"paper\" or \"live\", not \"demo\"",
    ),
    ("mode = ", "t.toml:1:8: this is no TOML"),
    ("risk = 3", "takes a table, [risk], not 3"),
    (
        "[route]\nname = \"x\"",
        "takes a list of tables, [[route]], not a table",
    ),
    (
        "[account]\ninitial_cash = \"1e5\"",
        "\"1e5\" is not a plain decimal number",
    ),
    (
        "[account]\ninitial_cash = true",
        "takes dollars as a string or a whole number, not true",
    ),
    (
        "[market]\nsource = \"recorded\"",
        "needs the folder with the bars: set directory",
    ),
    (
        "[market]\nclock = \"virtual\"",
        "set start_date, like 2024-03-15",
    ),
    (
        "[market]\npace = 0",
        "a pace is a whole number from 1 to 100000 or \"max\"",
    ),
    (
        "[jobs]\nmax_running = 9",
        "jobs.max_running: 9 is outside the 1 to 8",
    ),
    (
        "[jobs]\nmemory_mb = 32",
        "jobs.memory_mb: 32 is outside the 64 to 65536",
    ),
    (
        "[jobs]\nmemory = 64",
        "jobs.memory: there is no such key; did you mean \"memory_mb\"?",
    ),
    (
        "[broker]\nslippage = \"0.0000001\"",
        "has more than 6 decimals",
    ),
    (
        "[broker]\nborrow_rate = 5.1",
        "borrow_rate: 5.1 is outside the 0 to 5",
    ),
    ("[broker]\nregulatory_fees = 1", "regulatory_fees: takes"),
    ("[broker]\nmargin = \"by-date\"", "by_date"),
    (
        "[risk]\nrisk_per_trade = 5e-3",
        "write a plain number like 0.005",
    ),
    (
        "[risk]\nmax_order_shares = 99999999999999999999",
        "is outside the 1 to 100000",
    ),
    (
        "[session]\nflatten_minutes_before_close = 20",
        "an entry could follow the flatten",
    ),
    (
        "[session]\nflatten_minutes_before_close = 2",
        "leaves no time to flatten",
    ),
    (
        "[orders]\nprotect_within_ms = 1000",
        "leaves no time to rest the stop",
    ),
];

/// What is changed in [`ROUTE`], into what, and what must be said about it.
const WRONG_ROUTES: &[(&str, &str, &str)] = &[
    (
        "\"one\"",
        "\"Velez SPY\"",
        "\"Velez SPY\" is no name for a route",
    ),
    ("name = \"one\"", "", "route[1].name: a route needs a name"),
    (
        "\"crossing\"",
        "\"crosing\"",
        "did you mean \"crossing\"? this build has: crossing",
    ),
    (
        "\"BRK.B\"",
        "\"SPY\"",
        "t.toml:5:19: route[1].symbols: SPY stands here twice",
    ),
    ("\"BRK.B\"", "\"brk\"", "\"brk\" is not a symbol"),
    ("= 5", "= 391", "391 is outside the 1 to 390"),
    (
        "fast = 10",
        "fasd = 10",
        "t.toml:7:21: route[1].settings.fasd: there is no parameter \"fasd\"; did you mean \"fast\"?",
    ),
    (
        "fast = 10",
        "fast = 0",
        "fast = 0 is outside 1..=500 (strategy crossing)",
    ),
    (
        "fast = 10",
        "fast = 200",
        "cannot work with these settings: fast must be below slow",
    ),
];

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    for (text, expected) in WRONG {
        let error = read(&[text]).unwrap_err();
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn a_route_that_cannot_work_is_refused_with_the_reason() {
    for (change, with, expected) in WRONG_ROUTES {
        let error = read(&[&ROUTE.replace(change, with)]).unwrap_err();
        assert!(error.contains(expected), "{with}\n{error}");
    }
    let error = read(&[&format!("{ROUTE}{ROUTE}")]).unwrap_err();
    assert!(
        error.contains("another route is called \"one\" at t.toml:2:1"),
        "{error}"
    );
}

#[test]
fn a_build_without_strategies_says_so() {
    let layers = [Layer::file("t.toml".to_owned(), ROUTE.to_owned())];
    let error = parse(&layers, &[]).unwrap_err().to_string();
    assert!(error.contains("this build has none"), "{error}");
}

#[test]
fn drop_ins_beside_the_file_are_read_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traderd.toml");
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    std::fs::write(&file, "[risk]\nmax_open_positions = 3\n").unwrap();
    std::fs::write(
        folder.path().join("conf.d/20.toml"),
        "[risk]\nmax_open_positions = 8\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("conf.d/10.toml"),
        "[risk]\nmax_open_positions = 7\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("conf.d/note.txt"), "not read").unwrap();
    assert_eq!(load(Some(&file), &[]).unwrap().risk.max_open_positions, 8);

    let missing = folder.path().join("missing.toml");
    let error = load(Some(&missing), &[]).unwrap_err().to_string();
    assert!(error.contains("cannot read"), "{error}");
}

#[test]
fn what_the_configuration_points_at_is_checked_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let bars = folder.path().join("bars");
    let overrides = folder.path().join("calendar.toml");
    std::fs::create_dir(&bars).unwrap();
    std::fs::write(bars.join("SPY.csv"), "").unwrap();
    std::fs::write(&overrides, "[closed]\n2024-03-15 = \"storm\"\n").unwrap();
    let file = folder.path().join("traderd.toml");
    let text = format!(
        "[market]\nsource = \"recorded\"\nclock = \"virtual\"\nstart_date = 2024-03-15\n\
         directory = {bars:?}\n[calendar]\noverrides = {overrides:?}\n{ROUTE}"
    );
    std::fs::write(&file, &text).unwrap();
    let error = load(Some(&file), &[&CROSSING]).unwrap_err().to_string();
    let expected = [
        "market.start_date: 2024-03-15 is no trading day (storm)",
        "market.directory: ",
        "has no bars of BRK.B, neither BRK.B.csv nor BRK.B.csv.gz; it has: SPY",
        "2 problems",
    ];
    for part in expected {
        assert!(error.contains(part), "{error}");
    }

    std::fs::write(&overrides, "[closd]\n").unwrap();
    let error = load(Some(&file), &[&CROSSING]).unwrap_err().to_string();
    assert!(error.contains("calendar.overrides: "), "{error}");
    std::fs::remove_file(&overrides).unwrap();
    let error = load(Some(&file), &[&CROSSING]).unwrap_err().to_string();
    assert!(error.contains("cannot read"), "{error}");
}

#[test]
fn settings_keep_the_type_they_were_declared_with() {
    let quoted = ROUTE.replace("buffer_pct = 0.1", "buffer_pct = \"0.1\"");
    let settings = &read(&[&quoted]).unwrap().routes[0].settings;
    let all: BTreeMap<_, _> = settings.iter().collect();
    assert_eq!(all["fast"], &SettingValue::Integer(10));
    assert_eq!(
        all["buffer_pct"].to_owned(),
        SettingValue::Decimal("0.1".parse().unwrap())
    );
}

#[test]
fn no_configuration_goes_past_the_hard_ceilings() {
    for (key, ceiling, beyond) in [
        ("risk_per_trade", "0.02", "0.021"),
        ("risk_per_trade_max", "10000", "10001"),
        ("position_fraction", "1.0", "1.001"),
        ("max_position_value", "1000000", "1000001"),
        ("max_gross_exposure", "4.0", "4.001"),
        ("max_net_exposure", "4.0", "4.001"),
        ("max_route_exposure", "4.0", "4.001"),
        ("max_open_positions", "50", "51"),
        ("max_order_shares", "100000", "100001"),
        ("max_order_value", "1000000", "1000001"),
        ("volume_share", "0.1", "0.101"),
        ("daily_loss_fraction", "0.1", "0.101"),
        ("max_drawdown", "0.5", "0.501"),
        ("entries_per_route_per_day", "100", "101"),
        ("orders_per_minute", "120", "121"),
        ("orders_per_minute_per_symbol", "60", "61"),
        ("messages_per_minute", "600", "601"),
        ("stop_moves_per_minute_per_symbol", "30", "31"),
        ("price_collar", "0.1", "0.101"),
        ("max_spread", "0.05", "0.051"),
    ] {
        let with = |value: &str| read(&[&format!("[risk]\n{key} = {value}\n")]);
        with(ceiling).unwrap();
        let refused = with(beyond).unwrap_err();
        assert!(refused.contains(key), "{refused}");
    }
}
