//! Why something failed and what a person can do about it, in one text: a reason that a plugin gives may
//! end with a next step, and whoever shows it can tell the two apart.

/// What stands between a reason and its next step.
const NEXT: &str = "; next: ";

/// A reason that says what to do about it.
#[must_use]
pub fn with_next(why: &str, next: &str) -> String {
    format!("{why}{NEXT}{next}")
}

/// A reason, and its next step where it has one.
#[must_use]
pub fn split(why: &str) -> (&str, Option<&str>) {
    why.rsplit_once(NEXT)
        .map_or((why, None), |(why, next)| (why, Some(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_and_its_next_step_are_told_apart() {
        let text = with_next("the keys were refused", "put right ones into the file");
        let (why, next) = split(&text);
        assert_eq!(why, "the keys were refused");
        assert_eq!(next, Some("put right ones into the file"));
        assert_eq!(split("gone"), ("gone", None));
    }
}
