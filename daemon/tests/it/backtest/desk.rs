//! A daemon whose jobs are the point: files go in, backtests are asked for, documents come out.

use trader_rpc::{
    BacktestResult, BacktestRoute, BacktestSpec, CallError, Client, ImportSpec, Job, JobState, Work,
};

use crate::daemon::{Daemon, Place};
use crate::shop;

/// A configuration of a daemon that trades nothing itself.
pub(super) const IDLE: &str = r#"
[market]
clock = "virtual"
start_date = 2024-11-20
pace = 1
[rpc]
requests_per_second = 1000
request_burst = 2000
[log]
format = "json"
"#;

/// A running daemon with a client.
pub(super) struct Desk {
    pub(super) place: Place,
    pub(super) daemon: Daemon,
    pub(super) client: Client,
}

impl Desk {
    /// A daemon with this configuration.
    pub(super) fn open(config: &str) -> Self {
        let place = Place::new("pace = 1");
        place.configure(config);
        Self::at(place)
    }

    /// A daemon on a place that is configured.
    pub(super) fn at(place: Place) -> Self {
        let daemon = place.start();
        let client = place.client();
        Self {
            place,
            daemon,
            client,
        }
    }

    /// Takes a file into the bar store.
    pub(super) fn import(&self, symbol: &str, data: &str, rows: &str) {
        let job = self.try_import(symbol, data, rows, |_| {});
        assert_eq!(job.state, JobState::Done, "{:?}", job.message);
    }

    /// The same with something else than the usual, and perhaps in vain.
    pub(super) fn try_import(
        &self,
        symbol: &str,
        data: &str,
        rows: &str,
        unusual: impl FnOnce(&mut ImportSpec),
    ) -> Job {
        let content = rows.as_bytes();
        let mut spec = shop::import_of(&self.client, &format!("{symbol}.csv"), content);
        spec.symbol = symbol.parse().unwrap();
        data.clone_into(&mut spec.data);
        unusual(&mut spec);
        self.finish(&self.submit(Work::Import(spec)).unwrap())
    }

    pub(super) fn submit(&self, work: Work) -> Result<Job, CallError> {
        shop::submit(&self.client, work)
    }

    /// Waits for a job's end.
    pub(super) fn finish(&self, job: &Job) -> Job {
        shop::over(&self.client, job.id)
    }

    /// The bytes of a file that a job made.
    pub(super) fn fetch(&self, job: &Job, file: &str) -> Vec<u8> {
        shop::file(&self.client, job.id, file)
    }

    /// Runs a backtest and gives its document as it is stored.
    pub(super) fn document(&self, spec: &BacktestSpec) -> Vec<u8> {
        let job = self.finish(&self.submit(Work::Backtest(spec.clone())).unwrap());
        assert_eq!(job.state, JobState::Done, "{:?}", job.message);
        self.fetch(&job, "result.json")
    }

    /// Runs a backtest.
    pub(super) fn backtest(&self, spec: &BacktestSpec) -> BacktestResult {
        serde_json::from_slice(&self.document(spec)).unwrap()
    }

    /// What is said of a backtest that must not come to a result, at the door or by the job.
    pub(super) fn refusal(&self, spec: &BacktestSpec) -> String {
        match self.submit(Work::Backtest(spec.clone())) {
            Ok(job) => {
                let job = self.finish(&job);
                assert_eq!(job.state, JobState::Failed, "{:?}", job.message);
                assert!(job.files.is_empty(), "{:?}", job.files);
                job.message.unwrap()
            }
            Err(CallError::Daemon(failure)) => {
                let detail = failure.detail;
                format!("{}: {}; {}", detail.what, detail.why, detail.next)
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// A backtest of nothing yet.
pub(super) fn spec(start: &str, end: &str) -> BacktestSpec {
    BacktestSpec {
        start_date: start.parse().unwrap(),
        end_date: end.parse().unwrap(),
        routes: Vec::new(),
        configured_routes: Vec::new(),
        config: None,
        settings: std::collections::BTreeMap::new(),
        seed: 1,
        data: None,
        adjustment: trader_rpc::Adjustment::Split,
        label: None,
    }
}

/// The same with a route.
pub(super) trait With: Sized {
    /// A route of its own.
    fn route(self, strategy: &str, symbols: &[&str], timeframe: &str) -> Self;
    /// A setting of the last route.
    fn put(self, key: &str, word: &str) -> Self;
    /// A setting by its dotted key.
    fn set(self, key: &str, word: &str) -> Self;
}

impl With for BacktestSpec {
    fn route(mut self, strategy: &str, symbols: &[&str], timeframe: &str) -> Self {
        self.routes.push(BacktestRoute {
            name: None,
            strategy: strategy.to_owned(),
            symbols: symbols.iter().map(|s| s.parse().unwrap()).collect(),
            timeframe: timeframe.to_owned(),
            sides: None,
            settings: std::collections::BTreeMap::new(),
        });
        self
    }

    fn put(mut self, key: &str, word: &str) -> Self {
        let last = self.routes.last_mut().unwrap();
        last.settings.insert(key.to_owned(), word.to_owned());
        self
    }

    fn set(mut self, key: &str, word: &str) -> Self {
        self.settings.insert(key.to_owned(), word.to_owned());
        self
    }
}
