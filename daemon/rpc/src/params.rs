//! What callers give. Parameters travel by name; unknown names are refused, so that a typing error
//! never turns into a default.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Price, Symbol};

use crate::request_id::RequestId;
use crate::types::{
    EventStream, IntentName, JobKind, LogLevel, Note, Scope, Tag, TradeName, WhySubject, Work,
};

/// No parameters: `{}`, `null`, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelloParams {
    /// The protocol that the caller speaks: see [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The caller's name and version, for the daemon's log.
    pub client: String,
}

/// Which orders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrdersParams {
    /// Only those to which something can still happen.
    pub open_only: bool,
    /// Only this symbol's.
    pub symbol: Option<Symbol>,
    /// At most so many, the newest; up to [`crate::limits::ROWS_MAX`], which is also the default.
    pub limit: Option<u32>,
}

/// Which trades.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TradesParams {
    /// Only those that ended in this session or later.
    pub from: Option<NaiveDate>,
    /// Only those that ended in this session or earlier.
    pub to: Option<NaiveDate>,
    /// Only this symbol's.
    pub symbol: Option<Symbol>,
    /// Only this route's.
    pub route: Option<String>,
    /// Only those that have all of these tags.
    pub tags: Vec<Tag>,
    /// At most so many, the newest; up to [`crate::limits::ROWS_MAX`], which is also the default.
    pub limit: Option<u32>,
}

/// What to write about a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteTradeParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The trade, by its number or by its intent.
    pub trade: TradeName,
    /// The note, in place of the one that there is; it goes if this is left out.
    #[serde(default)]
    pub note: Option<Note>,
}

/// Which tags to put on a trade, and which to take off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagTradeParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The trade, by its number or by its intent.
    pub trade: TradeName,
    /// Those to put on; one that is there stays.
    #[serde(default)]
    pub add: Vec<Tag>,
    /// Those to take off; one that is not there is no mistake.
    #[serde(default)]
    pub remove: Vec<Tag>,
}

/// The edits of which trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeEditsParams {
    /// The trade, by its number or by its intent.
    pub trade: TradeName,
}

/// Which day of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DayParams {
    /// The session; the one that is open, or the last one that was, if it is left out.
    pub date: Option<NaiveDate>,
}

/// Which days of the account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DaysParams {
    /// From this session.
    pub from: Option<NaiveDate>,
    /// To this session, included.
    pub to: Option<NaiveDate>,
}

/// Which sessions of the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarParams {
    /// From this date.
    pub start_date: NaiveDate,
    /// To this date, included.
    pub end_date: NaiveDate,
}

/// Which log lines. Several conditions must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogsParams {
    /// At most so many, the newest; up to [`crate::limits::LOG_LINES_MAX`]; 100 when not given.
    pub lines: Option<u32>,
    /// Only those about this symbol.
    pub symbol: Option<Symbol>,
    /// Only those about this order, by our id or the broker's.
    pub order: Option<String>,
    /// Only those about this intent.
    pub intent: Option<String>,
    /// Only those that matter this much or more.
    pub level: Option<LogLevel>,
    /// Only those after this number.
    pub after_seq: Option<u64>,
}

/// A change without further parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
}

/// What to close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The symbol whose position is closed and whose entries are cancelled.
    pub symbol: Symbol,
}

/// What to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// Our id of the order.
    pub order: ClientOrderId,
}

/// What to kill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// What is not entered any more; the whole account if it is left out.
    #[serde(default)]
    pub scope: Scope,
    /// Whether its positions are closed too; without it their stops stay.
    #[serde(default)]
    pub flatten: bool,
}

/// What to arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// Whose kill is lifted. In live mode the whole account is what gives the leave to trade.
    pub scope: Scope,
    /// The account's number: if it is given, it must be the broker's.
    #[serde(default)]
    pub account: Option<String>,
}

/// Which refused entry to send all the same, once somebody has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The entry that a limit refused.
    pub intent: IntentName,
    /// Within how many seconds it must be confirmed: 1 to 300, 300 if it is left out.
    #[serde(default)]
    pub expires_seconds: Option<u32>,
}

/// Which override to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmOverrideParams {
    /// The call's id, another one than that of the `override`.
    pub request_id: RequestId,
    /// The entry that a limit refused.
    pub intent: IntentName,
    /// The code that the `override` answered with, in any case.
    pub code: String,
}

/// Which position to adopt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The symbol with a position that the daemon did not make.
    pub symbol: Symbol,
    /// Where its stop is to rest, in dollars; as far away as the configuration says if it is left
    /// out.
    #[serde(default)]
    pub stop: Option<Price>,
}

/// Which symbol to leave to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The symbol with a position or an order that the daemon did not make.
    pub symbol: Symbol,
}

/// Which alert a person has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckAlertParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// Its number.
    pub alert: u64,
}

/// Which alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsParams {
    /// Also those that need nobody any more: seen by a person and standing no longer, or said again
    /// with newer words. All come the newest first, the others the gravest first; at most
    /// [`crate::limits::ROWS_MAX`] either way.
    pub all: bool,
}

/// What to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyParams {
    /// An order, an intent or the trade that it opened, or a symbol at a time in New York:
    /// `0000002a-20110110-17-e1`, `20110110-17`, `SPY@10:35`, `SPY@2011-01-10T10:35`.
    pub subject: WhySubject,
}

/// How to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// Whether to flatten first; `null` leaves it to the configuration.
    #[serde(default)]
    pub flatten: Option<bool>,
}

/// What to hear, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsParams {
    /// What to hear.
    pub stream: EventStream,
    /// Hear those after this number first, as far as they are kept; `null` for new ones only.
    #[serde(default)]
    pub after_seq: Option<u64>,
}

/// Work to be done apart from trading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitJobParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// What to do.
    pub work: Work,
}

/// Which jobs. Several conditions must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsParams {
    /// Only the one with this number.
    pub id: Option<u64>,
    /// Only those that do this.
    pub kind: Option<JobKind>,
    /// Only those that are not over.
    pub open_only: bool,
    /// At most so many, the newest; up to [`crate::limits::ROWS_MAX`], which is also the default.
    pub limit: Option<u32>,
}

/// A change of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobChangeParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The job's number.
    pub id: u64,
}

/// A part of a file that a job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobFileParams {
    /// The job's number.
    pub id: u64,
    /// The file's name.
    pub file: String,
    /// Where in the file to begin, in bytes. A part has at most
    /// [`crate::limits::CHUNK_BYTES_MAX`] bytes.
    pub offset: u64,
}

/// A part of a file on its way to the daemon. Parts come in order; one that the daemon has already is
/// taken as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadParams {
    /// The upload's id, the same for all its parts.
    pub request_id: RequestId,
    /// Where in the file the part begins, in bytes.
    pub offset: u64,
    /// The part in base64, at most [`crate::limits::CHUNK_BYTES_MAX`] bytes of the file.
    pub data: String,
}

/// Which stored series.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataParams {
    /// Only this symbol's.
    pub symbol: Option<Symbol>,
    /// Only those with such rows: `1min`, `quotes-1min`, `trades`, `actions` and so on.
    pub data: Option<String>,
}

/// Which stored series to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveDataParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// Whose.
    pub symbol: Symbol,
    /// What its rows are; everything of the symbol if it is left out.
    #[serde(default)]
    pub data: Option<String>,
    /// Only this year of these rows, in UTC; the whole series if it is left out. Needs `data`.
    #[serde(default)]
    pub year: Option<i32>,
}

/// Which recorded sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsParams {
    /// Only that of this date, with what is in each of its files.
    pub session: Option<NaiveDate>,
}

/// Which recording to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveSessionParams {
    /// The call's id: the call acts once however often it is sent.
    pub request_id: RequestId,
    /// The session's date.
    pub session: NaiveDate,
}
