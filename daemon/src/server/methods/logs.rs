//! `logs`: recent log events that match.

use std::sync::Arc;

use trader_rpc::{Failure, LogLevel, LogLine, LogsParams, limits};

use super::{Context, Peer};
use crate::logging::Entry;

/// Lines in an answer when the caller does not say.
const LINES: u32 = 100;

pub(super) async fn logs(
    context: Arc<Context>,
    _: Peer,
    params: LogsParams,
) -> Result<Vec<LogLine>, Failure> {
    let lines = params.lines.unwrap_or(LINES).min(limits::LOG_LINES_MAX);
    let limit = usize::try_from(lines).unwrap_or(usize::MAX);
    let found = context
        .services
        .logs
        .newest(limit, |seq, entry| wanted(&params, seq, entry));
    Ok(found.iter().map(|(seq, entry)| line(*seq, entry)).collect())
}

fn wanted(params: &LogsParams, seq: u64, entry: &Entry) -> bool {
    let is = |names: &[&str], value: &str| {
        names
            .iter()
            .any(|name| entry.fields.get(name).is_some_and(|field| field == value))
    };
    params.after_seq.is_none_or(|after| seq > after)
        && params.level.is_none_or(|least| level(entry) >= least)
        && params
            .symbol
            .is_none_or(|symbol| is(&["symbol"], symbol.as_str()))
        && params
            .intent
            .as_ref()
            .is_none_or(|intent| is(&["intent"], intent))
        && params
            .order
            .as_ref()
            .is_none_or(|order| is(&["order_id", "broker_order_id"], order))
}

fn level(entry: &Entry) -> LogLevel {
    match entry.level {
        tracing::Level::ERROR => LogLevel::Error,
        tracing::Level::WARN => LogLevel::Warn,
        tracing::Level::INFO => LogLevel::Info,
        tracing::Level::DEBUG => LogLevel::Debug,
        tracing::Level::TRACE => LogLevel::Trace,
    }
}

/// An event as the wire has it.
pub(super) fn line(seq: u64, entry: &Entry) -> LogLine {
    LogLine {
        seq,
        at: entry.at,
        level: level(entry),
        target: entry.target.to_owned(),
        message: entry.message.clone(),
        fields: entry
            .fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}
