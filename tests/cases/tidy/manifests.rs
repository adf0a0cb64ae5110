//! Rules about packages: who may depend on whom, plugins as features, lints, the top level.

use std::path::Path;

use cargo_metadata::Package;

/// Where a package lies and what of ours it may use. A folder ending in `/` stands for each
/// package in it. A new arrow is the rarest change of all: say in the commit why it is there.
const ARROWS: [(&str, &[&str]); 17] = [
    ("plugins/contract", &[]),
    ("plugins/indicators", &["plugins/contract"]),
    (
        "plugins/strategies/",
        &["plugins/contract", "plugins/indicators"],
    ),
    // Its simulator is a server in front of the simulated exchange, which keeps the exchange's hours.
    (
        "plugins/brokers/alpaca",
        &["plugins/contract", "plugins/brokers/sim", "daemon/calendar"],
    ),
    ("plugins/brokers/", &["plugins/contract"]),
    ("daemon/calendar", &["plugins/contract"]),
    (
        "daemon/core",
        &["plugins/contract", "plugins/indicators", "daemon/calendar"],
    ),
    (
        "daemon/recording",
        &["plugins/contract", "daemon/calendar", "daemon/core"],
    ),
    (
        "daemon/store",
        &["plugins/contract", "daemon/core", "daemon/calendar"],
    ),
    // The engine with what is around it in every process that trades, the simulated one too.
    (
        "daemon/kernel",
        &[
            "plugins/contract",
            "daemon/calendar",
            "daemon/core",
            "daemon/store",
            "daemon/rpc",
        ],
    ),
    ("daemon/rpc", &["plugins/contract"]),
    ("daemon/bars", &["plugins/contract", "daemon/calendar"]),
    // The documents that a backtest fills in are the wire's.
    (
        "daemon/backtest",
        &[
            "plugins/contract",
            "plugins/brokers/sim",
            "daemon/calendar",
            "daemon/core",
            "daemon/rpc",
        ],
    ),
    ("daemon", EVERYTHING),
    (
        "ctl",
        &["plugins/contract", "daemon/calendar", "daemon/rpc"],
    ),
    ("tests", EVERYTHING),
    // Clients of the daemon: they see what it says, never how it works.
    ("plugins/companions/", &["daemon/rpc"]),
];

/// All libraries of ours. Not the two programs, and not the tests.
const EVERYTHING: &[&str] = &[
    "plugins/contract",
    "plugins/indicators",
    "plugins/strategies/",
    "plugins/brokers/",
    "daemon/backtest",
    "daemon/bars",
    "daemon/calendar",
    "daemon/core",
    "daemon/kernel",
    "daemon/recording",
    "daemon/store",
    "daemon/rpc",
];

/// Packages that compute and do nothing else.
const PURE: [&str; 9] = [
    "plugins/contract/",
    "plugins/indicators/",
    "plugins/strategies/",
    "plugins/brokers/sim/",
    "daemon/backtest/",
    "daemon/calendar/",
    "daemon/core/",
    "daemon/kernel/",
    "daemon/recording/",
];

/// What brings a clock, chance, threads or a disk with it.
const IMPURE_PACKAGES: [&str; 14] = [
    "diesel",
    "futures",
    "getrandom",
    "hyper",
    "jsonrpsee",
    "rand",
    "rayon",
    "reqwest",
    "rustix",
    "sd-notify",
    "tempfile",
    "tokio",
    "tracing",
    "uuid",
];

const TOP_LEVEL: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "ctl",
    "daemon",
    "migrations",
    "packaging",
    "plugins",
    "systemd",
    "tests",
];

/// Whether a file belongs to a package that only computes.
pub(crate) fn is_pure(path: &str) -> bool {
    PURE.iter().any(|folder| path.starts_with(folder))
}

/// Dependencies of ours that the table does not name, of any kind, tests included.
pub(crate) fn wrong_arrows(packages: &[Package]) -> Vec<String> {
    let folders: Vec<String> = packages.iter().map(folder).collect();
    let mut complaints = Vec::new();
    for (package, from) in packages.iter().zip(&folders) {
        let Some(allowed) = allowed(from) else {
            complaints.push(format!("{from}: has no place in the table of arrows"));
            continue;
        };
        for dependency in &package.dependencies {
            let named = |p: &&Package| p.name.as_str() == dependency.name;
            let Some(to) = packages.iter().find(named).map(folder) else {
                continue;
            };
            if !allowed.iter().any(|rule| matches(rule, &to)) {
                complaints.push(format!("{from} must not depend on {to}"));
            }
        }
    }
    complaints
}

/// Pure packages that take up what only impure ones need; their tests may.
pub(crate) fn impure_dependencies(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let from = folder(package);
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let for_tests = dependency.kind == cargo_metadata::DependencyKind::Development;
            if is_pure(&format!("{from}/")) && !for_tests && IMPURE_PACKAGES.contains(&name) {
                complaints.push(format!("{from}: {name} has no place in a pure crate"));
            }
        }
    }
    complaints
}

/// Broker and strategy packages that are not exactly one feature of the daemon, on by default.
pub(crate) fn wrong_features(packages: &[Package]) -> Vec<String> {
    let Some(daemon) = packages.iter().find(|p| p.name.as_str() == "traderd") else {
        return vec!["there is no package traderd".to_owned()];
    };
    let default = daemon.features.get("default").cloned().unwrap_or_default();
    let mut complaints = Vec::new();
    for plugin in packages.iter().filter(|p| is_plugin(p)) {
        let name = plugin.name.as_str();
        let feature = name.strip_prefix("trader-").unwrap_or(name);
        let optional = |d: &&cargo_metadata::Dependency| d.name == name && d.optional;
        if daemon.dependencies.iter().find(optional).is_none() {
            complaints.push(format!("{name}: is no optional dependency of traderd"));
        }
        let enables = format!("dep:{name}");
        let mut by = daemon.features.iter().filter(|f| f.1.contains(&enables));
        match (by.next(), by.next()) {
            (Some((only, what)), None) if only == feature && what.len() == 1 => {}
            _ => complaints.push(format!(
                "{name}: exactly the feature {feature} of traderd must be [\"{enables}\"]"
            )),
        }
        if !default.iter().any(|d| d == feature) {
            complaints.push(format!("{name}: {feature} is not on by default"));
        }
    }
    complaints
}

/// A manifest that does not take the workspace's lints.
pub(crate) fn missing_lints(path: &str, manifest: &str) -> Vec<String> {
    let mut lines = manifest.lines().map(str::trim);
    let section = lines.find(|line| *line == "[lints]");
    match (section, lines.next()) {
        (Some(_), Some("workspace = true")) => Vec::new(),
        _ => vec![format!("{path}: add `[lints]` with `workspace = true`")],
    }
}

/// Names at the top level that were not agreed on.
pub(crate) fn unexpected_top_level(names: &[String]) -> Vec<String> {
    let unexpected = names.iter().filter(|n| !TOP_LEVEL.contains(&n.as_str()));
    unexpected
        .map(|name| format!("{name}: the top level is fixed; find its place inside it"))
        .collect()
}

fn folder(package: &Package) -> String {
    let manifest = package.manifest_path.as_std_path();
    let root = crate::tree::root();
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let inside = folder.strip_prefix(root).unwrap_or(folder);
    inside.to_str().unwrap().replace('\\', "/")
}

/// A rule ending in `/` matches each package right inside that folder.
fn matches(rule: &str, folder: &str) -> bool {
    match folder.strip_prefix(rule) {
        Some("") => true,
        Some(inside) => rule.ends_with('/') && !inside.contains('/'),
        None => false,
    }
}

fn allowed(from: &str) -> Option<&'static [&'static str]> {
    let rule = ARROWS.iter().find(|(rule, _)| matches(rule, from));
    rule.map(|(_, allowed)| *allowed)
}

fn is_plugin(package: &Package) -> bool {
    let folder = folder(package);
    matches("plugins/strategies/", &folder) || matches("plugins/brokers/", &folder)
}

/// A package as cargo would describe it: its folder, its dependencies as JSON, its features as JSON.
fn sample(name: &str, folder: &str, dependencies: &[&str], features: &str) -> Package {
    let dependency = |name: &&str| {
        let (name, rest) = match name.strip_suffix('?') {
            Some(name) => (name, "\"kind\": null, \"optional\": true"),
            None => (*name, "\"kind\": null, \"optional\": false"),
        };
        format!(
            "{{\"name\": \"{name}\", \"req\": \"*\", {rest}, \"uses_default_features\": true, \
             \"features\": [], \"target\": null}}"
        )
    };
    let dependencies: Vec<String> = dependencies.iter().map(dependency).collect();
    let manifest = crate::tree::root().join(folder).join("Cargo.toml");
    let text = format!(
        "{{\"name\": \"{name}\", \"version\": \"0.1.0\", \"id\": \"{name}\", \"targets\": [], \
         \"dependencies\": [{}], \"features\": {features}, \"manifest_path\": {manifest:?}}}",
        dependencies.join(", ")
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_arrow_against_the_direction_is_found() {
    let contract = |uses: &[&str]| sample("trader-contract", "plugins/contract", uses, "{}");
    let core = |uses: &[&str]| sample("trader-core", "daemon/core", uses, "{}");
    let ctl = |uses: &[&str]| sample("traderctl", "ctl", uses, "{}");
    let tests = |uses: &[&str]| sample("trader-tests", "tests", uses, "{}");
    let fine = [contract(&["serde"]), core(&["trader-contract"]), ctl(&[])];
    assert_eq!(wrong_arrows(&fine), Vec::<String>::new());
    let bad = [contract(&["trader-core"]), core(&[])];
    assert_eq!(
        wrong_arrows(&bad),
        ["plugins/contract must not depend on daemon/core"]
    );
    let bad = [
        core(&["trader-tests"]),
        tests(&["traderctl"]),
        ctl(&["trader-core"]),
    ];
    assert_eq!(wrong_arrows(&bad).len(), 3);
    let unknown = [sample("trader-new", "daemon/new", &[], "{}")];
    assert_eq!(wrong_arrows(&unknown).len(), 1);
}

#[test]
fn an_impure_dependency_of_a_pure_package_is_found() {
    let core = sample("trader-core", "daemon/core", &["tokio", "serde"], "{}");
    let store = sample("trader-store", "daemon/store", &["diesel"], "{}");
    assert_eq!(
        impure_dependencies(&[core, store]),
        ["daemon/core: tokio has no place in a pure crate"]
    );
}

#[test]
fn a_plugin_without_a_feature_of_its_own_is_found() {
    let plugin = || sample("trader-strategy-x", "plugins/strategies/x", &[], "{}");
    let complaints = |uses: &[&str], features: &str| {
        wrong_features(&[sample("traderd", "daemon", uses, features), plugin()]).len()
    };
    let fine = "{\"default\": [\"strategy-x\"], \"strategy-x\": [\"dep:trader-strategy-x\"]}";
    assert_eq!(complaints(&["trader-strategy-x?"], fine), 0);
    assert_eq!(complaints(&["trader-strategy-x"], fine), 1);
    assert_eq!(complaints(&[], "{}"), 3);
    for bad in [
        "{\"default\": [], \"strategy-x\": [\"dep:trader-strategy-x\"]}",
        "{\"default\": [\"strategy-x\"], \"strategy-x\": [\"dep:trader-strategy-x\", \"y\"]}",
        "{\"default\": [\"strategy-x\"], \"x\": [\"dep:trader-strategy-x\"]}",
        "{\"default\": [\"strategy-x\"], \"strategy-x\": [\"dep:trader-strategy-x\"], \
          \"other\": [\"dep:trader-strategy-x\"]}",
    ] {
        assert_eq!(complaints(&["trader-strategy-x?"], bad), 1, "{bad}");
    }
}

#[test]
fn a_member_with_lints_of_its_own_is_found() {
    assert_eq!(missing_lints("a", "[lints]\nworkspace = true\n").len(), 0);
    assert_eq!(missing_lints("a", "[package]\n").len(), 1);
    assert_eq!(
        missing_lints("a", "[lints]\nrust.unsafe_code = \"allow\"\n").len(),
        1
    );
}

#[test]
fn a_stray_name_at_the_top_level_is_found() {
    let names = ["Cargo.toml", "notes.txt"].map(str::to_owned);
    assert_eq!(unexpected_top_level(&names).len(), 1);
}
