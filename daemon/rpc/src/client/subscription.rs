//! A subscription as a blocking iterator. Going on after a break is the caller's: every event tells
//! where.

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
}

impl Iterator for Subscription<'_> {
    type Item = Result<Event, CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let method = EVENTS.subscribe.to_owned();
        let item = match self.runtime.block_on(self.inner.next()) {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(CallError::Unreadable {
                method,
                why: error.to_string(),
            }),
            None if matches!(
                self.inner.close_reason(),
                Some(SubscriptionCloseReason::Lagged)
            ) =>
            {
                Err(CallError::TooSlow)
            }
            None => Err(CallError::Lost {
                method,
                why: "traderd ended it".to_owned(),
            }),
        };
        self.ended = item.is_err();
        Some(item)
    }
}
