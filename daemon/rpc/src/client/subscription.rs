//! A subscription as a blocking iterator. Going on after a break is the caller's: every event tells
//! where.

use std::time::Duration;

use jsonrpsee_core::client::{Subscription as Inner, SubscriptionCloseReason};
use tokio::runtime::Runtime;

use super::error::CallError;
use crate::method::EVENTS;
use crate::types::Event;

/// Events as they come. The iterator waits for each, and ends after the first error.
#[derive(Debug)]
pub struct Subscription<'a> {
    runtime: &'a Runtime,
    inner: Inner<Event>,
    ended: bool,
}

impl<'a> Subscription<'a> {
    pub(super) const fn new(runtime: &'a Runtime, inner: Inner<Event>) -> Self {
        Self {
            runtime,
            inner,
            ended: false,
        }
    }

    /// Waits for the next event, but not longer than `limit`: `Ok(None)` when none came by then.
    ///
    /// # Errors
    /// The subscription is over; see [`CallError`].
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<Event>, CallError> {
        if self.ended {
            return Err(self.over(None));
        }
        let inner = &mut self.inner;
        // The timer belongs to the runtime, so it is made inside it.
        let came = self
            .runtime
            .block_on(async { tokio::time::timeout(limit, inner.next()).await });
        match came {
            Ok(item) => self.taken(item).map(Some),
            Err(_elapsed) => Ok(None),
        }
    }

    fn taken<E: std::fmt::Display>(
        &mut self,
        item: Option<Result<Event, E>>,
    ) -> Result<Event, CallError> {
        let item = match item {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.over(Some(error.to_string()))),
            None => Err(self.over(None)),
        };
        self.ended = item.is_err();
        item
    }

    /// Why nothing more comes.
    fn over(&self, unreadable: Option<String>) -> CallError {
        let method = EVENTS.subscribe.to_owned();
        let reason = self.inner.close_reason();
        match unreadable {
            Some(why) => CallError::Unreadable { method, why },
            None if matches!(reason, Some(SubscriptionCloseReason::Lagged)) => CallError::TooSlow,
            None => CallError::Lost {
                method,
                why: "traderd ended it".to_owned(),
            },
        }
    }
}

impl Iterator for Subscription<'_> {
    type Item = Result<Event, CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.runtime.block_on(self.inner.next());
        Some(self.taken(item))
    }
}
