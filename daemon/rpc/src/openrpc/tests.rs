//! The document says of every method and type what they are.

use super::*;
use crate::types::{Event, Scope, Work};
use std::path::Path;

#[test]
fn every_example_is_what_its_type_writes() {
    for (name, sample) in sample::all().unwrap() {
        assert_eq!(rewritten(&name, &sample), Some(sample), "{name}");
    }
}

#[test]
fn every_method_and_every_type_of_the_table_is_in_the_document() {
    let document = document().unwrap();
    let schemas = &document["components"]["schemas"];
    let listed = document["methods"].as_array().unwrap();
    assert_eq!(listed.len(), METHODS.len());
    for (method, info) in listed.iter().zip(METHODS) {
        assert_eq!(method["name"], info.name);
        assert_eq!(method["x-role"], info.role.name());
        let item = info.list_of().unwrap_or(info.result);
        assert_eq!(schemas[item]["type"], "object", "{}", info.result);
        let names: Vec<&str> = method["params"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names.contains(&"request_id"),
            info.mutating,
            "{}",
            info.name
        );
    }
    assert_eq!(
        document["x-subscriptions"][0]["subscribe"],
        "subscribe_events"
    );
}

#[test]
fn every_kind_of_event_is_in_the_document() {
    let samples = [
        Event::Log(sample::of("LogLine").unwrap()),
        Event::Journal(sample::of("JournalLine").unwrap()),
        Event::Job {
            seq: 2,
            job: sample::of("Job").unwrap(),
        },
        Event::Missed {
            after_seq: 1,
            next_seq: 3,
        },
    ];
    let schema = event_schema();
    let kinds = schema["oneOf"].as_array().unwrap();
    assert_eq!(kinds.len(), samples.len());
    for (event, schema) in samples.iter().zip(kinds) {
        let json = serde_json::to_value(event).unwrap();
        let kind = json.as_object().unwrap().keys().next().unwrap();
        assert_eq!(schema["required"], json!([kind]));
    }
}

#[test]
fn every_kind_of_work_is_in_the_document_and_referred_to() {
    let Err(refusal) = serde_json::from_value::<Work>(json!({ "?": {} })) else {
        panic!("there is no such work");
    };
    let refusal = refusal.to_string();
    let kinds = work_schema();
    let kinds: Vec<&str> = kinds["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["required"][0].as_str().unwrap())
        .collect();
    assert_eq!(kinds, variants(&refusal));
    let document = document().unwrap();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Job"]["properties"]["work"], reference("Work"));
    assert_eq!(
        schemas["BacktestSpec"]["required"],
        json!(["end_date", "start_date"])
    );
    assert_eq!(schemas["SeriesFilter"]["required"], json!([]));
}

#[test]
fn every_scope_is_in_the_document_and_referred_to() {
    let Err(refusal) = serde_json::from_value::<Scope>(json!("?")) else {
        panic!("there is no such scope");
    };
    let refusal = refusal.to_string();
    let document = document().unwrap();
    let schemas = &document["components"]["schemas"];
    let kinds = schemas["Scope"]["oneOf"].as_array().unwrap();
    let kinds: Vec<&str> = kinds
        .iter()
        .filter_map(|kind| kind["required"][0].as_str().or(kind["enum"][0].as_str()))
        .collect();
    assert_eq!(kinds, variants(&refusal));
    let kill = METHODS.iter().position(|info| info.name == "kill").unwrap();
    let params = document["methods"][kill]["params"].as_array().unwrap();
    let scope = params
        .iter()
        .find(|param| param["name"] == "scope")
        .unwrap();
    assert_eq!(scope["schema"], reference("Scope"));
    assert_eq!(scope["required"], false);
}

#[test]
fn numbers_with_a_fraction_are_numbers_and_counts_are_integers() {
    let schemas = &document().unwrap()["components"]["schemas"];
    let result = &schemas["BacktestResult"]["properties"];
    let curve = &result["metrics"]["properties"]["curve"]["properties"];
    assert_eq!(curve["sharpe"]["type"], json!(["number", "null"]));
    assert_eq!(curve["returns"]["type"], "integer");
    let refusals = &result["counts"]["properties"]["refusals"];
    assert_eq!(refusals["additionalProperties"]["type"], "integer");
}

#[test]
fn what_may_be_null_or_left_out_says_so() {
    let document = document().unwrap();
    let position = &document["components"]["schemas"]["Position"]["properties"];
    assert_eq!(position["stop"]["type"], json!(["string", "null"]));
    assert_eq!(position["stop"]["format"], "decimal");
    assert_eq!(
        position["entered_at"],
        json!({ "type": "string", "format": "date-time" })
    );
    assert_eq!(position["direction"]["enum"], json!(["long", "short"]));
    assert_eq!(position["stop_state"]["enum"].as_array().unwrap().len(), 15);
    let line = &document["components"]["schemas"]["LogLine"]["properties"];
    assert_eq!(line["fields"]["additionalProperties"]["type"], "string");
    let stop = METHODS.iter().position(|info| info.name == "stop").unwrap();
    let required = |i: usize| document["methods"][stop]["params"][i].clone();
    assert_eq!(
        (&required(0)["name"], &required(0)["required"]),
        (&json!("flatten"), &json!(false))
    );
    assert_eq!(required(1)["required"], json!(true));
}

#[test]
fn the_document_in_the_repository_is_the_one_of_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openrpc.json");
    let text = format!("{:#}\n", document().unwrap());
    if std::env::var_os("TRADER_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == text,
        "daemon/rpc/openrpc.json is old: TRADER_UPDATE=1 cargo test -p trader-rpc openrpc"
    );
}
