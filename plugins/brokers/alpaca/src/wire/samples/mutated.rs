//! The samples cut and mutated: that must never do more than be refused.

use proptest::prelude::*;

use super::texts::ALL;
use crate::wire::account::{Account, Configuration, OneOfMany, Position, Worth};
use crate::wire::actions::ActionsPage;
use crate::wire::activity::Activity;
use crate::wire::asset::{Asset, CalendarDay, Clock};
use crate::wire::market::{self, Page, Snapshot, Trade};
use crate::wire::news::{Article, Mover};
use crate::wire::order::Order;
use crate::wire::refusal::ErrorBody;
use crate::wire::stream::DataMessage;
use crate::wire::trading::TradingMessage;
use crate::wire::{Format, Reader};

/// Everything that reads a message, one after the other.
fn read_as_everything(bytes: &[u8], format: Format) {
    let mut reader = Reader::new();
    let Ok(view) = reader.read(format, bytes) else {
        return;
    };
    let _trading = (
        Account::read(view),
        Configuration::read(view),
        Order::read(view),
        Order::read_list(view),
    );
    let _held = (
        Position::read_list(view),
        OneOfMany::read_list(view),
        Worth::read_list(view),
    );
    let _past = (
        Activity::read_list(view),
        Asset::read_list(view),
        Clock::read(view),
        CalendarDay::read_list(view),
    );
    let _said = (
        TradingMessage::read(view),
        ErrorBody::read(bytes).sentence(),
    );
    let _bars = (
        Page::read(view, "bars", market::bar),
        Page::read(view, "quotes", market::quote),
    );
    let _rest = (
        Page::read(view, "trades", Trade::read),
        Snapshot::read_all(view),
        ActionsPage::read(view),
    );
    let _told = (Article::read_page(view), Mover::read_list(view, "gainers"));
    for item in view.items() {
        if let Ok(DataMessage::Status(_, status)) = DataMessage::read(item) {
            let _meant = (status.halted(), status.restricts_shorts());
        }
    }
}

fn sample() -> impl Strategy<Value = &'static str> {
    prop::sample::select(ALL.to_vec())
}

proptest! {
    #[test]
    fn a_message_cut_anywhere_is_refused_or_read(text in sample(), at: prop::sample::Index) {
        let bytes = text.as_bytes();
        read_as_everything(&bytes[..at.index(bytes.len())], Format::Json);
    }

    #[test]
    fn a_message_with_wrong_bytes_in_it_is_refused_or_read(
        text in sample(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_as_everything(&bytes, Format::Json);
        read_as_everything(&bytes, Format::MessagePack);
    }

    #[test]
    fn a_message_with_its_values_mixed_up_is_refused_or_read(
        text in sample(),
        from: prop::sample::Index,
        value in prop::sample::select(vec!["null", "true", "[]", "{}", "\"\"", "-1", "1e40", "\"NaN\"", "99999999999999999999999"]),
    ) {
        // What stands after some colon becomes something else.
        let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).collect();
        let at = colons[from.index(colons.len())].saturating_add(1);
        let end = text[at..].find([',', '}']).map_or(text.len(), |end| at.saturating_add(end));
        let mixed = format!("{}{value}{}", &text[..at], &text[end..]);
        read_as_everything(mixed.as_bytes(), Format::Json);
    }

    #[test]
    fn a_packed_message_with_wrong_bytes_in_it_is_refused_or_read(
        text in sample(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut bytes = rmp_serde::to_vec_named(&value).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_as_everything(&bytes, Format::MessagePack);
    }
}
