//! Every reader of REST bodies and of frames, in JSON and in MessagePack: refused or read, and the same
//! both times.

use trader_broker_alpaca::wire::account::{Account, Configuration, OneOfMany, Position, Worth};
use trader_broker_alpaca::wire::actions::ActionsPage;
use trader_broker_alpaca::wire::activity::Activity;
use trader_broker_alpaca::wire::asset::{Asset, CalendarDay, Clock};
use trader_broker_alpaca::wire::auction::Auctions;
use trader_broker_alpaca::wire::market::{self, Page, Snapshot, Trade};
use trader_broker_alpaca::wire::markets::{MarketClock, MarketDay};
use trader_broker_alpaca::wire::news::{Article, Mover};
use trader_broker_alpaca::wire::order::Order;
use trader_broker_alpaca::wire::refusal::ErrorBody;
use trader_broker_alpaca::wire::stream::DataMessage;
use trader_broker_alpaca::wire::trading::TradingMessage;
use trader_broker_alpaca::wire::{Format, Number, Reader, View};

use super::fuzz;
use super::mutate::message;

/// What everything that reads makes of a message, in words.
fn read_as_everything(bytes: &[u8], format: Format) -> String {
    let mut reader = Reader::new();
    let view = match reader.read(format, bytes) {
        Ok(view) => view,
        Err(error) => return error.to_string(),
    };
    let trading = (
        Account::read(view).map(|account| account.obstacle()),
        Configuration::read(view),
        Order::read(view),
        Order::read_list(view),
    );
    let held = (
        Position::read_list(view),
        OneOfMany::read_list(view),
        Worth::read_list(view),
        Activity::read_list(view),
    );
    let known = (
        Asset::read(view),
        Asset::read_list(view),
        Clock::read(view),
        CalendarDay::read_list(view),
        MarketClock::read_all(view),
        MarketDay::read_all(view),
    );
    let past = (
        Page::read(view, "bars", market::bar),
        Page::read(view, "quotes", market::quote),
        Page::read(view, "trades", Trade::read),
        Page::read(view, "auctions", Auctions::read).map(|page| page.items.len()),
        Snapshot::read_all(view),
        ActionsPage::read(view),
    );
    let told = (
        Article::read_page(view),
        Mover::read_list(view, "gainers"),
        TradingMessage::read(view),
    );
    format!(
        "{trading:?}{held:?}{known:?}{past:?}{told:?}{}",
        frames(view)
    )
}

/// The messages of a frame of market data.
fn frames(view: View<'_>) -> String {
    let mut told = String::new();
    for item in view.items() {
        let message = DataMessage::read(item);
        if let Ok(DataMessage::Status(_, status)) = &message {
            told.push_str(&format!(
                "{:?}{}",
                status.halted(),
                status.restricts_shorts()
            ));
        }
        told.push_str(&format!("{message:?}"));
    }
    told
}

#[test]
fn every_reader_refuses_or_reads_and_always_the_same() {
    fuzz("every_reader_refuses_or_reads", 1, |dice| {
        let bytes = message(dice);
        for format in [Format::Json, Format::MessagePack] {
            let read = read_as_everything(&bytes, format);
            // A second reading is for one case of many: it shows what the first one left behind.
            if dice.once_in(16) {
                assert_eq!(read, read_as_everything(&bytes, format));
            }
        }
        // A refusal is read from whatever a server sends, and stays short enough for a log.
        let body = ErrorBody::read(&bytes);
        assert!(body.sentence().chars().count() < 6_000);
        assert!(!body.message.contains(char::is_control));
    });
}

#[test]
fn a_reader_that_met_nonsense_reads_the_next_message_as_if_it_had_not() {
    fuzz("a_reader_that_met_nonsense", 4, |dice| {
        let mut reader = Reader::new();
        for _ in 0..4 {
            // Whatever came of it.
            let _before = reader.read(Format::Json, &message(dice)).is_ok();
        }
        let text = dice.one_of(super::texts::ALL);
        let after = reader.read(Format::Json, text.as_bytes()).unwrap();
        let mut fresh = Reader::new();
        let alone = fresh.read(Format::Json, text.as_bytes()).unwrap();
        let all = |view: View<'_>| format!("{:?}{}", Order::read_list(view), frames(view));
        assert_eq!(all(after), all(alone));
    });
}

#[test]
fn a_number_is_what_it_says_or_none() {
    const SIGNS: &[u8] = b"0123456789.-+eE 9";
    fuzz("a_number_is_what_it_says", 1, |dice| {
        let length = dice.below(45);
        let text: String = (0..length)
            .map(|_| char::from(SIGNS[dice.below(SIGNS.len())]))
            .collect();
        if let Some(number) = Number::parse(&text) {
            let written = number.to_string();
            assert_eq!(Number::parse(&written), Some(number), "{text:?}");
        }
    });
}
