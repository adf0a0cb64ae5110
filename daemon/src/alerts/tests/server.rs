//! A server that answers as a test says, and remembers what it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) authorization: Option<String>,
    pub(super) body: String,
}

/// A server on the loopback.
pub(super) struct Server {
    pub(super) address: String,
    asked: watch::Sender<Vec<Asked>>,
}

impl Server {
    /// Answers with these statuses in turn, then with the last; 0 is never answered.
    pub(super) async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = watch::Sender::new(Vec::new());
        let heard = asked.clone();
        let statuses = Arc::new(Mutex::new(VecDeque::from(statuses.to_vec())));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (heard, statuses) = (heard.clone(), Arc::clone(&statuses));
                let service = service_fn(move |request| {
                    answer(request, heard.clone(), Arc::clone(&statuses))
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { address, asked }
    }

    /// Waits for so many requests; gives them.
    pub(super) async fn heard(&self, count: usize) -> Vec<Asked> {
        let mut asked = self.asked.subscribe();
        asked
            .wait_for(|asked| asked.len() >= count)
            .await
            .unwrap()
            .clone()
    }

    /// What came so far.
    pub(super) fn so_far(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    heard: watch::Sender<Vec<Asked>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri());
    let authorization = request.headers().get("authorization");
    let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    heard.send_modify(|asked| {
        asked.push(Asked {
            line,
            authorization,
            body,
        });
    });
    let status = {
        let mut statuses = statuses.lock().unwrap();
        let first = statuses[0];
        if statuses.len() > 1 {
            statuses.pop_front();
        }
        first
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    Ok(Response::builder()
        .status(status)
        .header("location", "/elsewhere")
        .body(Empty::new())
        .unwrap())
}
