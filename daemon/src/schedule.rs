//! Who goes first where threads want the same core: the engine's thread, before all that it hands work to.
//!
//! Linux lets a woken thread take the place of the one that woke it. The engine wakes the writer, the
//! recorder and the log's writer on its way to an order, and would stand still while they work. Threads of
//! the policy `SCHED_BATCH` take nobody's place when they are woken; their share of the cores is the same.

use thread_priority::{
    NormalThreadSchedulePolicy as Policy, ThreadPriority, ThreadPriorityValue,
    ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// From now on this thread, and every one that it begins, takes nobody's place when it is woken.
pub(crate) fn behind_the_engine() {
    set(Policy::Batch);
}

/// This thread takes the place of others when it is woken.
#[cfg(any(test, feature = "broker-sim"))]
pub(crate) fn before_all_others() {
    set(Policy::Other);
}

/// Sets a policy and leaves the niceness as it is. A system that does not allow it costs a little time per
/// order and nothing else.
fn set(policy: Policy) {
    let scheduled = ThreadSchedulePolicy::Normal(policy);
    let niceness = rustix::process::getpriority_process(None).unwrap_or(0);
    // The library counts from 0 to 99, several of which are the same niceness.
    let priority = (0..=99_u8)
        .filter_map(|value| ThreadPriorityValue::try_from(value).ok())
        .map(ThreadPriority::Crossplatform)
        .find(|priority| priority.to_posix(scheduled) == Ok(niceness));
    let Some(priority) = priority else {
        return tracing::debug!(niceness, "the threads' policy is left as it is");
    };
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, scheduled) {
        tracing::debug!(%error, ?policy, "the system does not let threads have a policy");
    }
}

#[cfg(test)]
mod tests {
    use thread_priority::{ThreadSchedulePolicy, thread_schedule_policy};

    use super::*;

    fn policy() -> ThreadSchedulePolicy {
        thread_schedule_policy().unwrap()
    }

    #[test]
    fn whoever_is_begun_stays_behind_and_the_engine_goes_first() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let (begun, engine) = std::thread::spawn(|| {
            behind_the_engine();
            let begun = std::thread::spawn(policy).join().unwrap();
            let engine = std::thread::spawn(|| {
                before_all_others();
                policy()
            });
            (begun, engine.join().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(begun, ThreadSchedulePolicy::Normal(Policy::Batch));
        assert_eq!(engine, ThreadSchedulePolicy::Normal(Policy::Other));
        assert_eq!(niceness(), before);
    }

    #[test]
    fn every_niceness_can_be_kept() {
        let scheduled = ThreadSchedulePolicy::Normal(Policy::Batch);
        let values = (0..=99_u8).filter_map(|value| ThreadPriorityValue::try_from(value).ok());
        let reached: std::collections::BTreeSet<i32> = values
            .filter_map(|value| {
                ThreadPriority::Crossplatform(value)
                    .to_posix(scheduled)
                    .ok()
            })
            .collect();
        assert_eq!(reached, (-20..=19).collect());
    }
}
