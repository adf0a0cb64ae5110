//! What an answer to a request proves: that it was done, that it was refused and nothing happened, or
//! nothing at all. Only an answer that Alpaca itself wrote is a refusal.

use trader_contract::{RequestFailure, advice};

use super::budget::RateHeaders;
use crate::wire::refusal::{ErrorBody, Reason, reason};

/// What helps where Alpaca does not take the keys.
pub(super) const PUT_RIGHT_KEYS: &str = "put right keys into the credential or the keys file and restart the daemon; \
                              `traderctl doctor` tells what Alpaca says of them";
/// What helps where nothing comes of a request.
const LOOK: &str =
    "look at the network, then at https://status.alpaca.markets; it is asked again by itself";

/// What came of an HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpResult {
    /// An answer, whole.
    Answer(Answer),
    /// There was no connection: not one byte of the request has left.
    NotSent {
        /// What went wrong.
        why: Box<str>,
    },
    /// It may have been sent, and no whole answer has come.
    Lost {
        /// What went wrong.
        why: Box<str>,
    },
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it says of the limit.
    pub rate: RateHeaders,
    /// The number under which Alpaca has logged it.
    pub request_id: Option<Box<str>>,
    /// The server's clock, in seconds since 1970.
    pub date: Option<i64>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What an answer proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was done; the body says what there is now.
    Done,
    /// It was refused, and nothing happened.
    Refused {
        /// What it is about.
        reason: Reason,
        /// The failure as the contract has it.
        failure: RequestFailure,
    },
    /// Nobody knows.
    Ambiguous {
        /// Why.
        why: Box<str>,
        /// Whether Alpaca answered at all, and asked for time.
        busy: bool,
    },
}

impl HttpResult {
    /// What it proves. Whether the body of a success can be read is for the reader to find.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let answer = match self {
            Self::Answer(answer) => answer,
            // Nothing happened, and that is certain.
            Self::NotSent { why } => {
                return Verdict::Refused {
                    reason: Reason::Other,
                    failure: RequestFailure::Refused {
                        code: 0,
                        message: format!("it was not sent: {why}").into(),
                    },
                };
            }
            Self::Lost { why } => {
                return Verdict::Ambiguous {
                    why: why.clone(),
                    busy: false,
                };
            }
        };
        if (200..300).contains(&answer.status) {
            return Verdict::Done;
        }
        let body = ErrorBody::read(&answer.body);
        let status = answer.status;
        let said = format!("{status}: {}", body.message);
        // A page of some server on the way proves nothing about Alpaca.
        let is_alpacas = body.code.is_some() || answer.body.first() == Some(&b'{');
        let is_final = matches!(status, 400..=407 | 409..=428 | 430..=499);
        if is_final && (is_alpacas || status == 401) {
            return Verdict::Refused {
                reason: reason(status, &body),
                failure: RequestFailure::Refused {
                    code: body.code.unwrap_or_else(|| u32::from(status)),
                    message: body.sentence(),
                },
            };
        }
        Verdict::Ambiguous {
            why: said.into(),
            busy: status == 429 || status == 503,
        }
    }

    /// Why `what` is not known, in words for a person, with what to do about it; for a result that is no
    /// success.
    #[must_use]
    pub fn trouble(&self, what: &str) -> String {
        let answer = match self {
            Self::Answer(answer) => answer,
            Self::NotSent { why } => {
                return advice::with_next(&format!("Alpaca could not be reached: {why}"), LOOK);
            }
            Self::Lost { why } => {
                let why = format!("Alpaca did not answer about {what}: {why}");
                return advice::with_next(&why, LOOK);
            }
        };
        let status = answer.status;
        match self.verdict() {
            Verdict::Refused {
                failure: RequestFailure::Refused { code, message },
                ..
            } => {
                let said = message.trim_end_matches('.');
                if matches!(status, 401 | 403) {
                    let why = format!("Alpaca refused the keys: {said} ({code})");
                    return advice::with_next(&why, PUT_RIGHT_KEYS);
                }
                format!("Alpaca refused to answer about {what}: {said} ({code})")
            }
            Verdict::Refused {
                failure: RequestFailure::Ambiguous { message: why },
                ..
            }
            | Verdict::Ambiguous { why, .. } => {
                let why = format!("Alpaca answered about {what} with {why}");
                advice::with_next(&why, LOOK)
            }
            Verdict::Done => format!("Alpaca's answer about {what} could not be read"),
        }
    }

    /// The answer, if there is one.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::NotSent { .. } | Self::Lost { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> HttpResult {
        HttpResult::Answer(Answer {
            status,
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        })
    }

    fn is_ambiguous(result: &HttpResult) -> bool {
        matches!(result.verdict(), Verdict::Ambiguous { .. })
    }

    #[test]
    fn alpacas_own_no_is_a_refusal_with_its_code_and_words() {
        let result = answer(
            422,
            r#"{"code":40010001,"message":"client_order_id must be unique"}"#,
        );
        let Verdict::Refused { reason, failure } = result.verdict() else {
            panic!("{result:?}");
        };
        assert_eq!(reason, Reason::DuplicateId);
        assert!(failure.says_id_is_used());
        let unauthorized = answer(401, "<html>no</html>").verdict();
        assert!(matches!(
            unauthorized,
            Verdict::Refused {
                reason: Reason::Unauthorized,
                ..
            }
        ));
    }

    #[test]
    fn what_alpaca_may_have_done_is_ambiguous() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(
                is_ambiguous(&answer(status, r#"{"code":50010000,"message":"x"}"#)),
                "{status}"
            );
        }
        for status in [301, 307, 400, 403, 404, 418] {
            assert!(
                is_ambiguous(&answer(status, "<html>proxy</html>")),
                "{status}"
            );
        }
        let lost = HttpResult::Lost {
            why: "timed out".into(),
        };
        assert!(is_ambiguous(&lost) && lost.answer().is_none());
    }

    #[test]
    fn what_was_never_sent_is_certain_not_to_have_happened() {
        let verdict = HttpResult::NotSent {
            why: "no route".into(),
        }
        .verdict();
        let Verdict::Refused {
            failure: RequestFailure::Refused { code, message },
            ..
        } = verdict
        else {
            panic!("{verdict:?}");
        };
        assert_eq!((code, &*message), (0, "it was not sent: no route"));
    }

    #[test]
    fn why_something_could_not_be_read_is_said_plainly_and_with_what_helps() {
        let keys = answer(401, r#"{"code":40110000,"message":"unauthorized."}"#);
        let said = keys.trouble("the account");
        assert_eq!(
            advice::split(&said),
            (
                "Alpaca refused the keys: unauthorized (40110000)",
                Some(PUT_RIGHT_KEYS)
            )
        );
        let forbidden = answer(403, r#"{"message":"forbidden."}"#).trouble("the account");
        let (why, next) = advice::split(&forbidden);
        assert_eq!(why, "Alpaca refused the keys: forbidden (403)");
        assert_eq!(next, Some(PUT_RIGHT_KEYS));

        let why = || "no connection: refused".into();
        let results = [
            HttpResult::NotSent { why: why() },
            HttpResult::Lost { why: why() },
            answer(503, r#"{"message":"try again"}"#),
            answer(403, "<html>a proxy</html>"),
        ];
        for result in results {
            let said = result.trouble("the account");
            let (why, next) = advice::split(&said);
            assert_eq!(next, Some(LOOK), "{result:?}");
            assert!(why.starts_with("Alpaca ") && !why.contains('{'), "{why}");
        }
        let invalid = answer(422, r#"{"code":40010001,"message":"after is no time"}"#);
        assert_eq!(
            invalid.trouble("the orders"),
            "Alpaca refused to answer about the orders: after is no time (40010001)"
        );
    }

    #[test]
    fn every_success_is_done() {
        for status in [200, 201, 204, 207] {
            assert_eq!(answer(status, "").verdict(), Verdict::Done);
        }
    }
}
