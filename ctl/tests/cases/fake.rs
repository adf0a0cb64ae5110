//! A daemon of canned answers: the samples of the wire, and what a test puts in their place.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use jsonrpsee::server::{ServerConfig, StopHandle, serve_with_graceful_shutdown, stop_channel};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{RpcModule, SubscriptionSink};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use trader_rpc::{Failure, METHODS, Role, sample, socket};

use super::desk::Desk;

/// What a method answers.
pub(crate) type Answer = Result<Value, Failure>;
type Answers = dyn Fn(&str, &Value) -> Option<Answer> + Send + Sync;

/// The daemon. It lives as long as the test's process.
pub(crate) struct Fake {
    folder: TempDir,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Fake {
    /// Answers everything with the samples.
    pub(crate) fn start() -> Self {
        Self::with(Role::Control, |_, _| None)
    }

    /// Answers with what `answers` says, else with the samples, as far as `role` goes. Listens on
    /// the control socket of a folder of its own.
    pub(crate) fn with(
        role: Role,
        answers: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(role, answers, Arc::new(Desk::default()))
    }

    /// Answers with what this desk has, else with the samples.
    pub(crate) fn with_desk(desk: &Arc<Desk>) -> Self {
        let answering = Arc::clone(desk);
        let answers = move |method: &str, params: &Value| answering.answer(method, params);
        Self::serve(Role::Control, answers, Arc::clone(desk))
    }

    fn serve(
        role: Role,
        answers: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static,
        desk: Arc<Desk>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (stop, handle) = stop_channel();
        let stopped = AtomicBool::new(false);
        let answers = move |method: &str, params: &Value| {
            // A stopping daemon answers one more question, then closes the connection.
            match method {
                "stop" => stopped.store(true, Ordering::SeqCst),
                "status" if stopped.load(Ordering::SeqCst) => drop(handle.stop()),
                _ => {}
            }
            answers(method, params)
        };
        let cut = Arc::clone(&desk.cut);
        let module = module(role, Arc::new(answers), &calls, desk);
        listen(&socket::control(folder.path()), module, stop, cut);
        Self { folder, calls }
    }

    /// The folder with `control/sock` in it.
    pub(crate) fn runtime_dir(&self) -> &Path {
        self.folder.path()
    }

    /// The control socket.
    pub(crate) fn socket(&self) -> PathBuf {
        socket::control(self.folder.path())
    }

    /// The parameters of each call of this method so far.
    pub(crate) fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        let of_method = calls.iter().filter(|(name, _)| name == method);
        of_method.map(|(_, params)| params.clone()).collect()
    }
}

/// What the samples say a method answers; lists have one item.
pub(crate) fn sample_answer(method: &str, params: &Value) -> Value {
    let info = METHODS.iter().find(|info| info.name == method).unwrap();
    let all = sample::all().unwrap();
    match info.list_of() {
        Some(item) => json!([all[item]]),
        None => {
            let mut answer = all[info.result].clone();
            if info.mutating {
                answer["request_id"] = params["request_id"].clone();
                answer["message"] = json!(format!("{method} was accepted"));
            }
            answer
        }
    }
}

fn module(
    role: Role,
    answers: Arc<Answers>,
    calls: &Arc<Mutex<Vec<(String, Value)>>>,
    desk: Arc<Desk>,
) -> RpcModule<()> {
    let mut module = RpcModule::new(());
    for info in METHODS {
        let (answers, calls) = (Arc::clone(&answers), Arc::clone(calls));
        module
            .register_method(info.name, move |params, _, _| {
                let params: Value = params.parse()?;
                calls
                    .lock()
                    .unwrap()
                    .push((info.name.to_owned(), params.clone()));
                if !role.allows(info.role) {
                    let failure = Failure::wrong_role(info.name, info.role, role);
                    return Err(ErrorObjectOwned::from(failure));
                }
                let answer = answers(info.name, &params)
                    .unwrap_or_else(|| Ok(sample_answer(info.name, &params)));
                answer.map_err(ErrorObjectOwned::from)
            })
            .unwrap();
    }
    register_events(&mut module, desk);
    module
}

/// Sends what the desk's next script says to watchers of jobs, and to others three log lines: the one
/// of the samples, one about QQQ, one after a gap.
fn register_events(module: &mut RpcModule<()>, desk: Arc<Desk>) {
    let events = trader_rpc::method::EVENTS;
    module
        .register_subscription(
            events.subscribe,
            events.notification,
            events.unsubscribe,
            move |params, pending, _, _| {
                let asked: Value = params.parse().unwrap();
                let desk = Arc::clone(&desk);
                async move {
                    let sink = pending.accept().await.unwrap();
                    if asked["stream"] == "jobs" {
                        return tell_jobs(&sink, &desk).await;
                    }
                    for event in log_lines() {
                        let message = serde_json::value::to_raw_value(&event).unwrap();
                        sink.send(message).await.unwrap();
                    }
                }
            },
        )
        .unwrap();
}

async fn tell_jobs(sink: &SubscriptionSink, desk: &Desk) {
    for (seq, step) in (1..).zip(desk.next_script()) {
        // The watcher has asked how things are before they change.
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(event) = desk.happen(seq, &step) {
            let message = serde_json::value::to_raw_value(&event).unwrap();
            sink.send(message).await.unwrap();
        }
    }
    sink.closed().await;
}

fn log_lines() -> [Value; 4] {
    let line = sample::all().unwrap()["LogLine"].clone();
    let with = |seq: u64, symbol: &str, message: &str| {
        let mut line = line.clone();
        line["seq"] = json!(seq);
        line["message"] = json!(message);
        line["fields"] = json!({ "symbol": symbol });
        json!({ "log": line })
    };
    [
        json!({ "log": line }),
        with(342, "QQQ", "entry sent"),
        json!({ "missed": { "after_seq": 342, "next_seq": 345 } }),
        with(345, "SPY", "stop moved"),
    ]
}

fn listen(path: &Path, module: RpcModule<()>, stop: StopHandle, cut: Arc<Notify>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = {
        let _entered = runtime.enter();
        UnixListener::bind(path).unwrap()
    };
    thread::spawn(move || runtime.block_on(accept(listener, module, stop, cut)));
}

async fn accept(listener: UnixListener, module: RpcModule<()>, stop: StopHandle, cut: Arc<Notify>) {
    let config = ServerConfig::builder()
        .max_response_body_size(64 << 20)
        .build();
    let builder = jsonrpsee::server::Server::builder()
        .set_config(config)
        .to_service_builder();
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted.unwrap(),
            () = stop.clone().shutdown() => return,
        };
        // A wire between the two that can be cut.
        let mut outside = stream;
        let stream = {
            let (mut near, far) = UnixStream::pair().unwrap();
            let cut = Arc::clone(&cut);
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut outside, &mut near) => {}
                    () = cut.notified() => {}
                }
            });
            far
        };
        let mut service = builder.clone().build(module.clone(), stop.clone());
        let service = tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            use tower::Service;
            service.call(request).boxed()
        });
        tokio::spawn(serve_with_graceful_shutdown(
            stream,
            service,
            stop.clone().shutdown(),
        ));
    }
}
