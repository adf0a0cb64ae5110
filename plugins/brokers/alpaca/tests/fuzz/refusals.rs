//! What an answer proves, whatever its status and body: an order may be given up only where Alpaca itself
//! said no.

use trader_broker_alpaca::protocol::outcome::{Answer, HttpResult, Verdict};

use super::fuzz;
use super::mutate::{bend, message};

/// Bodies of refusals, and what proxies say.
const BODIES: [&str; 6] = [
    r#"{"code":40310000,"message":"insufficient buying power","buying_power":"18420.11"}"#,
    r#"{"code":42210000,"message":"stop price must be less than current price","stop_price":"229.9"}"#,
    r#"{"code":40010001,"message":"client_order_id must be unique"}"#,
    r#"{"message":"unauthorized."}"#,
    "<html><body>502 Bad Gateway</body></html>",
    "",
];

#[test]
fn only_alpacas_own_no_gives_an_order_up() {
    fuzz("only_alpacas_own_no", 1, |dice| {
        let mut body = match dice.below(3) {
            0 => message(dice),
            _ => dice.one_of(&BODIES).as_bytes().to_vec(),
        };
        if dice.once_in(2) {
            bend(dice, &mut body);
        }
        let status = u16::try_from(100 + dice.below(500)).unwrap();
        let answer = HttpResult::Answer(Answer {
            status,
            body: body.clone(),
            ..Answer::default()
        });
        let verdict = answer.verdict();
        assert_eq!(verdict == Verdict::Done, (200..300).contains(&status));
        if let Verdict::Refused { .. } = verdict {
            assert!((400..500).contains(&status), "{status}");
            assert!(!matches!(status, 408 | 429), "{status} proves nothing");
            let from_alpaca = body.first() == Some(&b'{') || status == 401;
            let has_code = String::from_utf8_lossy(&body).contains("code");
            assert!(from_alpaca || has_code, "{status} {body:?}");
        }
    });
}
