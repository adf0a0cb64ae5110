//! Times as clients write them in queries.

use chrono::{NaiveDate, NaiveTime};
use trader_calendar::new_york;
use trader_contract::Timestamp;

use super::request::{Refusal, Request};

/// A time of the query: RFC 3339, or a date, which is its midnight in New York.
pub(crate) fn read(request: &Request, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = request.asked(name) else {
        return Ok(None);
    };
    let invalid = || Refusal::invalid(format!("{name} must be a date or an RFC 3339 time"));
    parse(text).map(Some).ok_or_else(invalid)
}

/// A time or a date. Some clients lose the plus sign of an offset on the way, as forms do; others
/// leave out the offset.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return new_york::timestamp(date.and_time(NaiveTime::MIN));
    }
    let text = text.replacen(' ', if text.contains('T') { "+" } else { "T" }, 1);
    let read = text.parse().ok();
    read.or_else(|| format!("{text}Z").parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_spelling_that_clients_use() {
        let at = Some("2026-11-20T14:30:00Z".parse().unwrap());
        for text in [
            "2026-11-20T14:30:00Z",
            "2026-11-20T14:30:00+00:00",
            "2026-11-20T14:30:00 00:00",
            "2026-11-20T14:30:00",
            "2026-11-20T09:30:00-05:00",
        ] {
            assert_eq!(parse(text), at, "{text}");
        }
        assert_eq!(
            parse("2026-11-20"),
            Some("2026-11-20T05:00:00Z".parse().unwrap())
        );
        assert_eq!(parse("yesterday"), None);
    }
}
