//! The `OpenRPC` document, made from the table of methods. What a type looks like is read off its
//! example, and what may be `null` or left out is asked of the type's own reader.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::ErrorCode;
use crate::limits::PROTOCOL_VERSION;
use crate::method::{METHODS, MethodInfo, SUBSCRIPTIONS};
use crate::params::{
    AckAlertParams, AdoptParams, AlertsParams, ArmParams, CalendarParams, CancelParams,
    ChangeParams, CloseParams, ConfirmOverrideParams, DataParams, DayParams, DaysParams,
    EventsParams, HelloParams, IgnoreParams, JobChangeParams, JobFileParams, JobsParams,
    KillParams, LogsParams, NoParams, NoteTradeParams, OrdersParams, OverrideParams,
    RemoveDataParams, RemoveSessionParams, SessionsParams, StopParams, SubmitJobParams,
    TagTradeParams, TradeEditsParams, TradesParams, UploadParams, WhyParams,
};
use crate::sample;
use crate::types::{
    Accepted, AlertTest, AuditExportSpec, AuditResult, AuditSpec, BacktestResult, BacktestSpec,
    CalendarDay, DataSeries, DaySummary, Diagnosis, DownloadResult, DownloadSpec, EffectiveConfig,
    ExportSpec, FileChunk, GapsResult, Hello, ImportResult, ImportSpec, Job, JournalAlert,
    JournalLine, LogLine, Obstacle, Order, Position, RecordedSession, Reloaded, ReplaySpec, Route,
    SeriesFilter, SessionExportSpec, Status, TraceSpec, Trade, TradeEdit, UploadState,
    VerifyResult, Why, WhyBar, WhyFact, WhyStep,
};

/// Writes the document.
///
/// # Errors
/// The examples cannot be read: a bug, which a test would have found.
pub fn document() -> Result<Value, serde_json::Error> {
    let samples = sample::all()?;
    let methods: Vec<Value> = METHODS.iter().map(|info| method(info, &samples)).collect();
    let subscriptions: Vec<Value> = SUBSCRIPTIONS
        .iter()
        .map(|info| {
            json!({
                "subscribe": info.subscribe,
                "notification": info.notification,
                "unsubscribe": info.unsubscribe,
                "summary": info.help,
                "role": info.role,
                "paramStructure": "by-name",
                "params": parameters(info.params, &samples),
                "item": reference(info.item),
            })
        })
        .collect();
    let mut schemas: Map<String, Value> = samples
        .iter()
        .filter(|(name, _)| !name.ends_with("Params"))
        .map(|(name, sample)| {
            let mut schema = describe(name, sample, "");
            if let Some(fields) = schema.as_object_mut() {
                fields.insert("examples".to_owned(), json!([sample]));
            }
            (name.clone(), schema)
        })
        .collect();
    schemas.insert("Event".to_owned(), event_schema());
    schemas.insert("Work".to_owned(), work_schema());
    schemas.insert("Scope".to_owned(), scope_schema());
    Ok(json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "traderd",
            "description": "JSON-RPC 2.0 over WebSocket over a Unix socket. Money, prices and \
                            quantities are decimal strings, times RFC 3339 in UTC. Roles, each \
                            including those before it: read, advise, reduce, control, admin. A \
                            mutating call carries a request id drawn by the caller and acts once \
                            however often it is sent.",
            "version": PROTOCOL_VERSION.to_string(),
        },
        "methods": methods,
        "x-subscriptions": subscriptions,
        "components": { "schemas": schemas, "errors": errors() },
    }))
}

fn method(info: &MethodInfo, samples: &Map<String, Value>) -> Value {
    json!({
        "name": info.name,
        "summary": info.help,
        "paramStructure": "by-name",
        "params": parameters(info.params, samples),
        "result": result(info),
        "errors": ErrorCode::ALL
            .map(|code| json!({ "$ref": format!("#/components/errors/{}", code.number()) })),
        "x-role": info.role,
        "x-mutating": info.mutating,
    })
}

fn errors() -> Map<String, Value> {
    ErrorCode::ALL
        .into_iter()
        .map(|code| {
            let error = json!({
                "code": code.number(),
                "message": code.meaning(),
                "data": { "what": "what happened", "why": "why", "next": "what to do next" },
            });
            (code.number().to_string(), error)
        })
        .collect()
}

fn parameters(name: &str, samples: &Map<String, Value>) -> Vec<Value> {
    let sample = samples.get(name).cloned().unwrap_or(Value::Null);
    let Some(fields) = sample.as_object() else {
        return Vec::new();
    };
    fields
        .iter()
        .map(|(field, value)| {
            json!({
                "name": field,
                "required": is_required(name, &sample, "", field),
                "schema": describe(name, &sample, &format!("/{field}")),
                "x-example": value,
            })
        })
        .collect()
}

fn result(info: &MethodInfo) -> Value {
    let (name, schema) = match info.list_of() {
        Some(item) => (
            format!("list of {item}"),
            json!({ "type": "array", "items": reference(item) }),
        ),
        None => (info.result.to_owned(), reference(info.result)),
    };
    json!({ "name": name, "schema": schema })
}

fn reference(type_name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{type_name}") })
}

/// One of several: an object with one key, which says what kind it is.
fn one_of<const N: usize>(kinds: [(&str, Value); N]) -> Value {
    json!({ "oneOf": kinds.map(one_kind).as_slice() })
}

fn one_kind((kind, schema): (&str, Value)) -> Value {
    json!({ "type": "object", "properties": { kind: schema }, "required": [kind] })
}

fn work_schema() -> Value {
    one_of([
        ("backtest", reference("BacktestSpec")),
        ("import", reference("ImportSpec")),
        ("download", reference("DownloadSpec")),
        ("export", reference("ExportSpec")),
        ("verify", reference("SeriesFilter")),
        ("gaps", reference("SeriesFilter")),
        ("replay", reference("ReplaySpec")),
        ("trace", reference("TraceSpec")),
        ("session_export", reference("SessionExportSpec")),
        ("audit", reference("AuditSpec")),
        ("audit_export", reference("AuditExportSpec")),
    ])
}

/// What a kill is about: a word, or an object with one key.
fn scope_schema() -> Value {
    let text = json!({ "type": "string" });
    let word = json!({ "type": "string", "enum": ["all"] });
    let mut kinds = vec![word];
    kinds.extend([("symbol", text.clone()), ("strategy", text)].map(one_kind));
    json!({ "oneOf": kinds })
}

fn event_schema() -> Value {
    let number = json!({ "type": "integer" });
    let missed = json!({
        "type": "object",
        "properties": { "after_seq": number, "next_seq": number },
        "required": ["after_seq", "next_seq"],
    });
    let job = json!({
        "type": "object",
        "properties": { "seq": number, "job": reference("Job") },
        "required": ["seq", "job"],
    });
    one_of([
        ("log", reference("LogLine")),
        ("journal", reference("JournalLine")),
        ("job", job),
        ("missed", missed),
    ])
}

/// What callers write: fields that may be left out. What the daemon writes has all its fields.
fn is_given(type_name: &str) -> bool {
    ["Params", "Spec", "Filter"]
        .iter()
        .any(|end| type_name.ends_with(end))
}

/// Whether what stands at `pointer` must have this field.
fn is_required(type_name: &str, root: &Value, pointer: &str, field: &str) -> bool {
    let mut without = root.clone();
    let place = without.pointer_mut(pointer).and_then(Value::as_object_mut);
    let removed = place.and_then(|fields| fields.remove(field));
    removed.is_some() && read_as(type_name, &without).is_err()
}

/// The schema of what stands at `pointer` in the example of a type.
fn describe(type_name: &str, root: &Value, pointer: &str) -> Value {
    let with = |replacement: Value| {
        let mut changed = root.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = replacement;
        }
        read_as(type_name, &changed)
    };
    let Some(value) = root.pointer(pointer) else {
        return json!({});
    };
    let mut schema = match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "number" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(text) => match with(json!("?")) {
            Err(refusal) if refusal.contains("unknown variant") => {
                json!({ "type": "string", "enum": variants(&refusal) })
            }
            _ => text_schema(text),
        },
        Value::Array(_) => json!({
            "type": "array",
            "items": describe(type_name, root, &format!("{pointer}/0")),
        }),
        // Two types are one of several inside another.
        Value::Object(_)
            if with(json!({ "?": {} })).is_err_and(|e| e.contains("unknown variant")) =>
        {
            let kinds = with(json!({ "?": {} })).err().unwrap_or_default();
            let is_scope = variants(&kinds).contains(&"all");
            reference(if is_scope { "Scope" } else { "Work" })
        }
        // A struct inside another has required fields; what may be empty is a map.
        Value::Object(map) if !pointer.is_empty() && with(json!({})).is_ok() => json!({
            "type": "object",
            "additionalProperties": map.keys().next().map(|key| {
                describe(type_name, root, &format!("{pointer}/{key}"))
            }),
        }),
        Value::Object(fields) => {
            let properties: Map<String, Value> = fields
                .keys()
                .map(|key| {
                    let inner = describe(type_name, root, &format!("{pointer}/{key}"));
                    (key.clone(), inner)
                })
                .collect();
            let required: Vec<&String> = fields
                .keys()
                .filter(|key| !is_given(type_name) || is_required(type_name, root, pointer, key))
                .collect();
            json!({ "type": "object", "properties": properties, "required": required })
        }
    };
    if with(Value::Null).is_ok() {
        if let Some(kind) = schema.get_mut("type") {
            *kind = json!([kind.clone(), "null"]);
        }
        if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            names.push(Value::Null);
        }
    }
    schema
}

fn text_schema(text: &str) -> Value {
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let format = if text.parse::<trader_contract::Timestamp>().is_ok() {
        Some("date-time")
    } else if text.parse::<chrono::NaiveDate>().is_ok() {
        Some("date")
    } else if text.chars().all(number) && text.parse::<rust_decimal::Decimal>().is_ok() {
        Some("decimal")
    } else {
        None
    };
    match format {
        Some(format) => json!({ "type": "string", "format": format }),
        None => json!({ "type": "string" }),
    }
}

/// The names that a refusal lists: what stands in backquotes after "expected".
fn variants(refusal: &str) -> Vec<&str> {
    let listed = refusal.split_once("expected").map_or("", |(_, rest)| rest);
    listed.split('`').skip(1).step_by(2).collect()
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    T::deserialize(value)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

macro_rules! examples_of {
    ($($type:ident),* $(,)?) => {
        /// Reads a value as the type with this name; the error is the reader's own.
        fn read_as(type_name: &str, value: &Value) -> Result<(), String> {
            match type_name {
                $(stringify!($type) => read::<$type>(value),)*
                _ => Err(format!("{type_name} has no reader here")),
            }
        }

        /// The example as its type writes it.
        #[cfg(test)]
        fn rewritten(type_name: &str, value: &Value) -> Option<Value> {
            match type_name {
                $(stringify!($type) => {
                    serde_json::to_value(serde_json::from_value::<$type>(value.clone()).ok()?).ok()
                })*
                _ => None,
            }
        }
    };
}

examples_of!(
    NoParams,
    HelloParams,
    OrdersParams,
    TradesParams,
    DayParams,
    DaysParams,
    CalendarParams,
    LogsParams,
    ChangeParams,
    CloseParams,
    CancelParams,
    StopParams,
    KillParams,
    ArmParams,
    OverrideParams,
    ConfirmOverrideParams,
    AdoptParams,
    IgnoreParams,
    AckAlertParams,
    NoteTradeParams,
    TagTradeParams,
    TradeEditsParams,
    AlertsParams,
    EventsParams,
    SubmitJobParams,
    JobsParams,
    JobChangeParams,
    JobFileParams,
    UploadParams,
    DataParams,
    RemoveDataParams,
    WhyParams,
    SessionsParams,
    RemoveSessionParams,
    Hello,
    Status,
    Position,
    Order,
    Trade,
    TradeEdit,
    Route,
    Obstacle,
    JournalAlert,
    WhyFact,
    WhyStep,
    WhyBar,
    Why,
    LogLine,
    CalendarDay,
    EffectiveConfig,
    DaySummary,
    Accepted,
    AlertTest,
    Diagnosis,
    Reloaded,
    JournalLine,
    BacktestSpec,
    ImportSpec,
    DownloadSpec,
    ExportSpec,
    SeriesFilter,
    ReplaySpec,
    TraceSpec,
    SessionExportSpec,
    RecordedSession,
    AuditSpec,
    AuditExportSpec,
    Job,
    FileChunk,
    UploadState,
    DataSeries,
    ImportResult,
    DownloadResult,
    VerifyResult,
    GapsResult,
    AuditResult,
    BacktestResult,
);

#[cfg(test)]
mod tests;
