//! Failures that a test orders in advance: what the next request meets, and what happens to the next
//! report on its way.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use trader_contract::{BrokerEvent, RequestFailure};

/// One failure to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The next submit, cancel or replacement is refused, and nothing happens.
    Refuse {
        /// The code of the refusal.
        code: u32,
        /// Its words.
        message: Box<str>,
    },
    /// The next submit, cancel or replacement acts, but its answer is lost; its reports still come.
    AmbiguousAfterActing,
    /// The next submit, cancel or replacement is lost on its way, and nobody can tell.
    AmbiguousWithoutActing,
    /// The next new order is accepted and then rejected instead of going to work.
    RejectAfterAccepting,
    /// The next order report never arrives.
    DropReport,
    /// The next order report arrives twice.
    DuplicateReport,
    /// The next two order reports arrive in the wrong order.
    SwapReports,
}

/// The failures to come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Faults {
    requests: VecDeque<FaultKind>,
    reports: VecDeque<FaultKind>,
    reject_next: bool,
    /// A report that waits for the one after it.
    late: Option<Box<BrokerEvent>>,
}

/// What a request meets.
pub(crate) enum Meets {
    /// It is handled as always.
    Nothing,
    /// It fails and does nothing.
    Failure(RequestFailure),
    /// It is handled, and then it fails all the same.
    FailureAfterActing(RequestFailure),
}

impl Faults {
    pub(crate) fn add(&mut self, kind: FaultKind) {
        match kind {
            FaultKind::RejectAfterAccepting => self.reject_next = true,
            FaultKind::DropReport | FaultKind::DuplicateReport | FaultKind::SwapReports => {
                self.reports.push_back(kind);
            }
            FaultKind::Refuse { .. }
            | FaultKind::AmbiguousAfterActing
            | FaultKind::AmbiguousWithoutActing => self.requests.push_back(kind),
        }
    }

    /// What the next request meets.
    pub(crate) fn meet_request(&mut self) -> Meets {
        let ambiguous = || RequestFailure::Ambiguous {
            message: "the request timed out (injected)".into(),
        };
        match self.requests.pop_front() {
            Some(FaultKind::Refuse { code, message }) => {
                Meets::Failure(RequestFailure::Refused { code, message })
            }
            Some(FaultKind::AmbiguousWithoutActing) => Meets::Failure(ambiguous()),
            Some(FaultKind::AmbiguousAfterActing) => Meets::FailureAfterActing(ambiguous()),
            _ => Meets::Nothing,
        }
    }

    /// Whether the next new order is rejected after it was accepted.
    pub(crate) fn take_reject(&mut self) -> bool {
        std::mem::take(&mut self.reject_next)
    }

    /// What arrives in place of one order report, in order.
    pub(crate) fn meet_report(&mut self, report: BrokerEvent) -> Vec<BrokerEvent> {
        if let Some(late) = self.late.take() {
            return vec![report, *late];
        }
        match self.reports.pop_front() {
            Some(FaultKind::DropReport) => Vec::new(),
            Some(FaultKind::DuplicateReport) => vec![report.clone(), report],
            Some(FaultKind::SwapReports) => {
                self.late = Some(Box::new(report));
                Vec::new()
            }
            _ => vec![report],
        }
    }

    /// Whether any failure of a report is still to come.
    pub(crate) fn touch_reports(&self) -> bool {
        self.late.is_some() || !self.reports.is_empty()
    }
}
