//! Alerts that reach somebody: what was raised before a crash arrives after it, a test tells what comes of
//! it, and no secret is seen anywhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use trader_rpc::method::call;
use trader_rpc::{AlertTest, ChangeParams, Client};

use crate::daemon::{Place, change, lively, look, stop, until};

const PATIENCE: Duration = Duration::from_secs(60);
const CANARY: &str = "c4n4ry-s3cr3t";

/// A request to a webhook: its head and its body.
type Asked = (String, Value);

/// A server that hands over what it is asked, and answers well or not at all.
struct Hook {
    address: String,
    asked: Receiver<Asked>,
}

impl Hook {
    fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else {
                    continue;
                };
                if answers {
                    let _ = (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
                } else {
                    open.push(stream);
                }
                if tell.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, asked }
    }

    fn next(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// A lively place that tells of alerts.
fn place(alerts: &str) -> Place {
    let market = "pace = 6000\nseed = 3";
    let place = Place::new(market);
    place.configure(&format!(
        "{}\n[alerts]\nminimum = \"notice\"\n{alerts}\n",
        lively(market)
    ));
    place
}

fn reconfigure(place: &Place, alerts: &str) {
    let text = lively("pace = 6000\nseed = 3");
    place.configure(&format!(
        "{text}\n[alerts]\nminimum = \"notice\"\n{alerts}\n"
    ));
}

#[test]
fn what_was_raised_before_a_crash_arrives_after_it() {
    let deaf = Hook::start(false);
    let place = place(&format!("webhook = \"{}/hook\"", deaf.address));
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.client();
    change::<call::Flatten>(&client, "flat-1").unwrap();
    let raised = daemon.wait(|line| line.kind == "alerted");
    // It is on its way, and nobody says that it has arrived.
    let (_, first) = deaf.next();
    assert_eq!(first["number"], raised.seq);
    // Trading does not wait for it.
    until(&client, |status| {
        status.positions == 0 && status.working_orders == 0
    });
    drop(client);
    daemon.kill();

    let hook = Hook::start(true);
    reconfigure(&place, &format!("webhook = \"{}/hook\"", hook.address));
    let daemon = place.start();
    let (head, again) = hook.next();
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    assert_eq!(again, first, "the same alert, under its number");
    let mut last = again["number"].as_u64().unwrap();
    stop(&place.client(), None);
    assert!(daemon.drain().0.success());
    for (_, later) in hook.asked.try_iter() {
        assert!(later["number"].as_u64().unwrap() > last, "{later}");
        last = later["number"].as_u64().unwrap();
    }

    // What has arrived does not come again.
    let mut daemon = place.start();
    let test = test(&place.client(), "t-1");
    assert!(test.ways[0].delivered);
    loop {
        let (_, next) = hook.next();
        let number = next["number"].as_u64().unwrap();
        if number == 0 {
            break;
        }
        assert!(number > last, "{next}");
    }
    daemon.wait(|line| line.message == "call done");
    daemon.kill();
}

fn test(client: &Client, id: &str) -> AlertTest {
    let request_id = id.parse().unwrap();
    client
        .call::<call::TestAlert>(&ChangeParams { request_id })
        .unwrap()
}

/// The test and the dead man's switch come in any order, with their secrets where they belong.
fn hears_one_test_and_the_switch(hook: &Hook) {
    let (mut tests, mut pings) = (0, 0);
    while tests < 1 || pings < 2 {
        let (head, body) = hook.next();
        if head.starts_with(&format!("GET /{CANARY} ")) {
            pings += 1;
        } else {
            assert!(
                head.starts_with(&format!("POST /{CANARY}/{CANARY} ")),
                "{head}"
            );
            tests += usize::from(body["kind"] == "test");
        }
    }
    assert_eq!(tests, 1);
}

#[test]
fn a_test_tells_what_came_of_it_and_no_secret_is_seen_anywhere() {
    let hook = Hook::start(true);
    let place = place("");
    let token = place.path().join("token");
    std::fs::write(&token, CANARY).unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let alerts = format!(
        "webhook = \"{}/{CANARY}/{{token}}\"\nwebhook_token_file = \"{}\"\n\
         dead_man = \"{}/{CANARY}\"\ndead_man_seconds = 1\ncommand = [\"/nonexistent/notify\"]",
        hook.address,
        token.display(),
        hook.address,
    );
    reconfigure(&place, &alerts);
    let daemon = place.start();
    let client = place.client();
    let told = test(&client, "t-1");
    let ways: Vec<_> = told
        .ways
        .iter()
        .map(|way| (way.name.as_str(), way.delivered))
        .collect();
    assert_eq!(ways, [("command", false), ("webhook", true)]);
    let why = told.ways[0].detail.as_ref().unwrap();
    assert!(
        why.starts_with("/nonexistent/notify cannot be run: "),
        "{why}"
    );
    assert_eq!(told.ways[1].target, hook.address);
    assert_eq!(test(&client, "t-1"), told, "sent again it tests nothing");

    hears_one_test_and_the_switch(&hook);

    // An alert that does not arrive by the command is told, and not by sending another.
    change::<call::Flatten>(&client, "flat-1").unwrap();
    let status = until(&client, |status| {
        status
            .alerts
            .iter()
            .any(|alert| alert.kind == "alerts_undelivered")
    });
    let shown = [
        serde_json::to_string(&status).unwrap(),
        serde_json::to_string(&look::<call::Config>(&client)).unwrap(),
        serde_json::to_string(&told).unwrap(),
    ];
    for text in shown {
        assert!(!text.contains(CANARY), "{text}");
    }
    stop(&client, Some(true));
    let (status, lines) = daemon.drain();
    assert!(status.success());
    for line in lines {
        assert!(!line.message.contains(CANARY), "{line:?}");
        assert!(!line.text.contains(CANARY), "{line:?}");
    }
}
