//! What the peer answers to requests: an account with money and nothing in it, symbols that may all be
//! traded, no bars of the past. An order is refused, so that its symbol is free for the next one.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, Weekday};
use trader_contract::Timestamp;

/// The words of the refusal.
const REFUSED: &str = r#"{"code":40310000,"message":"insufficient buying power"}"#;
const ACCOUNT: &str = r#"{"id":"peer","account_number":"PEER","status":"ACTIVE","cash":"1000000","equity":"1000000","last_equity":"1000000","buying_power":"4000000","multiplier":"4","shorting_enabled":true}"#;

/// Status and body of the answer.
pub(super) fn answer(method: &str, target: &str, now: Timestamp) -> (u16, String) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if method == "POST" {
        return (403, REFUSED.to_owned());
    }
    let body = match path {
        "/v2/account" => ACCOUNT.to_owned(),
        "/v2/clock" => format!(
            r#"{{"timestamp":"{now}","is_open":true,"next_open":"{}","next_close":"{}"}}"#,
            now.plus_minutes(24 * 60),
            now.plus_minutes(3 * 60),
        ),
        "/v2/calendar" => calendar(query),
        "/v2/orders:by_client_order_id" => {
            return (
                404,
                r#"{"code":40410000,"message":"order not found"}"#.to_owned(),
            );
        }
        "/v2/stocks/bars" | "/v2/stocks/bars/latest" => {
            r#"{"bars":{},"next_page_token":null}"#.to_owned()
        }
        path => match path.strip_prefix("/v2/assets/") {
            Some(symbol) => format!(
                r#"{{"symbol":"{symbol}","status":"active","tradable":true,"marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true}}"#
            ),
            None => "[]".to_owned(),
        },
    };
    (200, body)
}

/// A full session on every weekday: what is measured happens where there are no holidays.
fn calendar(query: &str) -> String {
    let asked = |name: &str| -> Option<NaiveDate> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name)?.1.parse().ok()
    };
    let Some((first, last)) = asked("start").zip(asked("end")) else {
        return "[]".to_owned();
    };
    let days = first.iter_days().take_while(|day| *day <= last);
    let mut list = String::new();
    for day in days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)) {
        let comma = if list.is_empty() { "" } else { "," };
        // Writing into a text cannot fail.
        let _ = write!(
            list,
            r#"{comma}{{"date":"{day}","open":"09:30","close":"16:00"}}"#
        );
    }
    format!("[{list}]")
}

/// The whole answer as bytes.
pub(super) fn response((status, body): &(u16, String)) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        403 => "Forbidden",
        _ => "Not Found",
    };
    // A limit that nobody reaches.
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nX-RateLimit-Limit: 1000000\r\n\
         X-RateLimit-Remaining: 1000000\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
