//! What Alpaca says when it says no. Bodies may lack the code, or be no JSON at all; the same code
//! covers many texts, so that status, code and text count together.

use super::tape::{Format, Reader, View};

/// The longest text of a body that is kept.
const TEXT_MAX: usize = 300;

/// The body of an answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// Alpaca's eight digits; absent in some bodies.
    pub code: Option<u32>,
    /// Alpaca's words; the beginning of the body where that is no JSON.
    pub message: Box<str>,
    /// What goes with it: buying power, quantities, the order in the way.
    pub facts: Vec<(Box<str>, Box<str>)>,
}

impl ErrorBody {
    /// Reads a body, whatever it is.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader::new();
        match reader.read(Format::Json, bytes) {
            Ok(view) if view.is_object() => Self::of(view),
            _ => Self {
                code: None,
                message: shortened(&String::from_utf8_lossy(bytes)),
                facts: Vec::new(),
            },
        }
    }

    /// Reads the body from inside a message.
    #[must_use]
    pub fn of(view: View<'_>) -> Self {
        let code = view.number("code").ok().flatten();
        let fact = |(key, value): (std::borrow::Cow<'_, str>, View<'_>)| {
            if matches!(&*key, "code" | "message") || value.is_null() {
                return None;
            }
            let text = match value.as_text() {
                Some(text) => text.into_owned(),
                None if value.is_list() => value
                    .items()
                    .filter_map(View::as_text)
                    .collect::<Vec<_>>()
                    .join(" "),
                None => value.as_number()?.to_string(),
            };
            Some((shortened(&key), shortened(&text)))
        };
        Self {
            code: code
                .and_then(super::Number::integer)
                .and_then(|code| u32::try_from(code).ok()),
            message: shortened(&view.text("message").unwrap_or_default()),
            facts: view.pairs().filter_map(fact).take(8).collect(),
        }
    }

    /// Alpaca's words with what goes with them, as a person reads it.
    #[must_use]
    pub fn sentence(&self) -> Box<str> {
        if self.facts.is_empty() {
            return self.message.clone();
        }
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        format!("{} ({})", self.message, facts.join(", ")).into()
    }
}

fn shortened(text: &str) -> Box<str> {
    let text = text.trim();
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(TEXT_MAX).collect()
}

/// What a refusal is about, as far as anything here acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Keys are wrong, missing or without the right.
    Unauthorized,
    /// The request itself makes no sense to Alpaca.
    Malformed,
    /// Not enough buying power.
    BuyingPower,
    /// Shares are kept for other orders, or are not there.
    Quantity,
    /// It could trade against an order of our own.
    WashTrade,
    /// The account may not sell short, or the shares cannot be borrowed.
    Shorting,
    /// A buy and a short sale at once, while flat.
    OppositeOpening,
    /// Fractions of shares, or amounts of dollars, are not for this order.
    Fractional,
    /// Its value is too small.
    TooSmall,
    /// A change that changes nothing.
    Unchanged,
    /// Not at this time of day.
    TimeWindow,
    /// Day trading, under the rules before June 2026.
    DayTrading,
    /// The account may not trade.
    AccountBlocked,
    /// No such order.
    NoOrder,
    /// No such position.
    NoPosition,
    /// No such symbol or asset.
    NoAsset,
    /// The client order id was used before: the order exists.
    DuplicateId,
    /// A field is missing, wrong or of the wrong kind.
    Invalid,
    /// Not sent to an exchange yet, so that it cannot be replaced.
    NotSentYet,
    /// Over already.
    AlreadyOver,
    /// A price between two ticks.
    SubPenny,
    /// Not for extended hours.
    ExtendedHours,
    /// An exit pair or bracket that is none.
    Bracket,
    /// A stop on the wrong side of the market.
    StopThroughMarket,
    /// Opens where it was said to close, or the other way round.
    Intent,
    /// Only day orders, since the shares are hard to borrow.
    DayOnly,
    /// The subscription does not have this data.
    Subscription,
    /// Too many requests.
    RateLimit,
    /// Alpaca itself failed.
    Server,
    /// None of these.
    Other,
}

/// One row of what is known: the status's and the code's beginning, a part of the text, and what it is.
type Row = (&'static [u16], &'static [u32], &'static str, Reason);

/// What is known, the particular before the general. An empty list of codes matches every code.
const ROWS: &[Row] = &[
    (&[401], &[], "", Reason::Unauthorized),
    (&[403], &[], "forbidden.", Reason::Unauthorized),
    (
        &[403],
        &[],
        "subscription does not permit",
        Reason::Subscription,
    ),
    (
        &[403],
        &[],
        "insufficient buying power",
        Reason::BuyingPower,
    ),
    (&[403], &[], "insufficient qty available", Reason::Quantity),
    (&[403], &[], "wash trade", Reason::WashTrade),
    (&[403], &[], "not allowed to short", Reason::Shorting),
    (
        &[403],
        &[],
        "cannot open a long buy",
        Reason::OppositeOpening,
    ),
    (
        &[403],
        &[],
        "cannot open a short sell",
        Reason::OppositeOpening,
    ),
    (&[403], &[], "is not fractionable", Reason::Fractional),
    (
        &[403],
        &[],
        "fractional trading is disabled",
        Reason::Fractional,
    ),
    (
        &[403],
        &[],
        "unable to open new notional",
        Reason::Fractional,
    ),
    (&[403], &[], "cost basis must be", Reason::TooSmall),
    (&[403], &[], "not changed", Reason::Unchanged),
    (&[403], &[], "opg orders must", Reason::TimeWindow),
    (&[403], &[], "cls orders must", Reason::TimeWindow),
    (&[403], &[40_310_100], "", Reason::DayTrading),
    (&[403], &[], "pattern day trading", Reason::DayTrading),
    (&[403], &[], "not eligible", Reason::AccountBlocked),
    (&[403], &[], "blocked", Reason::AccountBlocked),
    (&[403], &[], "liquidation only", Reason::AccountBlocked),
    (&[404], &[], "order not found", Reason::NoOrder),
    (&[404], &[], "position does not exist", Reason::NoPosition),
    (&[404], &[], "symbol not found", Reason::NoAsset),
    (&[404], &[], "asset not found", Reason::NoAsset),
    (
        &[422, 409, 400],
        &[],
        "client_order_id must be unique",
        Reason::DuplicateId,
    ),
    (
        &[422],
        &[],
        "isn't sent to exchange yet",
        Reason::NotSentYet,
    ),
    (&[422], &[], "order is not open", Reason::AlreadyOver),
    (&[422], &[], "order is already in", Reason::AlreadyOver),
    (&[422], &[], "sub-penny", Reason::SubPenny),
    (&[422], &[], "cannot be sold short", Reason::Shorting),
    (&[422], &[], "fractional orders", Reason::Fractional),
    (&[422], &[], "notional must be", Reason::TooSmall),
    (&[422], &[], "extended hours", Reason::ExtendedHours),
    (&[422], &[], "bracket orders", Reason::Bracket),
    (&[422], &[], "than current price", Reason::StopThroughMarket),
    (&[422], &[], "position intent mismatch", Reason::Intent),
    (&[422], &[], "only day orders are allowed", Reason::DayOnly),
    (&[422], &[42_210_000], "not found", Reason::NoAsset),
    (&[422], &[42_210_000], "is not active", Reason::NoAsset),
    (&[422], &[40_010_001], "", Reason::Invalid),
    (&[400], &[], "", Reason::Malformed),
    (&[429], &[], "", Reason::RateLimit),
    (&[500, 502, 503, 504], &[], "", Reason::Server),
];

/// What a refusal is about. Fractions come before shorting where both are named.
#[must_use]
pub fn reason(status: u16, body: &ErrorBody) -> Reason {
    let message = body.message.to_ascii_lowercase();
    if message.contains("fractional orders cannot be sold short") {
        return Reason::Fractional;
    }
    let matches = |(statuses, codes, text, _): &&Row| {
        statuses.contains(&status)
            && (codes.is_empty() || body.code.is_some_and(|code| codes.contains(&code)))
            && message.contains(text)
    };
    ROWS.iter()
        .find(matches)
        .map_or(Reason::Other, |(.., reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of what is known: status, code, text, and what it is about. One test for each below.
    fn check(status: u16, code: u32, message: &str, wanted: Reason) {
        let text = serde_json::json!({"code": code, "message": message}).to_string();
        let body = ErrorBody::read(text.as_bytes());
        assert_eq!(body.code, Some(code));
        assert_eq!(reason(status, &body), wanted, "{status} {code} {message}");
    }

    macro_rules! rows {
        ($($name:ident: $status:literal $code:literal [$($message:literal),+] $reason:ident;)+) => {
            $(
                #[test]
                fn $name() {
                    $(check($status, $code, $message, Reason::$reason);)+
                }
            )+
        };
    }

    rows! {
        malformed_request: 400 40010001 ["request body format is invalid"] Malformed;
        bad_credentials: 401 40110000 ["unauthorized."] Unauthorized;
        buying_power: 403 40310000 ["insufficient buying power"] BuyingPower;
        reserved_shares: 403 40310000 ["insufficient qty available for order (requested: 12, available: 0)"] Quantity;
        wash_trade: 403 40310000 ["potential wash trade detected. use complex orders"] WashTrade;
        not_allowed_to_short: 403 40310000 ["account is not allowed to short"] Shorting;
        opposite_opening: 403 40310000 ["cannot open a long buy while a short sell order is open", "cannot open a short sell while a long buy order is open"] OppositeOpening;
        not_fractionable: 403 40310000 ["asset \"X\" is not fractionable"] Fractional;
        cost_basis: 403 40310000 ["cost basis must be >= minimal amount of order 1"] TooSmall;
        fractional_disabled: 403 40310000 ["fractional trading is disabled for this account"] Fractional;
        two_notional_closes: 403 40310000 ["unable to open new notional orders while having open closing position orders"] Fractional;
        nothing_changes: 403 40310000 ["order parameters are not changed"] Unchanged;
        opening_auction_window: 403 40310000 ["opg orders must be submitted after 7:00pm and before 9:28am"] TimeWindow;
        closing_auction_window: 403 40310000 ["cls orders must be submitted after 7:00pm and before 3:55pm"] TimeWindow;
        day_trading: 403 40310100 ["trade denied due to pattern day trading protection"] DayTrading;
        account_flags: 403 40310000 ["account not eligible to trade", "trading is blocked", "account is restricted to liquidation only"] AccountBlocked;
        no_order: 404 40410000 ["order not found", "order not found for c7f0a0b4"] NoOrder;
        no_position: 404 40410000 ["position does not exist"] NoPosition;
        no_symbol: 404 40410000 ["symbol not found: X"] NoAsset;
        no_asset: 404 40410000 ["asset not found for X", "asset not found"] NoAsset;
        duplicate_id: 422 40010001 ["client_order_id must be unique"] DuplicateId;
        long_id: 422 40010001 ["client_order_id must be no more than 128 characters"] Invalid;
        quantities: 422 40010001 ["qty must be > 0", "limit price must be > 0", "qty or notional is required", "only one of qty or notional is accepted"] Invalid;
        missing_prices: 422 40010001 ["limit orders require a limit price", "stop orders require a stop price", "stop limit orders require both stop and limit price", "market orders require no stop or limit price"] Invalid;
        trails: 422 40010001 ["trailing stop orders must specify one of trail_price or trail_percent", "trail_percent must be greater than or equal to 0.1"] Invalid;
        wrong_words: 422 40010001 ["invalid time_in_force", "invalid order type", "order_id is missing"] Invalid;
        replaced_too_early: 422 40010001 ["unable to replace order, order isn't sent to exchange yet"] NotSentYet;
        replaced_too_late: 422 42210000 ["unable to replace order, order is not open"] AlreadyOver;
        cancelled_too_late: 422 42210000 ["order is already in \"filled\" state", "order is already in \"canceled\" state"] AlreadyOver;
        sub_penny: 422 42210000 ["invalid limit_price 224.001. sub-penny increment does not fulfill minimum pricing criteria"] SubPenny;
        symbol_problems: 422 42210000 ["asset \"X\" not found", "asset X is not active"] NoAsset;
        cannot_be_sold_short: 422 42210000 ["asset \"X\" cannot be sold short"] Shorting;
        fractional_rules: 422 42210000 ["fractional orders must be DAY orders", "fractional orders must be simple orders", "fractional orders must be market, limit, stop, or stop_limit orders", "fractional orders cannot be sold short"] Fractional;
        notional_minimum: 422 42210000 ["notional must be >= 1.00"] TooSmall;
        extended_hours: 422 42210000 ["extended hours order must be DAY or GTC limit orders", "stop orders are not eligible for extended hours trading"] ExtendedHours;
        bracket_is_no_entry: 422 42210000 ["bracket orders must be entry orders"] Bracket;
        bracket_lacks_a_leg: 422 42210000 ["bracket orders require take_profit.limit_price"] Bracket;
        stop_through_the_market: 422 42210000 ["stop price must be less than current price", "stop price must be greater than current price"] StopThroughMarket;
        intent_mismatch: 422 42210000 ["position intent mismatch, inferred: sell_to_close, specified: sell_to_open"] Intent;
        hard_to_borrow: 422 42210000 ["only day orders are allowed for hard-to-borrow asset \"X\""] DayOnly;
        recent_sip_data: 403 42210000 ["subscription does not permit querying recent SIP data"] Subscription;
        recent_sip_data_with_another_code: 403 40010001 ["subscription does not permit querying recent SIP data"] Subscription;
        rate_limit: 429 42910000 ["rate limit exceeded", "too many requests"] RateLimit;
        server: 500 50010000 ["internal server error occurred"] Server;
        gateway_timeout: 504 50410000 ["request timed out"] Server;
    }

    #[test]
    fn a_code_may_come_under_another_family_of_status() {
        check(
            422,
            40_010_001,
            "client_order_id must be unique",
            Reason::DuplicateId,
        );
        check(
            409,
            40_910_000,
            "client_order_id must be unique",
            Reason::DuplicateId,
        );
    }

    #[test]
    fn a_body_may_lack_its_code_or_be_no_json() {
        let body = ErrorBody::read(br#"{"message":"unauthorized."}"#);
        assert_eq!(
            (body.code, reason(401, &body)),
            (None, Reason::Unauthorized)
        );
        let html = ErrorBody::read(b"<html><head><title>401</title></head></html>");
        assert_eq!(reason(401, &html), Reason::Unauthorized);
        assert!(html.message.starts_with("<html>"));
        let empty = ErrorBody::read(b"");
        assert_eq!((&*empty.message, reason(504, &empty)), ("", Reason::Server));
        assert_eq!(reason(418, &empty), Reason::Other);
        let long = ErrorBody::read("<p>\u{7}".repeat(400).as_bytes());
        assert!(long.message.chars().count() <= TEXT_MAX && !long.message.contains('\u{7}'));
    }

    #[test]
    fn what_goes_with_a_refusal_is_told_with_it() {
        let body = ErrorBody::read(br#"{"code":40310000,"message":"insufficient qty available for order (requested: 12, available: 0)","symbol":"AAPL","existing_qty":"12","held_for_orders":"12","available":"0","related_orders":["33cc","44dd"]}"#);
        let said = body.sentence();
        assert!(
            said.contains("held_for_orders 12") && said.contains("related_orders 33cc 44dd"),
            "{said}"
        );
    }
}
