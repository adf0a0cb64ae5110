//! The machine of market data under the same treatment: nothing makes it panic, what cannot be read is
//! told as such, and each bar that was truly sent is handed on.

use trader_broker_alpaca::protocol::data::{DataNews, DataStream};
use trader_broker_alpaca::protocol::keys::Keys;
use trader_broker_alpaca::protocol::link::StreamInput;
use trader_broker_alpaca::wire::Format;
use trader_broker_alpaca::wire::stream::{DataChannel, DataMessage, Subscriptions};
use trader_contract::Timestamp;

use super::fuzz;
use super::mutate::{bend, message};

const START: Timestamp = Timestamp::from_seconds(1_795_189_280);

fn up(seed: u64) -> DataStream {
    let mut wanted = Subscriptions::NONE;
    wanted.add(DataChannel::Bars, "AAPL");
    let mut stream = DataStream::new(
        Keys::new("key-id", "secret-of-it"),
        Format::Json,
        wanted,
        (START, seed),
    );
    let mut news = Vec::new();
    stream.tick(START, &mut news);
    stream.hear(&StreamInput::Opened, START, &mut news);
    for text in [
        r#"[{"T":"success","msg":"connected"}]"#,
        r#"[{"T":"success","msg":"authenticated"}]"#,
        r#"[{"T":"subscription","bars":["AAPL"]}]"#,
    ] {
        stream.hear(&StreamInput::Message(text.as_bytes()), START, &mut news);
    }
    assert!(stream.is_up());
    stream
}

#[test]
fn nothing_makes_the_feed_panic() {
    fuzz("nothing_makes_the_feed_panic", 10, |dice| {
        let mut stream = up(dice.number());
        let mut now = START;
        for _ in 0..20 {
            let mut news = Vec::new();
            match dice.below(8) {
                0 => stream.hear(&StreamInput::Opened, now, &mut news),
                1 => {
                    let crowded = dice.once_in(2);
                    let closed = StreamInput::Closed {
                        why: "cut",
                        crowded,
                    };
                    stream.hear(&closed, now, &mut news);
                }
                2 => {
                    let code = dice.below(600);
                    let text = format!(r#"[{{"T":"error","code":{code},"msg":"x"}}]"#);
                    stream.hear(&StreamInput::Message(text.as_bytes()), now, &mut news);
                }
                3 => {
                    now = stream.due().max(now);
                    stream.tick(now, &mut news);
                    assert!(stream.due() > now, "it is due again and again");
                }
                _ => {
                    let bytes = message(dice);
                    stream.hear(&StreamInput::Message(&bytes), now, &mut news);
                }
            }
            assert!(news.len() < 10_000);
        }
    });
}

#[test]
fn a_bar_that_was_sent_is_handed_on_whatever_comes_around_it() {
    fuzz("a_bar_that_was_sent", 10, |dice| {
        let mut stream = up(dice.number());
        let mut minutes: Vec<i64> = (0..8).collect();
        dice.shuffle(&mut minutes);
        for minute in minutes {
            while dice.once_in(2) {
                // One of a list spoils none of the others; here it is a list of its own.
                let mut noise =
                    br#"[{"T":"b","S":"AAPL","o":1,"h":2,"l":1,"c":1,"v":5,"t":""#.to_vec();
                bend(dice, &mut noise);
                noise.truncate(dice.below(noise.len().max(1)));
                let mut news = Vec::new();
                stream.hear(&StreamInput::Message(&noise), START, &mut news);
                let bad = news.iter().filter(|news| matches!(news, DataNews::Bad(_)));
                assert!(bad.count() <= 1, "{news:?}");
            }
            let start = START.plus_minutes(minute);
            let text = format!(
                r#"[{{"T":"zz","S":"AAPL"}},{{"T":"b","S":"AAPL","o":"x"}},{{"T":"b","S":"AAPL","o":1,"h":2,"l":1,"c":1.5,"v":5,"t":"{start}"}}]"#
            );
            let mut news = Vec::new();
            stream.hear(&StreamInput::Message(text.as_bytes()), START, &mut news);
            let bars = news.iter().filter(|news| {
                matches!(news, DataNews::Message(DataMessage::Bar(_, bar)) if bar.start == start)
            });
            assert_eq!(bars.count(), 1, "{news:?}");
            let bad = news.iter().filter(|news| matches!(news, DataNews::Bad(_)));
            assert_eq!(bad.count(), 1, "{news:?}");
        }
        assert!(stream.is_up());
    });
}
