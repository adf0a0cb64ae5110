//! The limits with numbers: the last value that lets an entry pass, and the first that does not.

use trader_contract::{Direction, Money, OrderKind, Price, Quote, Ratio, Timestamp};
use trader_core::risk::exposure::{BySide, Exposure};
use trader_core::risk::rate::Sent;

use super::{Ask, expect, now, shares};
use crate::scene::symbol;

/// A limit: what it may be at least for the entry to pass, and the setting of it. One step below, the rule of
/// that name says no.
fn at_least(rule: &str, least: impl Fn(&Ask) -> i64, set: impl Fn(&mut Ask, i64)) {
    expect(None, |ask| {
        let least = least(ask);
        set(ask, least);
    });
    expect(Some(rule), |ask| {
        let least = least(ask);
        set(ask, least - 1);
    });
}

fn micros(money: Money) -> i64 {
    money.exact_micros().unwrap()
}

/// An amount as billionths of 100,000 dollars.
fn of_equity(money: Money) -> i64 {
    micros(money) / 100
}

const fn ratio(billionths: i64) -> Ratio {
    Ratio::from_billionths(billionths)
}

#[test]
fn an_order_is_no_larger_than_its_limits() {
    at_least(
        "order_shares",
        |_| 100,
        |ask, most| ask.limits.order_shares = shares(u32::try_from(most).unwrap()),
    );
    at_least(
        "volume_share",
        |_| 10_000_000,
        |ask, most| {
            ask.volume = Some(shares(10_000));
            ask.limits.volume_share = ratio(most);
        },
    );
    at_least(
        "order_value",
        |ask| micros(ask.value()),
        |ask, most| ask.limits.order_value = Money::from_micros(most),
    );
    at_least(
        "position_value",
        |ask| micros(ask.value()),
        |ask, most| ask.limits.position_value_max = Money::from_micros(most),
    );
    at_least(
        "position_fraction",
        |ask| of_equity(ask.value()),
        |ask, most| ask.limits.position_fraction = ratio(most),
    );
}

#[test]
fn what_may_fill_beyond_its_price_is_counted_there() {
    // A venue fills a stop entry up to 4 % beyond, a market order so far beyond the last price.
    let beyond = |price: Price| price.times(shares(104));
    for market in [false, true] {
        at_least(
            "order_value",
            |ask| micros(beyond(ask.price(if market { "100" } else { "100.10" }))),
            |ask, most| {
                ask.limits.fill_collar = ratio(40_000_000);
                if market {
                    ask.request.kind = OrderKind::Market;
                }
                ask.limits.order_value = Money::from_micros(most);
            },
        );
    }
    // A limit bounds a purchase; a sale takes its limit or more, so the last price or the trigger counts.
    for stop in [None, Some("100.10")] {
        at_least(
            "order_value",
            |ask| {
                let worst = match (ask.direction, stop) {
                    (Direction::Long, _) => ask.price("100.20"),
                    (Direction::Short, None) => ask.price("100"),
                    (Direction::Short, Some(stop)) => ask.price(stop),
                };
                micros(worst.times(shares(100)))
            },
            |ask, most| {
                let limit = ask.price("100.20");
                ask.request.kind = match stop {
                    None => OrderKind::Limit { limit },
                    Some(stop) => OrderKind::StopLimit {
                        stop: ask.price(stop),
                        limit,
                    },
                };
                ask.limits.fill_collar = ratio(40_000_000);
                ask.limits.order_value = Money::from_micros(most);
            },
        );
    }
}

/// What is held and may fill: 3,000 long of which 2,500 are sure, 2,000 short of which 1,500 are.
fn exposed(ask: &mut Ask) {
    let (long, short) = (Money::dollars(3_000), Money::dollars(2_000));
    let sure = BySide {
        long: Money::dollars(2_500),
        short: Money::dollars(1_500),
    };
    ask.exposure = Exposure {
        may: BySide { long, short },
        sure,
        route: Money::dollars(1_000),
        at_stops: Money::dollars(300),
        unconfirmed: Money::dollars(700),
    };
}

#[test]
fn everything_that_is_held_or_may_fill_counts_with_the_entry() {
    at_least(
        "gross_exposure",
        |ask| of_equity(Money::dollars(5_000) + ask.value()),
        |ask, most| {
            exposed(ask);
            ask.limits.gross_exposure = ratio(most);
        },
    );
    at_least(
        "net_exposure",
        |ask| {
            let outweighs = match ask.direction {
                Direction::Long => Money::dollars(3_000) - Money::dollars(1_500),
                Direction::Short => Money::dollars(2_000) - Money::dollars(2_500),
            };
            of_equity(outweighs + ask.value())
        },
        |ask, most| {
            exposed(ask);
            ask.limits.net_exposure = ratio(most);
        },
    );
    at_least(
        "route_exposure",
        |ask| of_equity(Money::dollars(1_000) + ask.value()),
        |ask, most| {
            exposed(ask);
            ask.limits.route_exposure = ratio(most);
        },
    );
    // Half of the buying power is left alone: of two millionths one counts.
    at_least(
        "buying_power",
        |ask| micros(Money::dollars(700) + ask.value()),
        |ask, most| {
            exposed(ask);
            ask.limits.buying_power_reserve = ratio(500_000_000);
            ask.spendable = Some(Money::from_micros(most * 2));
        },
    );
}

#[test]
fn a_price_lies_within_the_collar_and_the_farther_one_counts() {
    at_least(
        "price_collar",
        |_| 1_000_000,
        |ask, most| ask.limits.price_collar = ratio(most),
    );
    for limit in ["100.30", "99.80"] {
        let away = if limit == "100.30" {
            3_000_000
        } else {
            2_000_000
        };
        at_least(
            "price_collar",
            |_| away,
            |ask, most| {
                let (stop, limit) = (ask.price("100.10"), ask.price(limit));
                ask.request.kind = OrderKind::StopLimit { stop, limit };
                ask.limits.price_collar = ratio(most);
            },
        );
    }
    // At the market there is none.
    expect(None, |ask| {
        ask.request.kind = OrderKind::Market;
        ask.limits.price_collar = Ratio::ZERO;
    });
}

#[test]
fn the_market_is_entered_on_the_widest_spread_and_the_oldest_quote_that_are_allowed() {
    let quote = |bid: &str, ask: &str| Quote {
        at: now(),
        bid: Some(bid.parse().unwrap()),
        ask: Some(ask.parse().unwrap()),
        bid_size: 1,
        ask_size: 1,
    };
    at_least(
        "spread",
        |_| 1_000_000,
        |ask, most| {
            ask.request.kind = OrderKind::Market;
            ask.quote = Some((quote("100", "100.10"), 0));
            ask.limits.spread = ratio(most);
        },
    );
    at_least(
        "stale_quote",
        |_| 3_000_000_000,
        |ask, most| {
            ask.request.kind = OrderKind::Market;
            ask.quote = Some((quote("100", "100.10"), 3_000_000_000));
            ask.limits.quote_age_nanos = most;
        },
    );
    // A priced order waits for its price, whatever is quoted.
    expect(None, |ask| {
        ask.quote = Some((quote("100.10", "100"), i64::MAX));
        ask.limits.quote_age_nanos = 0;
    });
}

#[test]
fn no_trade_risks_more_than_its_share_and_its_amount() {
    let at_stop = Money::dollars(60);
    at_least(
        "risk_per_trade",
        |_| of_equity(at_stop),
        |ask, most| ask.limits.risk_per_trade = ratio(most),
    );
    at_least(
        "risk_per_trade",
        |_| micros(at_stop),
        |ask, most| ask.limits.risk_per_trade_max = Money::from_micros(most),
    );
}

#[test]
fn what_is_counted_is_counted_with_this_entry() {
    let count = |most: i64| u32::try_from(most).unwrap();
    at_least(
        "open_positions",
        |_| 3,
        |ask, most| {
            ask.hold("QQQ");
            ask.hold("IWM");
            ask.limits.open_positions = count(most);
        },
    );
    at_least(
        "entries_per_route",
        |_| 3,
        |ask, most| {
            let day = ask.book.day.as_mut().unwrap();
            day.entries.extend([("a".into(), 2), ("b".into(), 9)]);
            ask.limits.entries_per_route = count(most);
        },
    );
    at_least(
        "consecutive_losses",
        |_| 3,
        |ask, most| {
            ask.book.day.as_mut().unwrap().losses_in_a_row = 2;
            ask.limits.consecutive_losses = count(most);
        },
    );
    // None is no limit.
    expect(None, |ask| {
        ask.book.day.as_mut().unwrap().losses_in_a_row = 9;
        ask.limits.consecutive_losses = 0;
    });
}

#[test]
fn rates_count_the_minute_before_and_this_entry() {
    let minute = Timestamp::MINUTE;
    let count = |most: i64| u32::try_from(most).unwrap();
    let before = |ask: &mut Ask| {
        ask.sent_before("SPY", minute);
        ask.sent_before("QQQ", minute - 1);
        ask.sent_before("SPY", 1);
    };
    at_least(
        "entries_per_minute",
        |_| 3,
        |ask, most| {
            before(ask);
            ask.limits.entries_per_minute = count(most);
        },
    );
    at_least(
        "entries_per_minute_symbol",
        |_| 2,
        |ask, most| {
            before(ask);
            ask.limits.entries_per_minute_symbol = count(most);
        },
    );
}

#[test]
fn the_same_symbol_side_and_size_so_soon_is_sent_twice() {
    let second = Timestamp::SECOND;
    let twice = |change: fn(&mut Sent), ago: i64, rule| {
        expect(rule, |ask| {
            ask.limits.duplicate_nanos = second;
            let mut sent = Sent::new(now().plus_nanos(-ago), &ask.request);
            change(&mut sent);
            ask.sent.push(sent);
        });
    };
    twice(|_| (), second - 1, Some("duplicate"));
    twice(|_| (), second, None);
    twice(|sent| sent.symbol = symbol("QQQ"), 1, None);
    twice(|sent| sent.side = sent.side.opposite(), 1, None);
    twice(|sent| sent.qty = shares(101), 1, None);
    // The newest of them counts.
    expect(Some("duplicate"), |ask| {
        ask.limits.duplicate_nanos = second;
        for ago in [second, 1] {
            let sent = Sent::new(now().plus_nanos(-ago), &ask.request);
            ask.sent.push(sent);
        }
    });
}

#[test]
fn a_day_and_an_account_that_have_lost_their_share_enter_no_more() {
    // 25,000 of 125,000 are lost: exactly a fifth ends it.
    let lost = Money::dollars(125_000);
    let fifth = 200_000_000;
    at_least(
        "drawdown",
        |_| fifth + 1,
        |ask, most| {
            ask.book.peak = Some(lost);
            ask.limits.drawdown = ratio(most);
        },
    );
    expect(Some("daily_loss"), |ask| {
        ask.book.day.as_mut().unwrap().equity_at_open = lost;
        ask.limits.daily_loss = ratio(fifth);
    });
    // What this and every other trade may lose at their stops must fit in as well: 300 and 60 dollars.
    at_least(
        "daily_loss_at_stop",
        |_| 202_880_000,
        |ask, most| {
            exposed(ask);
            ask.book.day.as_mut().unwrap().equity_at_open = lost;
            ask.limits.daily_loss = ratio(most);
        },
    );
}

#[test]
fn without_sessions_nothing_is_counted_by_the_day() {
    expect(None, |ask| {
        ask.book.day = None;
        ask.limits.entries_per_route = 0;
        ask.limits.consecutive_losses = 1;
        ask.limits.daily_loss = Ratio::ZERO;
    });
}
