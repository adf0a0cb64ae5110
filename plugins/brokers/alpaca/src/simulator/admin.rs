//! The admin interface: faults, the clock, and the hand on the exchange. What changes the world goes
//! through the journal like every other request; the rest concerns this process only.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::FaultKind;
use trader_contract::{Ratio, SymbolId, Timestamp};

use super::request::{Fields, Method, Refusal, Reply, Request};
use super::world::World;
use super::{decimal, rest};

/// When an updated bar is told, after the start of its minute.
const UPDATED_BAR_SECONDS: i64 = 90;

/// What `--help` says of it.
pub(super) const HELP: &str = "\
Admin interface (loopback only, no keys; JSON bodies; ! marks a member that is required):
  GET    /admin/state    the clock, how many faults are to come, what the account holds
  POST   /admin/clock    advance_seconds or advance_to (RFC 3339); pace
  POST   /admin/faults   fault!, count, method, path, event, status, html, without_headers,
                         milliseconds; the fault is one of
           about requests    delay_response error_before error_after rate_limit
                             cut_response half_open
           about events      drop_event duplicate_event delay_event swap_events
           about handshakes  refuse_handshake
           about data streams  stream_error: status is the code, path the stream (/v2/iex, ..),
                             event the message that it answers: auth, subscribe or unsubscribe
  DELETE /admin/faults   takes back what has not happened
  POST   /admin/streams  cut, mute: trading, v2/iex, v2/sip, .. or all
                         second_trading_stream: displace, refuse or allow
                         auth_timeout_milliseconds
  POST   /admin/limits   trading_per_minute, data_per_minute
  POST   /admin/orders/reject   the next order is accepted and then rejected
  POST   /admin/orders/refuse   code, message: the next request about an order is refused
  POST   /admin/orders/correct  order_id or execution_id!, qty, price: an execution is
                         changed, or void without both
  POST   /admin/exchange submit_milliseconds, cancel_milliseconds, replace_milliseconds,
                         partial_fill_probability, partial_fill_retry_milliseconds,
                         slippage_basis_points, participation, regulatory_fees,
                         silent_sibling_cancel, dividends: whether the made-up ones are paid
  POST   /admin/account  blocked: why the account may open nothing; it may without
  POST   /admin/deposit  amount!: dollars that the owner pays in, or takes out where negative
  POST   /admin/dividend symbol!, rate!, ex_date, payable_date: announces a cash dividend of
                         so many dollars a share, and it is paid
  POST   /admin/split    symbol!, new!, old!, ex_date: who held old shares holds new ones from
                         that day on, the next session if none is named; open orders are
                         cancelled before it opens, and fractions are paid out
  POST   /admin/halt     symbol!, halted!, reason
  POST   /admin/asset    symbol!, shortable, easy_to_borrow, tradable, fractionable
  POST   /admin/market   symbol!, kind!: correction, cancel, updated_bar, luld or imbalance;
                         an updated bar is told half a minute after its minute
";

/// Whether a request is for the admin interface.
pub(super) fn is_admin(path: &str) -> bool {
    path.starts_with("/admin/")
}

/// Whether a request changes the world, and so belongs into the journal.
pub(super) fn changes_world(request: &Request) -> bool {
    let subject = request.parts().get(1).copied().unwrap_or_default();
    request.method == Method::Post
        && matches!(
            subject,
            "account"
                | "orders"
                | "exchange"
                | "deposit"
                | "dividend"
                | "split"
                | "halt"
                | "asset"
                | "market"
        )
}

/// Carries out a request that changes the world.
pub(super) fn apply(world: &mut World, request: &Request) -> Reply {
    let done = match request.parts().as_slice() {
        ["admin", "orders", "reject"] => {
            world.exchange().fail_next(FaultKind::RejectAfterAccepting);
            Ok(())
        }
        ["admin", "orders", "refuse"] => refuse(world, request),
        ["admin", "orders", "correct"] => {
            request.fields().and_then(|fields| world.correct(&fields))
        }
        ["admin", "exchange"] => exchange(world, request),
        ["admin", "account"] => {
            let blocked = request.fields();
            blocked.map(|fields| world.set_blocked(fields.text("blocked")))
        }
        ["admin", "deposit"] => request.fields().and_then(|fields| world.deposit(&fields)),
        ["admin", "dividend"] => dividend(world, request),
        ["admin", "split"] => split(world, request),
        ["admin", "halt"] => halt(world, request),
        ["admin", "asset"] => asset(world, request),
        ["admin", "market"] => market(world, request),
        _ => Err(Refusal::not_found(
            "no such admin command; alpaca-sim --help lists them",
        )),
    };
    match done {
        Ok(()) => Reply::ok(json!({"done": true})),
        Err(refusal) => refusal.into(),
    }
}

fn refuse(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let code = fields.get("code").and_then(Value::as_u64);
    let code = code
        .and_then(|code| u32::try_from(code).ok())
        .unwrap_or(40_310_000);
    let message = fields
        .text("message")
        .unwrap_or("insufficient buying power");
    world.exchange().fail_next(FaultKind::Refuse {
        code,
        message: message.into(),
    });
    Ok(())
}

/// A member that is a number of milliseconds, in nanoseconds.
fn milliseconds(fields: &Fields, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(decimal) = fields.decimal(name)? else {
        return Ok(None);
    };
    let nanos = i64::try_from((decimal * Decimal::from(1_000_000)).trunc().mantissa()).ok();
    let nanos = nanos.filter(|nanos| *nanos >= 0);
    let words = format!("{name} must be a number of milliseconds");
    nanos.map(Some).ok_or_else(|| Refusal::invalid(words))
}

/// A member that is a share from 0 to 1.
fn share(fields: &Fields, name: &str) -> Result<Option<Ratio>, Refusal> {
    let Some(decimal) = fields.decimal(name)? else {
        return Ok(None);
    };
    let read = (Decimal::ZERO..=Decimal::ONE).contains(&decimal);
    let read = read.then(|| decimal::text(decimal).parse().ok()).flatten();
    read.map(Some)
        .ok_or_else(|| Refusal::invalid(format!("{name} must be from 0 to 1")))
}

fn exchange(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let submit = milliseconds(&fields, "submit_milliseconds")?;
    let cancel = milliseconds(&fields, "cancel_milliseconds")?;
    let replace = milliseconds(&fields, "replace_milliseconds")?;
    let retry = milliseconds(&fields, "partial_fill_retry_milliseconds")?;
    let probability = share(&fields, "partial_fill_probability")?;
    let participation = share(&fields, "participation")?;
    let slippage = fields.get("slippage_basis_points").and_then(Value::as_u64);
    let slippage = slippage.and_then(|points| u32::try_from(points).ok());
    if fields.get("silent_sibling_cancel").is_some() {
        world.switches.silent_sibling_cancel = fields.flag("silent_sibling_cancel");
    }
    if fields.get("dividends").is_some() {
        world.switches.dividends = fields.flag("dividends");
    }
    let charges = fields.get("regulatory_fees").and_then(Value::as_bool);
    world.exchange().configure(|config| {
        config.fees.regulatory = charges.unwrap_or(config.fees.regulatory);
        let latency = &mut config.latency;
        latency.submit = submit.unwrap_or(latency.submit);
        latency.cancel = cancel.unwrap_or(latency.cancel);
        latency.replace = replace.unwrap_or(latency.replace);
        config.split.retry = retry.unwrap_or(config.split.retry).max(1);
        config.split.probability = probability.unwrap_or(config.split.probability);
        config.participation = participation.or(config.participation);
        config.slippage.basis_points = slippage.unwrap_or(config.slippage.basis_points);
    });
    Ok(())
}

fn place(world: &World, fields: &Fields) -> Result<usize, Refusal> {
    let symbol = fields.text("symbol").unwrap_or_default();
    let found = world.market.find(symbol);
    found.ok_or_else(|| Refusal::not_found(format!("symbol not found: {symbol}")))
}

fn dividend(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let asset = place(world, &fields)?;
    world.announce_dividend(asset, &fields)
}

fn split(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let asset = place(world, &fields)?;
    world.announce_split(asset, &fields)
}

fn halt(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let asset = place(world, &fields)?;
    let Some(Value::Bool(halted)) = fields.get("halted") else {
        return Err(Refusal::invalid("halted must be true or false"));
    };
    world.set_halted(asset, *halted, fields.text("reason"));
    Ok(())
}

fn asset(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let place = place(world, &fields)?;
    if let Some(asset) = world.market.assets_mut().get_mut(place) {
        let flags = [
            ("shortable", &mut asset.shortable),
            ("easy_to_borrow", &mut asset.easy_to_borrow),
            ("tradable", &mut asset.tradable),
            ("fractionable", &mut asset.fractionable),
        ];
        for (name, flag) in flags {
            if let Some(Value::Bool(value)) = fields.get(name) {
                *flag = *value;
            }
        }
    }
    let listed = world.market.asset(place);
    let shortable = listed.is_some_and(super::assets::Asset::can_be_sold_short);
    if let Ok(id) = u32::try_from(place) {
        world.exchange().set_shortable(SymbolId::new(id), shortable);
    }
    Ok(())
}

/// Says something on the market data streams that the market does not say by itself.
fn market(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let fields = request.fields()?;
    let asset = place(world, &fields)?;
    let now = world.now();
    let Some(listed) = world.market.asset(asset).cloned() else {
        return Ok(());
    };
    let (symbol, tape, venue) = (listed.symbol.as_str(), listed.tape(), "V");
    let feed = super::market::Feed::Sip;
    let print = world.market.last_print(asset, now, feed);
    let missing = || Refusal::unprocessable("the asset has not traded yet");
    let print = print.ok_or_else(missing)?;
    let price =
        |cents: i64| decimal::number(decimal::of_price(print.price) + Decimal::new(cents, 2));
    let (t, mut at) = (now.to_string(), now);
    let (channel, message) = match fields.text("kind").unwrap_or_default() {
        "correction" => (
            "corrections",
            json!({
                "T": "c", "S": symbol, "x": venue, "oi": print.id, "op": price(0), "os": print.size,
                "oc": ["@"], "ci": print.id.saturating_add(1), "cp": price(-1), "cs": print.size,
                "cc": ["@"], "t": t, "z": tape,
            }),
        ),
        "cancel" => (
            "cancelErrors",
            json!({
                "T": "x", "S": symbol, "i": print.id, "x": venue, "p": price(0), "s": print.size,
                "a": "C", "t": t, "z": tape,
            }),
        ),
        "luld" => (
            "lulds",
            json!({
                "T": "l", "S": symbol, "u": price(500), "d": price(-500), "i": "B", "t": t, "z": tape,
            }),
        ),
        "imbalance" => (
            "imbalances",
            json!({
                "T": "i", "S": symbol, "p": price(0), "t": t, "z": tape,
            }),
        ),
        "updated_bar" => {
            let bar = world.market.last_minute(asset, now).ok_or_else(missing)?;
            at = bar.start.plus_seconds(UPDATED_BAR_SECONDS);
            let mut candle = super::market::Candle::of_minute(&bar, feed);
            candle.volume = candle.volume.saturating_add(100);
            candle.trades = candle.trades.saturating_add(1);
            let mut message = rest::data::bar(&candle);
            if let Value::Object(members) = &mut message {
                members.insert("T".to_owned(), json!("u"));
                members.insert("S".to_owned(), json!(symbol));
            }
            ("updatedBars", message)
        }
        other => return Err(Refusal::invalid(format!("unknown kind {other:?}"))),
    };
    world.tell_market_at(at, channel, asset, message);
    Ok(())
}

/// A time to which the clock is to go.
pub(super) fn target(fields: &Fields, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    if let Some(text) = fields.text("advance_to") {
        let read = text.parse().map(Some);
        return read.map_err(|_| Refusal::invalid("advance_to must be an RFC 3339 time"));
    }
    let Some(seconds) = fields.decimal("advance_seconds")? else {
        return Ok(None);
    };
    let nanos = i64::try_from(
        (seconds * Decimal::from(Timestamp::SECOND))
            .trunc()
            .mantissa(),
    )
    .ok();
    let nanos = nanos.filter(|nanos| *nanos >= 0);
    let words = "advance_seconds must be a number that is not negative";
    let nanos = nanos.ok_or_else(|| Refusal::invalid(words))?;
    Ok(Some(now.plus_nanos(nanos)))
}
