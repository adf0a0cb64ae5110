//! A download: Alpaca's bars, splits and dividends into the bar store. The daemon asks, since a job's
//! process has neither network nor keys; what comes is a file for a job's process, which checks and
//! prepares it like any import. Month by month it is in the store, or nothing of it: what is there is not
//! asked for again, however a download ends.

mod actions;
mod covered;
mod part;
mod past;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trader_bars::{ImportCounts, Kind};
use trader_broker_alpaca::face::{AskError, Feed};
use trader_calendar::{Calendar, new_york};
use trader_contract::Timestamp;
use trader_rpc::{
    DownloadResult, DownloadSpec, ErrorDetail, ImportSpec, Job, JobProgress, RequestId, Work,
};

use super::Shop;
use super::launch::{Ended, How, Leash};
use super::run::Heard;
use super::stream::{self, Done};
use super::verdict::Verdict;
use crate::clock;
use crate::work::trouble;

pub(super) use covered::Covered;
use past::Past;
use plan::Plan;

/// Where the bars come from, as the store notes it.
pub(super) const SOURCE: &str = "alpaca";
/// How often a question without an answer is asked anew, after one second, two, four and so on.
const TRIES: u32 = 6;
/// The longest wait before one.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// A day is over this long after its midnight in New York: with extended hours, and when every plan may
/// see it.
const DAY_OVER: i64 = (20 * 60 + 16) * Timestamp::MINUTE;

/// Ends a question that waits for its answer.
struct Halt(CancellationToken);

impl Leash for Halt {
    fn pid(&self) -> Option<u32> {
        None
    }

    fn cut(&self) {
        self.0.cancel();
    }

    fn ended(&self) -> Ended {
        Ended {
            how: How::Unseen,
            last_words: String::new(),
        }
    }
}

/// A download at work.
struct Download<'a> {
    shop: &'a Shop,
    job: u64,
    spec: &'a DownloadSpec,
    kind: Kind,
    feed: &'static str,
    calendar: Calendar,
    past: Past,
    runtime: tokio::runtime::Runtime,
    halt: Arc<Halt>,
    began_at: Duration,
    result: DownloadResult,
}

impl Shop {
    /// Does a download, from the first question to the last commit.
    pub(super) fn download(&self, job: &Job, spec: &DownloadSpec) -> Verdict {
        tracing::info!(job = job.id, "job {} has begun: {}", job.id, job.title);
        let result = Download::begin(self, job.id, spec).and_then(Download::run);
        Verdict {
            result,
            peak_memory_mb: None,
        }
    }
}

impl<'a> Download<'a> {
    fn begin(shop: &'a Shop, job: u64, spec: &'a DownloadSpec) -> Result<Self, ErrorDetail> {
        let kind = spec.data.parse();
        let kind = kind.map_err(|error| not_begun(&error, "choose 1min or 1day"))?;
        let feed = match spec.feed.as_deref() {
            Some("iex") => Feed::Iex,
            _ => Feed::Sip,
        };
        let settings = &shop.settings;
        let calendar = settings.base.calendar.calendar();
        let calendar = calendar
            .map_err(|error| not_begun(&error, "correct the file that calendar.overrides names"))?;
        let newest = new_york::date(clock::venue().plus_nanos(DAY_OVER.saturating_neg()));
        let last = spec.end_date.unwrap_or(newest).min(newest);
        if last < spec.start_date {
            let why = format!("of these days none is over: the last one is {newest}");
            return Err(not_begun(&why, "name an earlier first day"));
        }
        calendar
            .sessions(spec.start_date..=last)
            .map_err(|error| not_begun(&error, "name days that the calendar has"))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| not_begun(&error, "look at the limits of the daemon's unit"))?;
        let past = {
            // What HTTP is made of asks for the runtime that it will run on.
            let _entered = runtime.enter();
            Past::open(&settings.base.alpaca, feed)?
        };
        Ok(Self {
            shop,
            job,
            spec,
            kind,
            feed: feed.word(),
            calendar,
            past,
            runtime,
            halt: Arc::new(Halt(CancellationToken::new())),
            began_at: clock::elapsed(),
            result: DownloadResult {
                data: spec.data.clone(),
                source: SOURCE.to_owned(),
                feed: feed.word().to_owned(),
                first: spec.start_date,
                last,
                pages: 0,
                symbols: Vec::new(),
            },
        })
    }

    fn run(mut self) -> Result<Done, ErrorDetail> {
        let plan = self.plan()?;
        self.fetch(&plan)?;
        self.result.pages = self.past.pages();
        self.hand_over()?;
        Ok(Done {
            message: self.message(),
            staged: None,
            peak_memory_mb: None,
        })
    }

    /// Whether to go on; if so, this can be ended while it waits for an answer.
    fn go_on(&self) -> Result<(), ErrorDetail> {
        let mut book = self.shop.hold();
        let closing = book.closing;
        match book.record(self.job) {
            Some(record) if !record.cancelled && !closing => {
                let halt: Arc<dyn Leash> = Arc::<Halt>::clone(&self.halt);
                record.leash = Some(halt);
                Ok(())
            }
            _ => Err(stopped()),
        }
    }

    /// Asks, again and again for as long as nobody answers, within reason.
    fn ask<T>(&self, ask: impl AsyncFn(&Past) -> Result<T, AskError>) -> Result<T, ErrorDetail> {
        let mut wait = Duration::from_secs(1);
        let mut tries = 0_u32;
        loop {
            self.go_on()?;
            tries = tries.saturating_add(1);
            let answer = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.halt.0.cancelled() => None,
                    answer = ask(&self.past) => Some(answer),
                }
            });
            let error = match answer {
                None => return Err(stopped()),
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) => error,
            };
            if tries == TRIES || !matches!(error, AskError::Unanswered { .. }) {
                return Err(not_answered(&error));
            }
            tracing::warn!(job = self.job, %error, "asked anew in {} s", wait.as_secs());
            self.runtime.block_on(async {
                tokio::select! {
                    () = self.halt.0.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            });
            wait = wait.saturating_mul(2).min(WAIT_MAX);
        }
    }

    /// Has a job's process check and prepare what came, and takes it into the store, whole or not at all.
    fn take_in(
        &self,
        symbol: trader_contract::Symbol,
        data: &str,
        name: String,
        content: &[u8],
        replace: bool,
    ) -> Result<ImportCounts, ErrorDetail> {
        self.go_on()?;
        let upload: RequestId = format!("download-{}", self.job)
            .parse()
            .map_err(|error| not_begun(&error, "this is a bug: please report it"))?;
        let spec = ImportSpec {
            upload: upload.clone(),
            file_name: name,
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: stream::announce("", content).sha256,
            symbol,
            data: data.to_owned(),
            source: Some(SOURCE.to_owned()),
            feed: Some(self.feed.to_owned()),
            regular_only: false,
            replace,
        };
        let written = self.shop.uploads.put(&upload, content);
        written.map_err(|error| not_stored(&error))?;
        let verdict = match self.shop.order(self.job, &Work::Import(spec)) {
            Ok(order) => {
                let verdict = self.shop.run_and_take(self.job, &order, &mut |heard| {
                    // How far the import is, and its own document, are steps of something longer.
                    if let Heard::Begun(leash) = heard {
                        self.shop.begun(self.job, leash);
                    }
                });
                self.shop.shelf.clear(&order.staging);
                verdict.result
            }
            Err(detail) => Err(detail),
        };
        self.shop.uploads.delete(&upload);
        self.shop.hold().unmade(self.job);
        let done = verdict?;
        // Of one that is cancelled in time nothing was taken in.
        self.go_on()?;
        Ok(done.staged.map(|staged| staged.counts).unwrap_or_default())
    }

    /// Tells how many sessions are done.
    fn progress(&self, phase: String, done: u64, total: u64) {
        let now = clock::elapsed();
        let seconds = now.saturating_sub(self.began_at).as_secs_f64();
        let per_second = float(done) / seconds.max(0.001);
        let left = float(total.saturating_sub(done)) / per_second;
        let progress = JobProgress {
            phase,
            done,
            total,
            unit: "sessions".to_owned(),
            per_second,
            seconds_left: (done > 0).then_some(left),
        };
        self.shop.hold().progress(self.job, progress, now);
    }

    /// The document of the job.
    fn hand_over(&self) -> Result<(), ErrorDetail> {
        let content = serde_json::to_vec_pretty(&self.result)
            .map_err(|error| not_begun(&error, "this is a bug: please report it"))?;
        let file = stream::announce("result.json", &content);
        let most = file.bytes;
        let taken = self
            .shop
            .folder
            .take(self.job, &file, most, &mut content.as_slice());
        taken.map_err(|error| not_stored(&error))?;
        self.shop.hold().stored(self.job, file);
        Ok(())
    }

    fn message(&self) -> String {
        let result = &self.result;
        let sum = |of: fn(&trader_rpc::DownloadedSymbol) -> u64| -> u64 {
            result.symbols.iter().map(of).sum()
        };
        let (new, already, replaced) = (sum(|s| s.new), sum(|s| s.already), sum(|s| s.replaced));
        let mut parts = vec![format!("{new} new bars")];
        for (count, words) in [
            (already, "stored already"),
            (replaced, "replaced"),
            (sum(|s| s.left_out), "left out"),
            (sum(|s| s.actions), "new splits and dividends"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        if result.pages == 0 {
            parts.push("nothing was asked for, all of it is stored".to_owned());
        }
        format!(
            "{} {}, {} to {}: {}",
            super::title::names(&self.spec.symbols),
            result.data,
            result.first,
            result.last,
            parts.join(", ")
        )
    }

    fn plan(&self) -> Result<Plan, ErrorDetail> {
        Plan::make(
            self.shop,
            self.spec,
            self.feed,
            self.kind,
            (self.result.first, self.result.last),
        )
    }
}

fn not_begun(why: &dyn std::fmt::Display, next: &str) -> ErrorDetail {
    trouble("nothing was downloaded", why, next)
}

fn not_stored(error: &dyn std::fmt::Display) -> ErrorDetail {
    trouble(
        "what came could not be stored",
        error,
        "make room on the disk of the state folder; the same download goes on from there",
    )
}

/// It is to end; what is said of the job comes from whoever ended it.
fn stopped() -> ErrorDetail {
    trouble("it was ended", "somebody ended it", "submit it again")
}

fn not_answered(error: &AskError) -> ErrorDetail {
    let next = match error {
        AskError::Refused { message, .. } if message.contains("subscription") => {
            "the plan of these keys has no such data: --feed iex has one exchange's"
        }
        AskError::Refused { .. } => "traderctl doctor checks keys, plan and clock",
        _ => "what came by then is stored, and the same download goes on from there",
    };
    trouble("the download ended early", error, next)
}

/// Counts of sessions are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "shown to people, rounded")]
const fn float(count: u64) -> f64 {
    count as f64
}
