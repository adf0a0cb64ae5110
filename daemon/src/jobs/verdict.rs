//! What came of a job's process: from its last word, or from how it ended without one. Every
//! sentence says what happened, why, and what to do.

use trader_rpc::ErrorDetail;

use super::launch::{Ended, How};
use super::stream::{Done, Said, StreamError};

/// The most characters of what a process said last that a message repeats.
const WORDS_MAX: usize = 400;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// All of it, or why not.
    pub result: Result<Done, ErrorDetail>,
    /// The most memory that the process held, in MB.
    pub peak_memory_mb: Option<u32>,
}

impl Verdict {
    /// It could not even begin.
    pub(super) const fn failed(detail: ErrorDetail) -> Self {
        Self {
            result: Err(detail),
            peak_memory_mb: None,
        }
    }
}

/// Judges by the last word, what was wrong with the stream, and the end of the process.
pub(super) fn judge(
    last: Option<Said>,
    broken: Option<&StreamError>,
    ended: &Ended,
    memory_mb: u32,
) -> Verdict {
    match (last, broken) {
        (_, Some(StreamError::Write { name, source })) => Verdict::failed(detail(
            "what it made could not be stored",
            format!("{name}: {source}"),
            "make room on the disk of the state folder and submit it again",
        )),
        (_, Some(error @ StreamError::Large { .. })) => Verdict::failed(detail(
            "what it made was not taken",
            error.to_string(),
            "ask for a shorter range, or raise jobs.upload_mb",
        )),
        (Some(Said::Done(done)), None) => Verdict {
            peak_memory_mb: done.peak_memory_mb,
            result: Ok(done),
        },
        (Some(Said::Failed(failed)), _) => Verdict {
            peak_memory_mb: failed.peak_memory_mb,
            result: Err(failed.detail),
        },
        (_, Some(error)) if died(ended, error) => Verdict::failed(wordless(ended, memory_mb)),
        (_, Some(error)) => Verdict::failed(detail(
            "its process was not understood",
            error.to_string(),
            "this is a bug, or traderd was replaced while it ran: restart the daemon and submit it \
             again",
        )),
        (Some(Said::Progress(_) | Said::File(_)) | None, None) => {
            Verdict::failed(wordless(ended, memory_mb))
        }
    }
}

/// Whether the stream only broke off because the process ended.
fn died(ended: &Ended, error: &StreamError) -> bool {
    let cut_off = matches!(error, StreamError::Short { .. } | StreamError::Io(_));
    cut_off && ended.how != How::Exited(0)
}

/// The end of a process without a last word.
fn wordless(ended: &Ended, memory_mb: u32) -> ErrorDetail {
    let mut lines = ended.last_words.lines();
    let starved = lines.find(|line| line.contains("memory allocation of"));
    let words = one_line(&ended.last_words);
    match (ended.how, starved) {
        (How::Signalled(_) | How::Exited(_), Some(starved)) => detail(
            "it ran out of memory",
            format!("{}, with jobs.memory_mb = {memory_mb}", starved.trim()),
            "raise jobs.memory_mb, or ask for fewer symbols or a shorter range",
        ),
        (How::Signalled(9), None) => detail(
            "its process was killed by signal 9 (SIGKILL)",
            "somebody killed it, or the kernel did for want of memory",
            "look at journalctl -k, then submit it again",
        ),
        (How::Signalled(signal), None) => detail(
            format!("its process was ended by {}", signal_name(signal)),
            said(words),
            "submit it again; if that ends it too, this is a bug: please report it",
        ),
        (How::Exited(code), None) => detail(
            format!("its process ended with code {code} and without a last word"),
            said(words),
            "submit it again; if that ends it too, this is a bug: please report it",
        ),
        (How::Unseen, _) => detail(
            "the connection to its process ended without a last word",
            "it was killed, or ran out of memory",
            "see journalctl -u 'traderd-job@*'; if it is the memory, raise jobs.memory_mb or \
             MemoryMax= of traderd-job@.service",
        ),
    }
}

fn said(words: String) -> String {
    if words.is_empty() {
        "it did not say why".to_owned()
    } else {
        words
    }
}

/// Words in one line, as many as a message has room for.
fn one_line(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(WORDS_MAX).collect()
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

fn detail(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> ErrorDetail {
    ErrorDetail {
        what: what.into(),
        why: why.into(),
        next: next.into(),
    }
}

/// A failure as the one sentence of a job's message.
pub(super) fn sentence(detail: &ErrorDetail) -> String {
    let ErrorDetail { what, why, next } = detail;
    format!("{what}: {why}; {next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(how: How, last_words: &str) -> Ended {
        Ended {
            how,
            last_words: last_words.to_owned(),
        }
    }

    fn told(broken: Option<&StreamError>, how: How, words: &str) -> String {
        let verdict = judge(None, broken, &ended(how, words), 256);
        sentence(&verdict.result.unwrap_err())
    }

    #[test]
    fn every_end_without_a_last_word_says_why_and_what_to_do() {
        let rows = [
            (
                How::Signalled(6),
                "memory allocation of 99 bytes failed\nnote: run with more of it",
                "it ran out of memory: memory allocation of 99 bytes failed, with jobs.memory_mb = 256; \
                 raise jobs.memory_mb",
            ),
            (How::Signalled(9), "", "killed by signal 9 (SIGKILL)"),
            (
                How::Signalled(11),
                "",
                "ended by signal 11 (SIGSEGV): it did not say why",
            ),
            (
                How::Exited(70),
                "traderd has a bug and ends: x",
                "code 70 and without a last word: traderd has a bug",
            ),
            (How::Unseen, "", "see journalctl -u 'traderd-job@*'"),
        ];
        for (how, words, expected) in rows {
            let told = told(None, how, words);
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn a_stream_that_breaks_off_is_blamed_on_the_end_and_a_strange_one_on_the_speaker() {
        let short = StreamError::Short {
            name: "rows.csv".to_owned(),
            missing: 5,
        };
        assert!(told(Some(&short), How::Signalled(9), "").contains("SIGKILL"));
        assert!(told(Some(&short), How::Exited(0), "").contains("rows.csv ended 5 bytes early"));
        let long = StreamError::Long;
        assert!(
            told(Some(&long), How::Signalled(9), "").starts_with("its process was not understood")
        );
        let full = StreamError::Write {
            name: "rows.csv".to_owned(),
            source: std::io::ErrorKind::StorageFull.into(),
        };
        assert!(told(Some(&full), How::Signalled(9), "").contains("make room"));
    }
}
