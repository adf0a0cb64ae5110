//! `traderctl day`: what a trader looks at when the day is over.

use chrono::NaiveDate;
use trader_rpc::{DataGaps, DayParams, DaySummary, Slippage, Trade, TradesParams, call};

use super::Setting;
use super::trades;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;

/// Symbols that are named where many lack minutes.
const NAMED: usize = 8;

/// Show a day of the account in figures
///
/// Profit and loss, trades, refusals, alerts, shares without a stop, slippage, minutes that the market
/// data lacked, and the journal's head. The day is written down at the close; before that these are
/// the figures so far.
///
/// Slippage is what fills cost against their plan: for entries the stop price, of a limit order the
/// limit, of a market order the last price when it was planned; for protective stops the stop price. A
/// positive figure is a cost. Targets and exits at market have no price to hold to and do not count.
///
/// Minutes without a trade and in a halt are among those without data, since the data does not tell them
/// apart. The head is the newest row of the journal before the day's own; kept elsewhere, it proves
/// later what the journal held. JSON has the figures without the trades.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The session; without it the one that is open, or the last one that was
    date: Option<NaiveDate>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let day = client.call::<call::Day>(&DayParams { date: args.date })?;
    if setting.output.is_json() {
        return setting.output.result(&day, String::new);
    }
    let trades = client.call::<call::Trades>(&TradesParams {
        from: Some(day.date),
        to: Some(day.date),
        ..TradesParams::default()
    })?;
    setting.output.result(&day, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", screen(&day, &trades, setting.output))
    })
}

fn screen(day: &DaySummary, closed: &[Trade], output: &Output) -> String {
    let state = if day.open { "open, so far" } else { "closed" };
    let mut lines = vec![
        format!("{}, {state}", day.date.format("%a %Y-%m-%d")),
        String::new(),
    ];
    let mut rows = vec![
        ("Equity", equity(day, output)),
        ("Cash", show::dollars(day.cash)),
        ("Trades", results(day)),
        ("Orders", orders(day)),
        ("Slippage", slippage(day)),
        ("Stops", protection(day, output)),
        ("Alerts", alerts(day, output)),
        ("Data", data(day.gaps.as_ref(), output)),
    ];
    if !day.residue.is_empty() {
        let symbols: Vec<&str> = day.residue.iter().map(|symbol| symbol.as_str()).collect();
        rows.push(("Not flat", output.paint(Style::Alarm, &symbols.join(", "))));
    }
    if let Some(head) = &day.head {
        rows.push(("Journal", head.clone()));
    }
    for (name, text) in rows {
        let name = output.paint(Style::Strong, &format!("{name:<9}"));
        lines.push(format!("{name}  {text}"));
    }
    lines.push(String::new());
    lines.push(trades::list(closed, output));
    lines.join("\n")
}

fn equity(day: &DaySummary, output: &Output) -> String {
    let change = day.equity_at_close.saturating_sub(day.equity_at_open);
    let style = if change.is_sign_negative() {
        Style::Caution
    } else {
        Style::Good
    };
    format!(
        "{} to {} ({})",
        show::dollars(day.equity_at_open),
        show::dollars(day.equity_at_close),
        output.paint(style, &show::gain(change))
    )
}

fn results(day: &DaySummary) -> String {
    format!(
        "{}: {} won, {} lost; {} realised, fees {}",
        day.trades,
        day.winners,
        day.losers,
        show::gain(day.realised),
        show::dollars(day.fees)
    )
}

fn orders(day: &DaySummary) -> String {
    format!(
        "{}, {}; {} refused by the risk gate",
        day.orders,
        show::count(day.fills, "fill", "fills"),
        show::count(day.refusals, "signal", "signals")
    )
}

fn slippage(day: &DaySummary) -> String {
    let of = |name: &str, slippage: &Slippage| {
        let fills = show::count(slippage.fills, "fill", "fills");
        match slippage.basis_points {
            None => format!("{name} none"),
            Some(points) => {
                let cost = show::gain(slippage.cost);
                format!("{name} {cost} ({points:.2} bp) in {fills}")
            }
        }
    };
    let entries = of("entries", &day.entry_slippage);
    format!("{entries}, {}", of("stops", &day.stop_slippage))
}

fn protection(day: &DaySummary, output: &Output) -> String {
    match day.unprotected_share_seconds {
        0 => "every share had its stop all the time".to_owned(),
        seconds => {
            let text = format!("{} share-seconds without a stop", show::whole(seconds));
            output.paint(Style::Caution, &text)
        }
    }
}

fn alerts(day: &DaySummary, output: &Output) -> String {
    match day.alerts {
        0 => "none".to_owned(),
        alerts => {
            let text = format!("{alerts}; traderctl alerts list --all shows them");
            output.paint(Style::Caution, &text)
        }
    }
}

fn data(gaps: Option<&DataGaps>, output: &Output) -> String {
    let Some(gaps) = gaps else {
        return "minutes were not counted".to_owned();
    };
    let minutes = show::count(gaps.minutes, "minute", "minutes");
    let symbols = show::count(gaps.symbols, "symbol", "symbols");
    if gaps.missing.is_empty() {
        return format!("{minutes} of {symbols}, none missing");
    }
    let named = gaps.missing.iter().take(NAMED);
    let named: Vec<String> = named
        .map(|missing| format!("{} {}", missing.symbol, missing.minutes))
        .collect();
    let more = match gaps.missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!("missing of {minutes}: {}{more}", named.join(", "));
    output.paint(Style::Caution, &text)
}
