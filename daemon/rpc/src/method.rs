//! The table of methods: the one place that names them, their roles and their types. The server
//! registers from it, the client calls by it, the `OpenRPC` document is printed from it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;
use crate::params::{
    AckAlertParams, AdoptParams, AlertsParams, ArmParams, CalendarParams, CancelParams,
    ChangeParams, CloseParams, ConfirmOverrideParams, DataParams, DayParams, DaysParams,
    HelloParams, IgnoreParams, JobChangeParams, JobFileParams, JobsParams, KillParams, LogsParams,
    NoParams, NoteTradeParams, OrdersParams, OverrideParams, RemoveDataParams, RemoveSessionParams,
    SessionsParams, StopParams, SubmitJobParams, TagTradeParams, TradeEditsParams, TradesParams,
    UploadParams, WhyParams,
};
use crate::request_id::RequestId;
use crate::role::Role;
use crate::types::{
    Accepted, AlertTest, CalendarDay, DataSeries, DaySummary, Diagnosis, EffectiveConfig,
    FileChunk, Hello, Job, JournalAlert, LogLine, Obstacle, Order, Position, RecordedSession,
    Reloaded, Route, Status, Trade, TradeEdit, UploadState, Why,
};

/// A method: a type that ties a name to a role, parameters and a result.
pub trait Method {
    /// What the caller gives: an object.
    type Params: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What the daemon answers.
    type Result: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// Its name on the wire.
    const NAME: &'static str;
    /// The weakest role that may call it.
    const ROLE: Role;
    /// Whether it changes something and therefore carries a request id.
    const MUTATING: bool;
    /// What it is for, in one line.
    const HELP: &'static str;

    /// The id of the call, for methods that change something.
    fn request_id(params: &Self::Params) -> Option<&RequestId>;
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodInfo {
    /// Its name on the wire.
    pub name: &'static str,
    /// The weakest role that may call it.
    pub role: Role,
    /// Whether it changes something and therefore carries a request id.
    pub mutating: bool,
    /// The type of its parameters.
    pub params: &'static str,
    /// The type of its result, as the compiler spells it.
    pub result: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
}

impl MethodInfo {
    /// The type of the items, where the result is a list of them.
    #[must_use]
    pub fn list_of(&self) -> Option<&'static str> {
        let rest = self.result.strip_prefix("Vec")?;
        Some(rest.trim_matches(|c| matches!(c, '<' | '>' | ' ')))
    }
}

/// A subscription: the daemon sends notifications until the caller ends it or falls behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionInfo {
    /// The call that begins it.
    pub subscribe: &'static str,
    /// The name of its notifications.
    pub notification: &'static str,
    /// The call that ends it.
    pub unsubscribe: &'static str,
    /// The weakest role that may begin it.
    pub role: Role,
    /// The type of its parameters.
    pub params: &'static str,
    /// The type of what is sent.
    pub item: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
}

/// Hands every method to `callback!`, one row each:
/// `Type "name" Role look|change (Params) -> (Result) "help";`. `look` methods read, `change`
/// methods carry a request id. The type is `trader_rpc::call::Type`.
#[macro_export]
macro_rules! for_each_method {
    ($callback:ident) => {
        $callback! {
            Hello "hello" Read look (HelloParams) -> (Hello)
                "Say who answers, and check the protocol; the first call of every connection";
            Status "status" Read look (NoParams) -> (Status)
                "Tell the state of the daemon at a glance";
            Positions "positions" Read look (NoParams) -> (Vec<Position>)
                "List open positions and how they are protected";
            Orders "orders" Read look (OrdersParams) -> (Vec<Order>)
                "List orders, the newest first";
            Trades "trades" Read look (TradesParams) -> (Vec<Trade>)
                "List trades that have ended, the newest first";
            TradeEdits "trade_edits" Read look (TradeEditsParams) -> (Vec<TradeEdit>)
                "List what people wrote about a trade and changed in it, the newest first";
            Strategies "strategies" Read look (NoParams) -> (Vec<Route>)
                "List routes with their strategy, settings and warm-up";
            Logs "logs" Read look (LogsParams) -> (Vec<LogLine>)
                "Give the newest log lines that the daemon keeps, the oldest first";
            Calendar "calendar" Read look (CalendarParams) -> (Vec<CalendarDay>)
                "List sessions of the exchange";
            Config "config" Read look (NoParams) -> (EffectiveConfig)
                "Give the configuration in force, without secrets";
            Day "day" Read look (DayParams) -> (DaySummary)
                "Tell a day of the account in figures, while it runs or after it";
            Days "days" Read look (DaysParams) -> (Vec<DaySummary>)
                "List days of the account in figures, the oldest first";
            WhyHalted "why_halted" Read look (NoParams) -> (Vec<Obstacle>)
                "List everything that stops entries now, with what to do about it";
            Why "why" Read look (WhyParams) -> (Why)
                "Explain an order, a decision, a trade, or a symbol at a time, from bar to fill";
            Alerts "alerts" Read look (AlertsParams) -> (Vec<JournalAlert>)
                "List alerts of the journal: those that need somebody, the gravest first, or all";
            Pause "pause" Reduce change (ChangeParams) -> (Accepted)
                "Open no new positions; protecting and reducing go on";
            Resume "resume" Control change (ChangeParams) -> (Accepted)
                "Allow new positions again";
            Close "close" Reduce change (CloseParams) -> (Accepted)
                "Close the position in a symbol and cancel its entries";
            Cancel "cancel" Reduce change (CancelParams) -> (Accepted)
                "Cancel an order";
            Flatten "flatten" Reduce change (ChangeParams) -> (Accepted)
                "Pause, cancel all entries and close all positions";
            Kill "kill" Reduce change (KillParams) -> (Accepted)
                "Open no new positions until somebody arms again, over restarts too";
            Arm "arm" Admin change (ArmParams) -> (Accepted)
                "Lift a kill; in live mode, allow the account to be traded";
            Disarm "disarm" Reduce change (ChangeParams) -> (Accepted)
                "Take the leave to trade a live account back";
            Override "override" Admin change (OverrideParams) -> (Accepted)
                "Show what a refused entry would send past its limits, and wait for a confirmation";
            ConfirmOverride "confirm_override" Admin change (ConfirmOverrideParams) -> (Accepted)
                "Send exactly what an override showed, once";
            Reconcile "reconcile" Reduce change (ChangeParams) -> (Accepted)
                "Compare with the broker now";
            Adopt "adopt" Control change (AdoptParams) -> (Accepted)
                "Protect a position that the daemon did not make, and close it with the day";
            Ignore "ignore" Control change (IgnoreParams) -> (Accepted)
                "Leave what the daemon did not make in a symbol to its owner";
            AckAlert "ack_alert" Reduce change (AckAlertParams) -> (Accepted)
                "Say that a person has seen an alert";
            NoteTrade "note_trade" Control change (NoteTradeParams) -> (Accepted)
                "Write a note on a trade that has ended, in place of the one before";
            TagTrade "tag_trade" Control change (TagTradeParams) -> (Accepted)
                "Put tags on a trade that has ended, and take tags off";
            Stop "stop" Reduce change (StopParams) -> (Accepted)
                "Stop the daemon in good order, flattening first if asked to";
            Reload "reload" Control change (ChangeParams) -> (Reloaded)
                "Read the configuration again: take over what can change now, or keep all of the old one";
            Jobs "jobs" Read look (JobsParams) -> (Vec<Job>)
                "List jobs, the newest first";
            JobFile "job_file" Read look (JobFileParams) -> (FileChunk)
                "Give a part of a file that a job made";
            SubmitJob "submit_job" Control change (SubmitJobParams) -> (Job)
                "Have a backtest, an import or other work done apart from trading";
            CancelJob "cancel_job" Control change (JobChangeParams) -> (Job)
                "Cancel a job that waits or is at work";
            DeleteJob "delete_job" Control change (JobChangeParams) -> (Accepted)
                "Delete a job that is over, with what it made";
            Upload "upload" Control change (UploadParams) -> (UploadState)
                "Take a part of a file that a job is to read";
            Data "data" Read look (DataParams) -> (Vec<DataSeries>)
                "List the series of the bar store";
            RemoveData "remove_data" Control change (RemoveDataParams) -> (Accepted)
                "Remove series from the bar store";
            Sessions "sessions" Read look (SessionsParams) -> (Vec<RecordedSession>)
                "List recorded sessions, the oldest first, or tell what is in one of them";
            RemoveSession "remove_session" Control change (RemoveSessionParams) -> (Accepted)
                "Remove the recording of a session";
            TestAlert "test_alert" Reduce change (ChangeParams) -> (AlertTest)
                "Send a test on every way that alerts go, and tell what came of it";
            Doctor "doctor" Read look (NoParams) -> (Diagnosis)
                "Look at everything around the daemon that trading needs, and say what to put right";
        }
    };
}

macro_rules! is_change {
    (look) => {
        false
    };
    (change) => {
        true
    };
}

macro_rules! request_id {
    (look $params:ident) => {{
        let _ = $params;
        None
    }};
    (change $params:ident) => {
        Some(&$params.request_id)
    };
}

macro_rules! define {
    ($($method:ident $name:literal $role:ident $kind:ident
        ($params:ty) -> ($result:ty) $help:literal;)*) => {
        /// One type per method: `client.call::<call::Status>(..)`.
        pub mod call {
            $(
                #[doc = concat!("`", $name, "`: ", $help, ".")]
                #[derive(Debug, Clone, Copy)]
                pub enum $method {}
            )*
        }

        $(
            impl Method for call::$method {
                type Params = $params;
                type Result = $result;
                const NAME: &'static str = $name;
                const ROLE: Role = Role::$role;
                const MUTATING: bool = is_change!($kind);
                const HELP: &'static str = $help;

                fn request_id(params: &Self::Params) -> Option<&RequestId> {
                    request_id!($kind params)
                }
            }
        )*

        /// Every method, in the order of the document.
        pub const METHODS: &[MethodInfo] = &[$(MethodInfo {
            name: $name,
            role: Role::$role,
            mutating: is_change!($kind),
            params: stringify!($params),
            result: stringify!($result),
            help: $help,
        }),*];
    };
}

for_each_method!(define);

/// The subscription to log lines, journal entries and jobs.
pub const EVENTS: SubscriptionInfo = SubscriptionInfo {
    subscribe: "subscribe_events",
    notification: "event",
    unsubscribe: "unsubscribe_events",
    role: Role::Read,
    params: "EventsParams",
    item: "Event",
    help: "Hear log lines, journal entries or changes of jobs as they come",
};

/// Every subscription.
pub const SUBSCRIPTIONS: &[SubscriptionInfo] = &[EVENTS];

/// The role that a name on the wire needs; `None` for names that are not in the table, which nobody
/// may call. Ending a subscription needs what beginning it needs.
#[must_use]
pub fn required_role(name: &str) -> Option<Role> {
    let method = METHODS.iter().find(|method| method.name == name);
    let subscription = SUBSCRIPTIONS
        .iter()
        .find(|subscription| [subscription.subscribe, subscription.unsubscribe].contains(&name));
    method
        .map(|method| method.role)
        .or(subscription.map(|subscription| subscription.role))
}

/// Whether a method carries parts of files. One such call at a time costs a connection nothing of its
/// allowance of calls, so that a large file need not be slow.
#[must_use]
pub fn is_part(name: &str) -> bool {
    [call::Upload::NAME, call::JobFile::NAME].contains(&name)
}

/// Whether a method must get through whatever else goes on: it costs a connection nothing of its
/// allowance of calls, one at a time, and is done before everything that waits.
#[must_use]
pub fn is_urgent(name: &str) -> bool {
    name == call::Kill::NAME
}

/// Reads the parameters of a call as they came over the wire: an object, or nothing where nothing is
/// needed.
///
/// # Errors
/// `-32602`, saying which parameter is wrong.
pub fn read_params<P: DeserializeOwned>(name: &str, json: Option<&str>) -> Result<P, Failure> {
    let text = match json.map(str::trim) {
        None | Some("" | "null" | "[]") => "{}",
        Some(text) => text,
    };
    if !text.starts_with('{') {
        return Err(Failure::invalid_params(
            name,
            "they must travel by name, in an object",
        ));
    }
    serde_json::from_str(text).map_err(|error| Failure::invalid_params(name, &error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_every_change_needs_more_than_looking() {
        let names: BTreeSet<_> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        for method in METHODS {
            assert_eq!(
                method.mutating,
                method.role > Role::Advise,
                "{}",
                method.name
            );
        }
    }

    /// Limits come from the configuration, which is read at the start and part of what a live account is
    /// armed for. Whoever adds a call that changes something adds it here, having seen that it changes
    /// no limit; an override waives some for one order and changes none.
    #[test]
    fn no_method_changes_a_limit() {
        let changes: Vec<&str> = (METHODS.iter())
            .filter(|method| method.mutating)
            .map(|method| method.name)
            .collect();
        let known = [
            "pause",
            "resume",
            "close",
            "cancel",
            "flatten",
            "kill",
            "arm",
            "disarm",
            "override",
            "confirm_override",
            "reconcile",
            "adopt",
            "ignore",
            "ack_alert",
            "note_trade",
            "tag_trade",
            "stop",
            // What it applies at once is the log's; see daemon/src/reload.rs.
            "reload",
            "submit_job",
            "cancel_job",
            "delete_job",
            "upload",
            "remove_data",
            "remove_session",
            "test_alert",
        ];
        assert_eq!(changes, known);
    }

    #[test]
    fn what_is_not_in_the_table_has_no_role() {
        assert_eq!(required_role("resume"), Some(Role::Control));
        assert_eq!(required_role("unsubscribe_events"), Some(Role::Read));
        assert_eq!(required_role("rpc.discover"), None);
        let parts = METHODS.iter().filter(|method| is_part(method.name));
        let parts: Vec<&str> = parts.map(|method| method.name).collect();
        assert_eq!(parts, ["job_file", "upload"]);
        let urgent = METHODS.iter().filter(|method| is_urgent(method.name));
        let urgent: Vec<&str> = urgent.map(|method| method.name).collect();
        assert_eq!(urgent, ["kill"]);
    }

    #[test]
    fn parameters_travel_by_name_and_unknown_ones_are_refused() {
        let read = |json| read_params::<OrdersParams>("orders", json);
        assert_eq!(read(None).unwrap(), OrdersParams::default());
        assert!(read(Some(r#"{"open_only":true}"#)).unwrap().open_only);
        for bad in [
            r#"{"opn_only":true}"#,
            r#"[true]"#,
            r#"{"symbol":"spy"}"#,
            "7",
        ] {
            let failure = read(Some(bad)).unwrap_err();
            assert_eq!(failure.code, -32602, "{bad}");
        }
        assert!(read_params::<ChangeParams>("pause", None).is_err());
    }
}
