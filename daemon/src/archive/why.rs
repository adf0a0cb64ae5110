//! `why`: the journal's rows of an order, a decision, a trade or a moment, as a chain.

use chrono::NaiveDateTime;
use trader_calendar::new_york;
use trader_contract::{Intent, IntentNo, Symbol, Timeframe, Timestamp};
use trader_core::record::{IntentId, JournalEntry, Record};
use trader_kernel::views::{self, Marked};
use trader_rpc::{ErrorCode, Failure, Why, WhySubject};
use trader_store::{
    DiaryPage, EntryFilter, IntentFilter, OrderFilter, Page, Reader, StoreError, TakenIntent,
};

/// Decisions that are read at once on the way back to a moment.
const LOOK_BACK: u32 = 500;

/// Explains what was asked about.
///
/// # Errors
/// The store cannot be read; inside, that there is nothing of this kind.
pub(super) fn why(
    reader: &mut Reader,
    subject: WhySubject,
) -> Result<Result<Why, Failure>, StoreError> {
    match subject {
        WhySubject::Order(order) => {
            let root = IntentId::from(order);
            let rows = reader.chain(root)?;
            if !rows.iter().any(|row| row.record.client_id() == Some(order)) {
                return Ok(Err(no_order(reader, subject, root)?));
            }
            chain(reader, subject, root, Marked::Order(order), &rows)
        }
        WhySubject::Intent { session, number } => {
            let number = IntentNo(number);
            let id = IntentId { session, number };
            let rows = reader.chain(id)?;
            let Some(root) = root_of(reader, id, &rows)? else {
                return Ok(Err(no_intent(reader, subject, id)?));
            };
            let rows = if root == id {
                rows
            } else {
                reader.chain(root)?
            };
            chain(reader, subject, root, Marked::Intent(id), &rows)
        }
        WhySubject::At { symbol, date, time } => {
            let newest = EntryFilter {
                kind: Some("session_opened".into()),
                ..EntryFilter::default()
            };
            let newest = reader.entries(&newest, Page::newest(1))?;
            let newest = newest.first().map(|row| new_york::date(row.at));
            let at = date
                .or(newest)
                .and_then(|date| new_york::timestamp(NaiveDateTime::new(date, time)));
            match at {
                Some(at) => at_moment(reader, subject, symbol, at),
                None => Ok(Err(Failure::refused(
                    format!("{subject} was not explained"),
                    "no session was opened yet, or New York's clocks skip that time",
                    "name the day too: SPY@2011-01-10T10:35",
                ))),
            }
        }
    }
}

fn chain(
    reader: &mut Reader,
    subject: WhySubject,
    root: IntentId,
    marked: Marked,
    rows: &[JournalEntry],
) -> Result<Result<Why, Failure>, StoreError> {
    let Some(symbol) = rows.iter().find_map(|row| row.record.symbol()) else {
        return Ok(Err(Failure::internal(
            format!("{subject} was not explained"),
            "its rows name no symbol",
        )));
    };
    let closed = rows
        .iter()
        .filter(|row| row.record.intent() == Some(root))
        .rfind(|row| matches!(row.record, Record::TradeClosed { .. }));
    let written = match closed {
        Some(row) => reader.diary_page(row.seq)?,
        None => DiaryPage::default(),
    };
    let subject = subject.to_string();
    Ok(Ok(views::why(
        subject, symbol, root, marked, rows, &written,
    )))
}

/// The decision that a chain begins with: itself, or for one about an open trade the one that opened it.
fn root_of(
    reader: &mut Reader,
    id: IntentId,
    rows: &[JournalEntry],
) -> Result<Option<IntentId>, StoreError> {
    let taken = rows.iter().find_map(|row| match &row.record {
        Record::IntentTaken { symbol, intent, .. } => Some((row.seq, *symbol, intent)),
        _ => None,
    });
    match taken {
        Some((seq, symbol, intent)) if !matches!(intent, Intent::Enter { .. }) => {
            Ok(reader.trade_around(symbol, seq)?.or(Some(id)))
        }
        // An adoption begins a chain without a decision.
        _ => Ok((!rows.is_empty()).then_some(id)),
    }
}

/// What was decided on the bars of a symbol that touch a moment.
fn at_moment(
    reader: &mut Reader,
    subject: WhySubject,
    symbol: Symbol,
    at: Timestamp,
) -> Result<Result<Why, Failure>, StoreError> {
    let of_symbol = IntentFilter {
        symbol: Some(symbol),
        ..IntentFilter::default()
    };
    let mut page = Page::newest(LOOK_BACK);
    let mut nearest: Option<TakenIntent> = None;
    let mut there = Vec::new();
    loop {
        let found = reader.intents(&of_symbol, page)?;
        let Some(oldest) = found.last().map(|taken| (taken.seq, taken.at)) else {
            break;
        };
        for taken in found {
            if touches(&taken, at) {
                there.push(taken.id);
            }
            let distance = |taken: &TakenIntent| taken.at.since(at).saturating_abs();
            if nearest
                .as_ref()
                .is_none_or(|n| distance(&taken) < distance(n))
            {
                nearest = Some(taken);
            }
        }
        if oldest.1 < at.plus_minutes(i64::from(Timeframe::MAX_MINUTES).saturating_neg()) {
            break;
        }
        page = page.before(oldest.0);
    }
    there.reverse();
    let mut why = Why {
        subject: subject.to_string(),
        symbol,
        intent: there.first().map(ToString::to_string),
        route: None,
        trade: None,
        steps: Vec::new(),
        missing: Vec::new(),
        bars: Vec::new(),
        note: None,
    };
    for id in &there {
        let rows = reader.chain(*id)?;
        let rows: Vec<JournalEntry> = (rows.into_iter())
            .filter(|row| matches!(&row.record, Record::IntentTaken { id: of, .. } if of == id))
            .collect();
        let part = views::why(
            String::new(),
            symbol,
            *id,
            Marked::Intent(*id),
            &rows,
            &DiaryPage::default(),
        );
        why.route = why.route.or(part.route);
        why.steps.extend(part.steps);
    }
    why.note = Some(note(&there, nearest.as_ref(), symbol));
    Ok(Ok(why))
}

fn touches(taken: &TakenIntent, at: Timestamp) -> bool {
    match taken.bar {
        Some((timeframe, start)) => start <= at && start.plus_nanos(timeframe.nanos()) >= at,
        None => taken.at.since(at).saturating_abs() <= Timestamp::MINUTE,
    }
}

fn note(there: &[IntentId], nearest: Option<&TakenIntent>, symbol: Symbol) -> String {
    match (there, nearest) {
        ([], None) => format!("nothing was ever decided in {symbol}"),
        ([], Some(taken)) => {
            let at = new_york::wall_clock(taken.at).format("%Y-%m-%d %H:%M:%S");
            format!(
                "nothing was decided there; the nearest decision is {} at {at}",
                taken.id
            )
        }
        (there, _) => {
            let ids: Vec<String> = there.iter().map(ToString::to_string).collect();
            format!(
                "decided there: {}; each has a chain of its own",
                ids.join(", ")
            )
        }
    }
}

fn no_order(
    reader: &mut Reader,
    subject: WhySubject,
    root: IntentId,
) -> Result<Failure, StoreError> {
    let orders = OrderFilter {
        intent: Some(root),
        ..OrderFilter::default()
    };
    let others = reader.orders(&orders, Page::newest(LOOK_BACK))?;
    let others: Vec<String> = others.iter().map(|o| o.client_id.to_string()).collect();
    let newest = reader.orders(&OrderFilter::default(), Page::newest(1))?;
    let why = match (others.is_empty(), newest.first()) {
        (false, _) => format!("its intent has the orders {}", others.join(", ")),
        (true, Some(newest)) => format!("the newest order is {}", newest.client_id),
        (true, None) => "this store has no order yet".to_owned(),
    };
    Ok(Failure::new(
        ErrorCode::UnknownOrder,
        format!("there is no order {subject}"),
        why,
        "traderctl orders --all lists them",
    ))
}

fn no_intent(
    reader: &mut Reader,
    subject: WhySubject,
    id: IntentId,
) -> Result<Failure, StoreError> {
    let newest = reader.intents(&IntentFilter::default(), Page::newest(LOOK_BACK))?;
    let session = newest.iter().filter(|taken| taken.id.session == id.session);
    let last = session.map(|taken| taken.id).max();
    let why = match (last, newest.first()) {
        (Some(last), _) => format!("the last of that session is {last}"),
        (None, Some(taken)) => format!("the newest is {}", taken.id),
        (None, None) => "nothing was decided yet".to_owned(),
    };
    Ok(Failure::new(
        ErrorCode::Refused,
        format!("there is no intent and no trade {subject}"),
        why,
        "traderctl trades lists trades with their intents",
    ))
}
