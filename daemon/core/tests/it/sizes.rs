//! Sizes by risk: each limit that leaves less room than the risk does cuts the size to what it leaves.

use trader_contract::{Direction, EntrySize, Intent, Money, Qty};
use trader_core::Watch;
use trader_core::risk::limits::Limits;

use crate::scene::{Scene, Setup};

/// With 6,000 dollars at risk and 60 cents to the stop: 10,000 shares, were there no other limit.
fn by_risk(change: impl Fn(&mut Setup)) -> Setup {
    let mut setup = Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    };
    setup.limits.risk_per_trade_max = Money::dollars(6_000);
    change(&mut setup);
    setup
}

/// The shares of an entry in SPY at about 100 dollars, sized by risk, after what `before` does.
fn sized(setup: &Setup, direction: Direction, before: impl Fn(&mut Scene)) -> i64 {
    let mut scene = Scene::new(direction, setup.clone());
    before(&mut scene);
    let mut entry = scene.entry();
    if let Intent::Enter { size, .. } = &mut entry {
        *size = EntrySize::ByRisk;
    }
    assert_eq!(scene.asks("SPY", entry), None);
    let orders = scene.venue.orders.values();
    let entries = orders.filter(|o| o.symbol.as_str() == "SPY" && o.limit.is_none());
    entries.map(|o| o.qty.whole_shares()).next().unwrap()
}

fn on_both_sides(setup: &Setup, shares: i64, before: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        assert_eq!(sized(setup, direction, &before), shares, "{direction}");
    }
}

#[test]
fn without_other_limits_the_risk_alone_decides() {
    on_both_sides(&by_risk(|_| ()), 10_000, |_| ());
}

#[test]
fn each_limit_cuts_a_size_to_what_it_leaves() {
    // A hundred shares cost 10,010 dollars, or 9,990 on the other side.
    let hundred = Money::dollars(10_015);
    let share = || "0.10015".parse().unwrap();
    let cuts: [&dyn Fn(&mut Limits); 7] = [
        &|limits| limits.order_value = hundred,
        &|limits| limits.position_value_max = hundred,
        &|limits| limits.position_fraction = share(),
        &|limits| limits.gross_exposure = share(),
        &|limits| limits.net_exposure = share(),
        &|limits| limits.route_exposure = share(),
        &|limits| limits.order_shares = Qty::shares(100).unwrap(),
    ];
    for cut in cuts {
        on_both_sides(&by_risk(|setup| cut(&mut setup.limits)), 100, |_| ());
    }
    let volume = by_risk(|setup| {
        setup.daily_volume = Qty::shares(10_000);
        setup.limits.volume_share = "0.01".parse().unwrap();
    });
    on_both_sides(&volume, 100, |_| ());
    let half = by_risk(|setup| setup.limits.buying_power_reserve = "0.5".parse().unwrap());
    on_both_sides(&half, 100, |scene| {
        scene.venue.account.buying_power = Some(Money::dollars(20_030));
        scene.snapshot();
    });
}

#[test]
fn what_waits_elsewhere_leaves_less() {
    let waits = |scene: &mut Scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None);
    };
    let share = || "0.2003".parse().unwrap();
    let cuts: [&dyn Fn(&mut Limits); 3] = [
        &|limits| limits.gross_exposure = share(),
        &|limits| limits.net_exposure = share(),
        &|limits| limits.route_exposure = share(),
    ];
    for cut in cuts {
        on_both_sides(&by_risk(|setup| cut(&mut setup.limits)), 100, waits);
    }
    on_both_sides(&by_risk(|_| ()), 100, |scene| {
        scene.venue.account.buying_power = Some(Money::dollars(20_030));
        scene.snapshot();
        waits(scene);
    });
}
