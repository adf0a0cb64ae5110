//! The `MESSAGE_ID`s in the journal of systemd, by which people and programs find what matters:
//! `journalctl MESSAGE_ID=…`, and what `journalctl -x` explains from the catalogue. One rule makes all
//! of them, so that none can be lacking.

use sha2::{Digest, Sha256};

/// The id of a kind of event, 32 hexadecimal digits: the first half of the SHA-256 of `traderd WHAT KIND`,
/// marked as a UUID of version 8. It never changes.
#[must_use]
pub fn of(what: &str, kind: &str) -> String {
    let digest = Sha256::digest(format!("traderd {what} {kind}"));
    let mut id = String::with_capacity(32);
    for (place, byte) in digest.iter().take(16).enumerate() {
        let byte = match place {
            6 => (byte & 0x0f) | 0x80,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        for digit in [byte >> 4, byte & 0x0f] {
            id.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_that_people_wrote_down_stay_as_they_are() {
        let table: Vec<String> = [
            "broker_down",
            "carried_overnight",
            "flat",
            "foreign_order",
            "not_flat",
            "order_recovered",
            "order_refused",
            "order_vanished",
            "position_differs",
            "reducing_refused",
            "test",
        ]
        .into_iter()
        .map(|kind| format!("{} {kind}", of("alert", kind)))
        .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        7f73d6c19ef38d0793922aba6de77ce5 broker_down
        5d58bbec76b7867fa9a63c7cb4d00efb carried_overnight
        9a51106e4f0f8a59a0e4d2c263a86b55 flat
        583117a8cd6c8ae19ec100bd290de6aa foreign_order
        57d2853a8a9a85fa939b84976b1cb89f not_flat
        e22b2ac20fa5840ea7f1898baf8697eb order_recovered
        2f791ddfb0b986b285aaedd90d25ec18 order_refused
        616b296d0042811d99d42bbad9c78d1b order_vanished
        04e2032917ed8537b6e3cd8d5b8fb8c7 position_differs
        64e55345fca18f9bbb286439e05b6162 reducing_refused
        dc5297ac507381ce9cffcc55ca47b8c9 test
        ");
    }

    /// The kinds of the catalogue, with the ids they stand under.
    fn catalogue() -> Vec<(String, String)> {
        let text = include_str!("../../../packaging/traderd.catalog");
        let mut entries = Vec::new();
        let mut named = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("# traderd ") {
                named = Some(name.to_owned());
            } else if let Some(id) = line.strip_prefix("-- ") {
                let name = named.take().expect("a name before every entry");
                entries.push((name, id.to_owned()));
            }
        }
        entries
    }

    #[test]
    fn the_catalogue_explains_each_kind_under_its_own_id() {
        let entries = catalogue();
        for (name, id) in &entries {
            let (what, kind) = name.split_once(' ').unwrap();
            assert_eq!(*id, of(what, kind), "{name}");
        }
        let names: std::collections::BTreeSet<&String> =
            entries.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), entries.len());
    }

    /// Every kind of alert that the engine's source names, and every other id that this program gives.
    #[test]
    fn the_catalogue_lacks_no_kind() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/core/src/engine");
        let mut kinds: Vec<String> = KINDS.map(|kind| format!("alert {kind}")).to_vec();
        let mut paths = vec![std::path::PathBuf::from(root)];
        while let Some(path) = paths.pop() {
            if path.is_dir() {
                let within = std::fs::read_dir(path).unwrap();
                paths.extend(within.map(|file| file.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for part in text.split("Severity::").skip(1) {
                // (Severity::Critical, "kind", …
                let words = part.trim_start_matches(char::is_alphabetic);
                let words = words.trim_start_matches([',', ' ', '\n']);
                if let Some((kind, _)) = words.strip_prefix('"').and_then(|w| w.split_once('"')) {
                    kinds.push(format!("alert {kind}"));
                }
            }
        }
        assert!(kinds.len() > KINDS.len() + 20, "{kinds:?}");
        let happenings = crate::journal_log::happening::ALL;
        kinds.extend(happenings.map(|kind| format!("record {kind}")));
        kinds.extend(OWN.map(str::to_owned));
        let explained = catalogue();
        let missing: Vec<&String> = kinds
            .iter()
            .filter(|kind| !explained.iter().any(|(name, _)| name == *kind))
            .collect();
        assert!(
            missing.is_empty(),
            "not in packaging/traderd.catalog: {missing:?}"
        );
    }

    /// Kinds of alerts whose names stand apart from where they are raised.
    const KINDS: [&str; 28] = [
        "cancel_ratio",
        "cancel_refused",
        "clock_skew",
        "consecutive_losses",
        "daily_loss",
        "drawdown",
        "exit_refused",
        "foreign",
        "halted",
        "journal",
        "killed",
        "message_rate",
        "not_flat",
        "not_shortable",
        "not_tradable",
        "override_waits",
        "recording_off",
        "residue",
        "stale_account",
        "stale_data",
        "stale_orders",
        "strategy_killed",
        "symbol_killed",
        "test",
        "turned",
        "unit_failed",
        "unprotected",
        "wrong_account",
    ];

    /// What is told of the program itself.
    const OWN: [&str; 7] = [
        "daemon ready",
        "daemon starts",
        "daemon stops",
        "daemon stuck",
        "log dropped",
        "reload accepted",
        "reload refused",
    ];
}
