//! `traderctl strategies`: routes, their settings, and how warm each symbol is.

use trader_rpc::{Lane, NoParams, Route, RouteState, Sides, call};

use super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::{Column, Plain, printable};

const COLUMNS: &[Column] = &[
    Column::Left("  SYMBOL"),
    Column::Right("BARS"),
    Column::Right("POSITION"),
    Column::Left("WAITING"),
    Column::Left("LAST SIGNAL"),
];

/// List routes with their strategy, settings and warm-up
///
/// A route binds symbols to a strategy with settings. A symbol trades once it has all the bars that
/// its indicators need.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let routes = client.call::<call::Strategies>(&NoParams {})?;
    setting.output.result(&routes, || {
        let mut blocks = vec![setting.output.header(client.hello())];
        if routes.is_empty() {
            blocks.push("no routes: add [[route]] to the configuration".to_owned());
        }
        blocks.extend(routes.iter().map(|route| block(route, setting.output)));
        blocks.join("\n\n")
    })
}

fn block(route: &Route, output: &Output) -> String {
    let style = match route.state {
        RouteState::Active => Style::Good,
        RouteState::Warming | RouteState::Paused => Style::Caution,
        RouteState::Failed => Style::Alarm,
    };
    let mut state = output.paint(style, &route.state.to_string());
    if let Some(why) = &route.why {
        state.push_str(": ");
        state.push_str(&printable(why));
    }
    let settings = route
        .settings
        .iter()
        .map(|(name, value)| format!("{}={}", printable(name), printable(value)));
    let mut lines = vec![
        format!(
            "{}  {} {}, {} min bars, {}{state}",
            output.paint(Style::Strong, &printable(&route.route)),
            printable(&route.strategy),
            printable(&route.version),
            route.timeframe_minutes,
            sides(route.sides),
        ),
        format!("  {}", settings.collect::<Vec<_>>().join(" ")),
    ];
    lines.push(lanes(&route.lanes, output));
    lines.join("\n")
}

/// What is said of a route that does not enter both sides.
fn sides(sides: Sides) -> String {
    match sides {
        Sides::Both => String::new(),
        one => format!("{one} only, "),
    }
}

fn lanes(lanes: &[Lane], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for lane in lanes {
        let pending = lane.pending.as_ref().map_or_else(show::dash, |pending| {
            format!("{} {} {}", pending.direction, pending.state, pending.order)
        });
        let signal = lane.last_signal.as_ref().map_or_else(show::dash, |signal| {
            let at = show::date_time(signal.at);
            format!("{at} {}: {}", signal.rule, signal.outcome)
        });
        let cells = vec![
            format!("  {}", lane.symbol),
            format!("{}/{}", lane.warm_up.have, lane.warm_up.need),
            show::shares(lane.position),
            pending,
            signal,
        ];
        if lane.warm_up.is_warm() {
            table.row(cells);
        } else {
            table.styled_row(cells, Style::Faint);
        }
    }
    table.write("  no symbols")
}
