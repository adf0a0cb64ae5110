//! Alpaca: keys, account, whether paper or live, clock, calendar, the plan's prices, and both streams.
//! Each question has its own patience, so that one that hangs leaves the others their answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use trader_broker_alpaca::face::credentials::CredentialError;
use trader_broker_alpaca::face::{
    AskError, DataChannel, Endpoint, Feed, FeedItem, History, Inquiry, Keys, Live, MarketData,
    MarketDataSettings, Outlet, Paper, Put, StartError, Subscriptions, Trading, TradingSettings,
    init,
};
use trader_broker_alpaca::wire::account::Account;
use trader_calendar::new_york;
use trader_contract::{BrokerEvent, FeedEvent, Symbol, advice};
use trader_rpc::{Check, Link, LinkState};

use super::{Doctor, Streams, bad, good, left_out, warning};
use crate::config::{AlpacaEndpoint, BrokerKind, ClockKind, Mode};
use crate::{alpaca, clock, keys};

/// How long an answer may take, or a stream until it stands.
const PATIENCE: Duration = Duration::from_secs(8);
/// Days ahead that the calendars are compared.
const DAYS_AHEAD: u64 = 14;
/// Below this equity in dollars there is no margin: nothing is sold short.
const NO_MARGIN: i64 = 2_000;
/// Below this equity in dollars day trades of a marked account were limited.
const DAY_TRADER: i64 = 25_000;
/// A symbol that every feed has.
const EVERYWHERE: &str = "SPY";
const LOOK: &str =
    "look at the network and at alpaca.address, then at https://status.alpaca.markets";

/// Looks at Alpaca, if the configuration has anything to do with it.
pub(super) async fn checks(doctor: &Doctor, streams: Streams<'_>) -> Vec<Check> {
    let settings = &doctor.config.alpaca;
    let trades_there = doctor.config.broker.kind == BrokerKind::Alpaca;
    let keys = match alpaca::keys_beside(settings) {
        Ok(keys) => keys,
        Err(CredentialError::None { .. }) if !trades_there => {
            let finding = "not used: the exchange is inside this program, and there are no keys";
            return vec![left_out("keys", finding)];
        }
        Err(error) => {
            return vec![bad(
                "keys",
                error.to_string(),
                "put both lines of the keys into a file of mode 0600; nothing at Alpaca can be looked at \
                 without",
            )];
        }
    };
    init();
    match settings.endpoint {
        AlpacaEndpoint::Paper => at(doctor, &Paper::new(), keys, streams).await,
        AlpacaEndpoint::Live => {
            // Only looked at: whose account it is, is a finding.
            let named = std::env::var(keys::VARIABLE).unwrap_or_default();
            at(doctor, &Live::of_account(&named), keys, streams).await
        }
        AlpacaEndpoint::Simulator => match alpaca::simulator(settings) {
            Ok(simulator) => at(doctor, &simulator, keys, streams).await,
            Err(error) => vec![bad("keys", error.to_string(), "set alpaca.address")],
        },
    }
}

async fn at<E: Endpoint>(
    doctor: &Doctor,
    endpoint: &E,
    keys: Keys,
    streams: Streams<'_>,
) -> Vec<Check> {
    let feed = alpaca::feed(&doctor.config.alpaca);
    let asking = MarketDataSettings::new(keys.clone(), feed, clock::venue);
    let made = Inquiry::new(endpoint, &keys, clock::venue)
        .and_then(|inquiry| Ok((inquiry, History::new(endpoint, &asking)?)));
    let (inquiry, history) = match made {
        Ok(made) => made,
        Err(error) => {
            return vec![bad(
                "keys",
                error.to_string(),
                "correct the file of the keys",
            )];
        }
    };
    let (account, time, prices) = tokio::join!(
        within(inquiry.account()),
        within(inquiry.clock()),
        within(latest(&history)),
    );
    let mut checks = vec![keys_of(&account, E::NAME)];
    let Ok(account) = &account else {
        // Nothing else is worth a word until that is right.
        let names = ["account", "mode", "clock", "calendar", "feed"];
        checks.extend(names.map(|name| left_out(name, "see keys")));
        checks.extend(left_alone("see keys"));
        return checks;
    };
    checks.push(account_of(account));
    checks.push(mode_of(doctor, account));
    checks.push(clock_of(doctor, &time, matches!(streams, Streams::Own(..))));
    let today = time.as_ref().map(|(shown, _)| new_york::date(shown.at));
    checks.push(match today {
        Ok(today) => calendar_of(doctor, &inquiry, today).await,
        Err(_) => left_out("calendar", "see clock"),
    });
    checks.push(feed_of(feed, &prices));
    checks.extend(match streams {
        Streams::Own(orders, prices) if doctor.config.broker.kind == BrokerKind::Alpaca => {
            vec![
                link_of("trading_stream", orders),
                link_of("data_stream", prices),
            ]
        }
        Streams::Own(..) => left_alone("the daemon that runs does not trade there"),
        Streams::LeftAlone(why) => left_alone(why),
        Streams::None => {
            let (orders, prices) = tokio::join!(
                trading_stream(endpoint, &keys),
                data_stream(endpoint, asking.clone()),
            );
            vec![orders, prices]
        }
    });
    checks
}

/// An answer within our patience.
async fn within<T>(asked: impl Future<Output = Result<T, AskError>>) -> Result<T, AskError> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or_else(|_| {
        Err(AskError::Unanswered {
            why: format!("nothing came in {} s", PATIENCE.as_secs()).into(),
        })
    })
}

async fn latest(history: &History) -> Result<usize, AskError> {
    let Ok(symbol) = EVERYWHERE.parse::<Symbol>() else {
        return Ok(0);
    };
    Ok(history.latest_bars(&[symbol]).await?.len())
}

fn keys_of(account: &Result<Account, AskError>, endpoint: &str) -> Check {
    let name = "keys";
    match account {
        Ok(_) => good(name, format!("Alpaca takes them ({endpoint})")),
        Err(error @ AskError::Refused { .. }) => bad(
            name,
            format!("{error} ({endpoint})"),
            "paper and live have keys of their own: take those of this account from Alpaca's dashboard, \
             put them into the file and restart",
        ),
        Err(error) => bad(name, error.to_string(), LOOK),
    }
}

fn account_of(account: &Account) -> Check {
    let name = "account";
    let number = account.name();
    if let Some(obstacle) = account.obstacle() {
        return bad(
            name,
            format!("{number}: {obstacle}"),
            "Alpaca's dashboard says why, or its support; nothing can be opened until then",
        );
    }
    let dollars = |number: Option<trader_broker_alpaca::wire::Number>| {
        number.map_or_else(|| "?".to_owned(), |number| format!("${number}"))
    };
    let found = format!(
        "{number} is {}; equity {}, buying power {}",
        account.status,
        dollars(account.equity),
        dollars(account.buying_power)
    );
    let equity = account.equity.and_then(whole);
    let below = |limit: i64| equity.is_some_and(|equity| equity < i128::from(limit));
    if account.pattern_day_trader == Some(true) && below(DAY_TRADER) {
        return warning(
            name,
            format!("{found}; marked as a pattern day trader below ${DAY_TRADER}"),
            "day trades may be refused; ask Alpaca to take the mark away, or keep more equity",
        );
    }
    if account.shorting_enabled == Some(false) || below(NO_MARGIN) {
        return warning(
            name,
            format!("{found}; it may not sell short"),
            "short entries will be refused; a margin account with $2,000 or more may",
        );
    }
    good(name, found)
}

/// Whole dollars of an amount, downwards.
fn whole(amount: trader_broker_alpaca::wire::Number) -> Option<i128> {
    amount.rounded(0, trader_broker_alpaca::wire::Rounding::Down)
}

fn mode_of(doctor: &Doctor, account: &Account) -> Check {
    let name = "mode";
    let config = &doctor.config;
    let (mode, endpoint) = (config.mode, config.alpaca.endpoint);
    let number = account.name();
    let named = std::env::var(keys::VARIABLE).ok();
    if mode == Mode::Live
        && let Err(error) = keys::live_account(mode, named.as_deref(), Some(number))
    {
        let next =
            "set it in the unit's environment (systemctl edit traderd), as the account's number";
        return bad(name, error.to_string(), next);
    }
    if endpoint == AlpacaEndpoint::Live && account.is_paper() {
        let finding = format!("alpaca.endpoint is live, and {number} is a paper account");
        return bad(name, finding, "put the live account's keys into the file");
    }
    if endpoint == AlpacaEndpoint::Paper && account.number.is_some() && !account.is_paper() {
        let finding =
            format!("alpaca.endpoint is paper, and {number} is no number of a paper account");
        return warning(
            name,
            finding,
            "see that these are the keys of the paper account",
        );
    }
    good(
        name,
        format!("mode {mode}, endpoint {endpoint}, account {number}"),
    )
}

fn clock_of(
    doctor: &Doctor,
    time: &Result<(trader_broker_alpaca::wire::asset::Clock, i64), AskError>,
    running: bool,
) -> Check {
    let name = "clock";
    let ahead = match time {
        Ok((_, ahead)) => *ahead,
        Err(error) => return bad(name, error.to_string(), LOOK),
    };
    if doctor.config.market.clock == ClockKind::Venue && !running {
        return left_out(
            name,
            "the daemon follows the simulator's clock, whatever ours says",
        );
    }
    let milliseconds = ahead.div_euclid(1_000_000);
    let most = i64::from(doctor.config.watch.skew_ms);
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let off = match milliseconds.abs() {
        off @ ..10_000 => format!("{off} ms"),
        off => format!("{} s", off.div_euclid(1_000)),
    };
    let found = format!("ours is {off} {side} Alpaca's");
    if milliseconds.abs() > most {
        return bad(
            name,
            format!("{found}, more than watch.skew_ms = {most}: nothing is entered"),
            "have systemd-timesyncd or chrony set it: timedatectl set-ntp true",
        );
    }
    good(name, found)
}

async fn calendar_of(doctor: &Doctor, inquiry: &Inquiry, today: chrono::NaiveDate) -> Check {
    let name = "calendar";
    let last = today.checked_add_days(chrono::Days::new(DAYS_AHEAD));
    let last = last.unwrap_or(today);
    let ours = match doctor.calendar.sessions(today..=last) {
        Ok(ours) => ours,
        Err(error) => {
            return bad(
                name,
                error.to_string(),
                "update traderd: its calendar has ended",
            );
        }
    };
    let theirs = match within(inquiry.calendar(today, last)).await {
        Ok(theirs) => theirs,
        Err(error) => return bad(name, error.to_string(), LOOK),
    };
    let differing = alpaca::differing_days(ours, &theirs);
    if differing.is_empty() {
        let sessions = ours.len();
        return good(
            name,
            format!("both have the same {sessions} sessions to {last}"),
        );
    }
    let days: Vec<String> = differing.iter().map(|day| day.date.to_string()).collect();
    bad(
        name,
        format!("Alpaca's hours differ from ours on {}", days.join(", ")),
        "correct the file that calendar.overrides names, or update traderd",
    )
}

fn feed_of(feed: Feed, prices: &Result<usize, AskError>) -> Check {
    let name = "feed";
    let word = feed.word();
    match prices {
        Ok(0) => warning(
            name,
            format!("{word} has no minute of {EVERYWHERE}"),
            "look again while the exchange is open",
        ),
        Ok(_) => good(name, format!("the plan has {word}")),
        Err(error @ AskError::Refused { .. }) => bad(
            name,
            format!("{word}: {error}"),
            "set alpaca.feed to one that the plan has (iex is free), or subscribe to it",
        ),
        Err(error) => bad(name, format!("{word}: {error}"), LOOK),
    }
}

fn left_alone(why: &str) -> Vec<Check> {
    ["trading_stream", "data_stream"]
        .map(|name| left_out(name, format!("not opened: {why}")))
        .into()
}

/// A stream of the daemon that looks at itself.
fn link_of(name: &str, link: &Link) -> Check {
    let (detail, next) = advice::split(link.detail.as_deref().unwrap_or("no reason given"));
    match link.state {
        LinkState::Up => good(name, "the daemon's own stands"),
        LinkState::Off => left_out(name, "not needed now"),
        LinkState::Connecting => warning(name, "being made", "look again"),
        LinkState::Stale => bad(
            name,
            format!("it stands and brings nothing; {detail}"),
            "traderctl logs has more; the daemon makes it anew by itself",
        ),
        LinkState::Down => bad(name, format!("it is down: {detail}"), next.unwrap_or(LOOK)),
    }
}

/// What a stream that is being opened says of itself.
#[derive(Default)]
struct Heard {
    stands: Notify,
    /// Why it does not stand.
    lost: Mutex<Box<str>>,
}

/// Hears when a stream stands, or why it does not; whatever else comes is nobody's.
fn standing<T: Send + 'static>(link: fn(&T) -> Option<(bool, &str)>) -> (Outlet<T>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let tell = Arc::clone(&heard);
    let outlet: Outlet<T> = Arc::new(move |item| {
        match link(&item) {
            Some((true, _)) => tell.stands.notify_one(),
            Some((false, why)) => {
                *tell.lost.lock().unwrap_or_else(PoisonError::into_inner) = why.into();
            }
            None => {}
        }
        Put::Taken
    });
    (outlet, heard)
}

async fn heard(name: &str, heard: &Heard) -> Check {
    if tokio::time::timeout(PATIENCE, heard.stands.notified())
        .await
        .is_ok()
    {
        return good(name, "it opens and takes the keys");
    }
    let lost = heard.lost.lock().unwrap_or_else(PoisonError::into_inner);
    let found = format!("it did not stand within {} s", PATIENCE.as_secs());
    match advice::split(&lost) {
        (why, Some(next)) => bad(name, format!("{found}: {why}"), next),
        _ => bad(
            name,
            found,
            "one program with these keys may have it: end the other one; if there is none, look at the \
             network, then at https://status.alpaca.markets",
        ),
    }
}

fn not_started(name: &str, error: &StartError) -> Check {
    bad(name, error.to_string(), "correct the file of the keys")
}

async fn trading_stream<E: Endpoint>(endpoint: &E, keys: &Keys) -> Check {
    let name = "trading_stream";
    let (events, told) = standing(|event: &BrokerEvent| match event {
        BrokerEvent::Link { up, why } => Some((*up, &**why)),
        _ => None,
    });
    let settings = TradingSettings::new(keys.clone(), clock::venue);
    match Trading::start(endpoint, settings, &[], events) {
        Ok(trading) => {
            let check = heard(name, &told).await;
            trading.stop().await;
            check
        }
        Err(error) => not_started(name, &error),
    }
}

async fn data_stream<E: Endpoint>(endpoint: &E, settings: MarketDataSettings) -> Check {
    let name = "data_stream";
    let (items, told) = standing(|item: &FeedItem| match item {
        FeedItem::Feed(FeedEvent::Link { up, why, .. }) => Some((*up, &**why)),
        _ => None,
    });
    let mut wanted = Subscriptions::NONE;
    wanted.add(DataChannel::Bars, EVERYWHERE);
    match MarketData::start(endpoint, settings, wanted, items) {
        Ok(data) => {
            let check = heard(name, &told).await;
            data.stop().await;
            check
        }
        Err(error) => not_started(name, &error),
    }
}
