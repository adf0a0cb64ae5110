//! The `MESSAGE_ID` of each kind of alert in the journal of systemd, by which people and programs find
//! them: `journalctl MESSAGE_ID=…`. One rule makes all of them, so that no kind can lack one.

use sha2::{Digest, Sha256};

/// The id of a kind of alert, 32 hexadecimal digits: the first half of the SHA-256 of `traderd alert KIND`,
/// marked as a UUID of version 8. It never changes.
#[must_use]
pub fn message_id(kind: &str) -> String {
    let digest = Sha256::digest(format!("traderd alert {kind}"));
    let mut id = String::with_capacity(32);
    for (place, byte) in digest.iter().take(16).enumerate() {
        let byte = match place {
            6 => (byte & 0x0f) | 0x80,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        id.push_str(&format!("{byte:02x}"));
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
        .map(|kind| format!("{} {kind}", message_id(kind)))
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
}
