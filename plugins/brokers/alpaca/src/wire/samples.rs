//! Messages as Alpaca writes them, and what is read from them.

use chrono::NaiveDate;
use trader_contract::{Money, NetQty, OrderKind, Price, Side, TimeInForce, Trail};

use super::account::{Account, Configuration, OneOfMany, Position, Worth};
use super::actions::ActionsPage;
use super::activity::Activity;
use super::asset::{Asset, CalendarDay, Clock};
use super::market::{self, Page, Snapshot, Trade};
use super::news::{Article, Mover};
use super::order::Order;
use super::stream::{DataChannel, DataMessage, Subscriptions};
use super::trading::TradingMessage;
use super::words::{ActivityType, OrderClass, OrderType, Status, UpdateKind};
use super::{Format, Malformed, Number, Reader, View};

mod markets;
mod texts;

use texts::*;

fn read<T>(text: &str, look: impl FnOnce(View<'_>) -> Result<T, Malformed>) -> T {
    let mut reader = Reader::new();
    look(reader.read(Format::Json, text.as_bytes()).unwrap()).unwrap()
}

fn number(text: &str) -> Option<Number> {
    Number::parse(text)
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn every_sample_is_json() {
    for text in ALL {
        assert!(
            Reader::new().read(Format::Json, text.as_bytes()).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn an_account_reads_with_or_without_the_fields_of_day_trading() {
    let account = read(ACCOUNT, Account::read);
    assert_eq!(account.name(), "PA3KQ7XWL2ZD");
    assert!(account.is_paper() && account.obstacle().is_none());
    assert_eq!(account.buying_power(), "335336.48".parse::<Money>().ok());
    assert_eq!(account.cash(), "61250.37".parse::<Money>().ok());
    assert_eq!(account.shorting_enabled, Some(true));
    let with = ACCOUNT.replace(
        "\"currency\"",
        "\"pattern_day_trader\":false,\"daytrade_count\":0,\"daytrading_buying_power\":\"0\",\"currency\"",
    );
    assert_eq!(account.pattern_day_trader, None);
    let marked = read(&with, Account::read);
    assert_eq!(marked.pattern_day_trader, Some(false));
    let unmarked = Account {
        pattern_day_trader: None,
        ..marked
    };
    assert_eq!(unmarked, account);
    let bare = read(r#"{"id":"x","status":"ACTIVE"}"#, Account::read);
    assert_eq!((bare.name(), bare.cash()), ("x", None));
}

#[test]
fn an_account_says_why_it_may_not_trade() {
    for (change, why) in [
        ("\"status\":\"ACCOUNT_CLOSED\"", "ACCOUNT_CLOSED"),
        ("\"status\":\"SOMETHING_NEW\"", "SOMETHING_NEW"),
    ] {
        let account = read(
            &ACCOUNT.replace("\"status\":\"ACTIVE\"", change),
            Account::read,
        );
        assert!(account.obstacle().unwrap().contains(why));
    }
    for key in [
        "trading_blocked",
        "account_blocked",
        "trade_suspended_by_user",
    ] {
        let blocked = ACCOUNT.replace(&format!("\"{key}\":false"), &format!("\"{key}\":true"));
        assert!(read(&blocked, Account::read).obstacle().is_some(), "{key}");
    }
}

#[test]
fn a_configuration_reads() {
    let configuration = read(CONFIGURATION, Configuration::read);
    assert_eq!(configuration.no_shorting, Some(false));
    assert_eq!(configuration.max_margin_multiplier.as_deref(), Some("4"));
}

#[test]
fn borrow_status_counts_before_the_flag_that_it_replaced() {
    let asset = read(ASSET, Asset::read);
    assert!(asset.is_tradable() && asset.is_shortable() && asset.fractionable);
    let hard = ASSET.replace(
        "\"borrow_status\":\"easy_to_borrow\"",
        "\"borrow_status\":\"hard_to_borrow\"",
    );
    assert!(!read(&hard, Asset::read).is_shortable());
    let without_flag = ASSET.replace("\"easy_to_borrow\":true,", "");
    assert!(read(&without_flag, Asset::read).is_shortable());
    let old = ASSET.replace(",\"borrow_status\":\"easy_to_borrow\"", "");
    assert!(read(&old, Asset::read).is_shortable());
    let neither = old.replace("\"easy_to_borrow\":true,", "");
    assert!(!read(&neither, Asset::read).is_shortable());
    let (read, bad) = read(&format!("[{ASSET},{{}},{ASSET}]"), Asset::read_list);
    assert_eq!((read.len(), bad), (2, 1));
}

#[test]
fn the_clock_and_the_calendar_read() {
    let clock = read(CLOCK, Clock::read);
    assert!(clock.is_open);
    assert_eq!(clock.at.to_string(), "2026-11-20T15:41:07.318562113Z");
    assert_eq!(clock.next_close.to_string(), "2026-11-20T21:00:00Z");
    let days = read(CALENDAR, CalendarDay::read_list);
    let day = days[0];
    assert_eq!(day.date, NaiveDate::from_ymd_opt(2026, 11, 27).unwrap());
    assert_eq!(day.close.to_string(), "13:00:00");
    assert_eq!(day.session_open.unwrap().to_string(), "04:00:00");
    assert_eq!(day.settlement, NaiveDate::from_ymd_opt(2026, 11, 30));
}

#[test]
fn an_order_reads_with_its_legs() {
    let order = read(ORDER, Order::read);
    assert_eq!(order.status, Status::PendingNew);
    assert_eq!(order.class, OrderClass::Simple);
    assert_eq!(order.order_kind(), Some(OrderKind::Market));
    assert_eq!(order.stands(), Some(TimeInForce::Day));
    assert_eq!(order.side(), Some(Side::Buy));
    assert_eq!(order.quantity().unwrap().whole_shares(), 12);
    assert!(!order.is_over() && order.legs.is_empty());
    assert_eq!(
        order.stamp().unwrap().to_string(),
        "2026-11-20T15:41:08.104961402Z"
    );
    let bracket = read(BRACKET, Order::read);
    assert_eq!(bracket.class, OrderClass::Bracket);
    let kinds: Vec<_> = bracket
        .family()
        .map(|order| order.order_kind().unwrap())
        .collect();
    let (stop, limit) = (price("218.05"), price("217.5"));
    assert_eq!(
        kinds,
        [
            OrderKind::Limit {
                limit: price("224")
            },
            OrderKind::Limit {
                limit: price("231.4")
            },
            OrderKind::StopLimit { stop, limit },
        ]
    );
    assert!(bracket.legs.iter().all(|leg| leg.status == Status::Held));
}

#[test]
fn an_order_for_dollars_has_the_quantity_that_has_filled() {
    let notional = ORDER
        .replace(
            "\"notional\":null,\"qty\":\"12\"",
            "\"notional\":\"250.00\",\"qty\":null",
        )
        .replace("\"filled_qty\":\"0\"", "\"filled_qty\":\"1.115823\"");
    let order = read(&notional, Order::read);
    assert_eq!(order.qty, None);
    assert_eq!(order.quantity().unwrap().to_string(), "1.115823");
}

#[test]
fn a_trailing_stop_says_how_far_it_has_come() {
    let trailing = ORDER
        .replace("\"type\":\"market\"", "\"type\":\"trailing_stop\"")
        .replace("\"trail_percent\":null", "\"trail_percent\":\"1.5\"")
        .replace("\"hwm\":null", "\"hwm\":\"226.14\"")
        .replace("\"stop_price\":null", "\"stop_price\":\"222.7479\"");
    let order = read(&trailing, Order::read);
    let trail = Trail::Percent("1.5".parse().unwrap());
    assert_eq!(order.order_kind(), Some(OrderKind::TrailingStop { trail }));
    assert_eq!(order.stop_price(), Some(price("222.7479")));
    assert_eq!(order.best, number("226.14"));
}

#[test]
fn an_unknown_status_type_or_class_is_kept_and_ends_nothing() {
    let strange = ORDER
        .replace("\"pending_new\"", "\"quantum\"")
        .replace("\"type\":\"market\"", "\"type\":\"pegged\"")
        .replace("\"order_class\":\"\"", "\"order_class\":\"octopus\"");
    let order = read(&strange, Order::read);
    assert_eq!(order.status, Status::Unknown("quantum".into()));
    assert_eq!(order.kind, OrderType::Unknown("pegged".into()));
    assert_eq!(order.class, OrderClass::Unknown("octopus".into()));
    assert!(!order.is_over() && order.order_kind().is_none());
}

#[test]
fn one_bad_order_spoils_the_list_since_a_list_that_lacks_it_proves_nothing() {
    let mut reader = Reader::new();
    let text = format!("[{ORDER},{{\"id\":\"x\"}}]");
    let view = reader.read(Format::Json, text.as_bytes()).unwrap();
    assert!(Order::read_list(view).is_err());
}

#[test]
fn the_side_of_a_position_counts_and_not_the_sign_of_its_number() {
    let positions = read(POSITIONS, Position::read_list);
    let net: Vec<_> = positions.iter().map(|p| p.net.to_string()).collect();
    assert_eq!(net, ["12", "-40"]);
    let unsigned = POSITIONS.replace("\"qty\":\"-40\"", "\"qty\":\"40\"");
    let positions = read(&unsigned, Position::read_list);
    assert_eq!(
        positions[1].net,
        NetQty::from_nanos(-40_000_000_000).unwrap()
    );
}

#[test]
fn many_answers_at_once_read_one_by_one() {
    let closed = read(CLOSE_ALL, OneOfMany::read_list);
    assert_eq!((&*closed[0].name, closed[0].status), ("KO", 200));
    assert_eq!(closed[1].status, 403);
    assert!(
        closed[1]
            .message
            .as_deref()
            .unwrap()
            .starts_with("insufficient qty")
    );
    let cancelled = read(CANCEL_ALL, OneOfMany::read_list);
    assert_eq!(cancelled.len(), 2);
}

#[test]
fn activities_read_whatever_they_are_about() {
    let lines = read(ACTIVITIES, Activity::read_list);
    let fill = &lines[0];
    assert_eq!(fill.kind, ActivityType::Fill);
    assert_eq!((fill.qty, fill.cumulative), (number("5"), number("5")));
    assert_eq!(fill.execution(), "5b0a6a3e-7f7a-4f0b-93c5-0c1f6c2e9d44");
    assert_eq!(lines[1].kind, ActivityType::Fee);
    assert_eq!(lines[1].amount, number("-1.03"));
    assert_eq!(lines[2].kind, ActivityType::Dividend);
    assert!(lines.iter().all(|line| !line.takes_back()));
}

#[test]
fn the_history_of_equity_reads_with_gaps() {
    let history = read(HISTORY, Worth::read_list);
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].equity, number("99980.11"));
    assert_eq!(history[1].equity, None);
}

#[test]
fn every_message_of_the_trading_stream_reads() {
    let kind = |text: &str| match read(text, TradingMessage::read) {
        TradingMessage::Update(update) => update.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        read(AUTHORIZED, TradingMessage::read),
        TradingMessage::Authorization {
            authorized: true,
            action: "authenticate".into()
        }
    );
    assert_eq!(
        read(LISTENING, TradingMessage::read),
        TradingMessage::Listening {
            streams: vec!["trade_updates".into()]
        }
    );
    let update = |event: &str, more: &str| {
        format!(
            r#"{{"stream":"trade_updates","data":{{"event":"{event}","timestamp":"2026-11-20T15:41:08.512331Z",{more}"order":{ORDER}}}}}"#
        )
    };
    for event in UpdateKind::KNOWN {
        assert_eq!(kind(&update(event.word(), "")), *event);
    }
    assert_eq!(
        kind(&update("teleported", "")),
        UpdateKind::Unknown("teleported".into())
    );
    let fill = update(
        "partial_fill",
        r#""execution_id":"e1a1","price":"224.05","qty":"5","position_qty":"5","#,
    );
    let TradingMessage::Update(fill) = read(&fill, TradingMessage::read) else {
        panic!("no update");
    };
    assert!(fill.is_execution());
    assert_eq!((fill.price, fill.qty), (number("224.05"), number("5")));
    assert_eq!(fill.execution.as_deref(), Some("e1a1"));
    let other = read(
        r#"{"stream":"account_updates","data":{}}"#,
        TradingMessage::read,
    );
    assert_eq!(
        other,
        TradingMessage::Other {
            stream: "account_updates".into()
        }
    );
}

#[test]
fn pages_of_bars_trades_and_quotes_read_by_symbol() {
    let bars = read(BARS, |view| Page::read(view, "bars", market::bar));
    let (symbol, bar) = bars.items[0];
    assert_eq!(
        (symbol.as_str(), bar.close, bar.volume),
        ("AAPL", price("224.05"), 3_120)
    );
    assert!(bars.next.is_some());
    let trades = read(TRADES, |view| Page::read(view, "trades", Trade::read));
    assert_eq!(trades.items[0].1.id, Some(52_983_525_037_630));
    assert_eq!(trades.next, None);
    for text in [QUOTES, LATEST_QUOTES] {
        let quotes = read(text, |view| Page::read(view, "quotes", market::quote));
        let quote = quotes.items[0].1;
        assert_eq!(
            (quote.bid, quote.ask),
            (Some(price("224.05")), Some(price("224.1")))
        );
        assert_eq!((quote.bid_size, quote.ask_size), (200, 300));
    }
    let empty = r#"{"bars":{},"next_page_token":null}"#;
    assert!(
        read(empty, |view| Page::read(view, "bars", market::bar))
            .items
            .is_empty()
    );
}

#[test]
fn a_side_of_a_quote_without_a_price_is_empty() {
    let one_sided = QUOTES.replace("\"bp\":224.05", "\"bp\":0");
    let quotes = read(&one_sided, |view| Page::read(view, "quotes", market::quote));
    assert_eq!(quotes.items[0].1.bid, None);
}

#[test]
fn one_bad_bar_is_counted_and_the_others_are_read() {
    let bad = BARS.replace(
        "[{",
        "[{\"t\":\"2026-11-20T15:39:00Z\",\"o\":1,\"h\":0.5,\"l\":1,\"c\":1,\"v\":1},{",
    );
    let bars = read(&bad, |view| Page::read(view, "bars", market::bar));
    assert_eq!((bars.items.len(), bars.bad), (1, 1));
}

#[test]
fn a_snapshot_reads_without_a_wrapper_and_with_parts_missing() {
    let all = read(SNAPSHOTS, Snapshot::read_all);
    let (symbol, snapshot) = &all[0];
    assert_eq!(symbol.as_str(), "AAPL");
    assert!(snapshot.quote.is_some() && snapshot.trade.is_none() && snapshot.minute.is_some());
}

#[test]
fn news_movers_and_corporate_actions_read() {
    let news = read(NEWS, Article::read_page);
    assert_eq!((news.articles.len(), news.bad, news.next), (1, 0, None));
    assert_eq!(news.articles[0].symbols[0].as_str(), "AAPL");
    let active = read(ACTIVE, |view| Mover::read_list(view, "most_actives"));
    assert_eq!(active[0].volume, number("81230044"));
    let movers = read(MOVERS, |view| Mover::read_list(view, "gainers"));
    assert_eq!(movers[0].percent, number("41.2"));
    let page = read(ACTIONS, ActionsPage::read);
    assert_eq!((page.actions.len(), page.bad), (2, 0));
    assert_eq!(page.actions[0].rate, number("0.51"));
    assert_eq!(page.actions[1].new_rate, number("10"));
    assert_eq!(&*page.actions[1].kind, "forward_splits");
}

#[test]
fn every_message_of_the_data_stream_reads() {
    let messages = |text: &str| {
        read(text, |view| {
            view.items()
                .map(DataMessage::read)
                .collect::<Result<Vec<_>, _>>()
        })
    };
    let [
        connected,
        authenticated,
        subscribed,
        trade,
        quote,
        bar,
        updated,
        day,
    ] = &messages(DATA)[..8]
    else {
        panic!("too few");
    };
    assert_eq!(
        (connected, authenticated),
        (&DataMessage::Connected, &DataMessage::Authenticated)
    );
    let wanted = Subscriptions::NONE
        .with(DataChannel::Trades, "AAPL")
        .with(DataChannel::Bars, "AAPL");
    assert!(matches!(subscribed, DataMessage::Subscribed(all) if *all == wanted));
    assert!(matches!(trade, DataMessage::Trade(_, t) if t.conditions.len() == 2));
    assert!(matches!(quote, DataMessage::Quote(_, q) if q.ask == Some(price("224.1"))));
    assert!(matches!(bar, DataMessage::Bar(_, b) if b.volume == 3_120));
    assert!(matches!(updated, DataMessage::UpdatedBar(_, b) if b.volume == 3_180));
    assert!(matches!(day, DataMessage::DailyBar(_, b) if b.volume == 981_123));
    let [correction, cancelled, halt, bands, error, unknown] = &messages(DATA)[8..] else {
        panic!("too few");
    };
    assert!(
        matches!(correction, DataMessage::Correction(_, Some(1), t) if t.price == price("224.06"))
    );
    assert!(matches!(cancelled, DataMessage::Cancelled(_, Some(1))));
    assert!(matches!(halt, DataMessage::Status(_, s) if s.halted() == Some(true)));
    assert!(matches!(bands, DataMessage::Bands(_, [Some(_), Some(_)])));
    assert_eq!(
        *error,
        DataMessage::Error {
            code: 406,
            message: "connection limit exceeded".into()
        }
    );
    assert_eq!(*unknown, DataMessage::Other("zz".into()));
}

#[test]
fn the_letters_of_a_status_mean_what_their_tape_says() {
    let status = |tape: &str, code: &str| {
        let text = format!(
            r#"[{{"T":"s","S":"AAPL","sc":"{code}","t":"2026-11-20T15:41:00Z","z":"{tape}"}}]"#
        );
        match read(&text, |view| {
            DataMessage::read(view.items().next().unwrap())
        }) {
            DataMessage::Status(_, status) => (status.halted(), status.restricts_shorts()),
            other => panic!("{other:?}"),
        }
    };
    for (tape, code, halted) in [
        ("C", "H", Some(true)),
        ("C", "P", Some(true)),
        ("C", "Q", None),
        ("C", "T", Some(false)),
        ("A", "2", Some(true)),
        ("B", "3", Some(false)),
        ("A", "7", None),
        ("A", "T", None),
    ] {
        assert_eq!(status(tape, code).0, halted, "{tape} {code}");
    }
    assert!(status("A", "E").1 && !status("C", "E").1);
}

#[test]
fn both_formats_say_the_same_of_subscriptions() {
    use super::stream::{Change, subscribe};
    let what = Subscriptions::NONE
        .with(DataChannel::Bars, "*")
        .with(DataChannel::Quotes, "AAPL");
    let (mut one, mut two) = (Reader::new(), Reader::new());
    let json = subscribe(Format::Json, &what, Change::Add);
    let pack = subscribe(Format::MessagePack, &what, Change::Add);
    let json = one.read(Format::Json, &json).unwrap();
    let pack = two.read(Format::MessagePack, &pack).unwrap();
    for view in [json, pack] {
        assert_eq!(view.text("action").as_deref(), Some("subscribe"));
        assert_eq!(view.texts("bars"), [Box::from("*")]);
        assert_eq!(view.texts("quotes"), [Box::from("AAPL")]);
        assert!(view.get("trades").is_none());
    }
    let less = what.without(&Subscriptions::NONE.with(DataChannel::Bars, "*"));
    assert_eq!(
        (less.symbols(DataChannel::Bars).count(), less.counted()),
        (0, 1)
    );
}
