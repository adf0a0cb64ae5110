//! What the views show of the daemon around the engine.

use std::path::Path;

use trader_contract::SettingValue;
use trader_kernel::views::{RouteFacts, StatusFacts, StrategyFacts};
use trader_rpc::{Link, LinkState, RecordingInfo, StoreInfo};

use crate::config::{BrokerKind, Config};
use crate::start::Prepared;
use crate::{clock, plugins};

/// The process, its links and its store as they are at the start.
pub(super) fn facts(prepared: &Prepared, path: &Path, label: &str) -> StatusFacts {
    let up = |name: &str| Link {
        name: name.to_owned(),
        state: match prepared.config.broker.kind {
            BrokerKind::Sim => LinkState::Up,
            BrokerKind::Alpaca => LinkState::Connecting,
        },
        detail: None,
        last_heard_at: None,
    };
    StatusFacts {
        mode: crate::doctor::mode(&prepared.config),
        label: label.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started_at: clock::now(),
        uptime_seconds: 0,
        feed: up(&prepared.config.market.source.to_string()),
        broker: up(&prepared.config.broker.kind.to_string()),
        store: StoreInfo {
            seq: 0,
            path: Some(path.display().to_string()),
            writable: true,
        },
        sockets: Vec::new(),
        config_hash: prepared.effective.hash.clone(),
        recording: RecordingInfo {
            enabled: prepared.config.recording.enabled,
            session: None,
            failure: None,
        },
        journal_failure: None,
    }
}

/// What the configuration says of the strategies.
pub(super) fn strategy_facts(config: &Config) -> StrategyFacts {
    let routes = config.routes.iter().map(|route| {
        let version = plugins::strategy(&route.strategy).map_or("", |plugin| plugin.version);
        let setting = |(name, value): (&str, &SettingValue)| (name.to_owned(), text(value));
        let facts = RouteFacts {
            version: version.to_owned(),
            enabled: route.enabled,
            settings: route.settings.iter().map(setting).collect(),
        };
        (route.name.clone(), facts)
    });
    StrategyFacts {
        routes: routes.collect(),
        ..StrategyFacts::default()
    }
}

fn text(value: &SettingValue) -> String {
    match value {
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Decimal(number) => number.to_string(),
        SettingValue::Flag(flag) => flag.to_string(),
        SettingValue::Word(word) => word.clone(),
    }
}
