//! The terminal that words go to: how wide it is, which letters it has, and text that fits it.

use std::io;

/// How wide text is where nobody says: what a terminal has at least.
const USUAL_WIDTH: usize = 80;
/// Below this nothing can be laid out.
const NARROWEST: usize = 40;

/// What stdout can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns.
    pub(crate) width: usize,
    /// Whether letters beyond ASCII come out right.
    pub(crate) unicode: bool,
    /// Whether somebody said how wide it is, so that longer lines are better cut.
    pub(crate) known: bool,
}

impl Screen {
    /// Looks at stdout and at `COLUMNS`, `TERM`, `LC_ALL`, `LC_CTYPE` and `LANG`.
    pub(crate) fn of_stdout() -> Self {
        let asked = std::env::var("COLUMNS").ok();
        let asked = asked.and_then(|text| text.parse::<usize>().ok());
        let found = terminal_size::terminal_size_of(io::stdout());
        let found = found.map(|(width, _)| usize::from(width.0));
        let width = asked.or(found).filter(|width| *width > 0);
        Self {
            width: width.unwrap_or(USUAL_WIDTH).max(NARROWEST),
            unicode: unicode(|name| std::env::var(name).ok()),
            known: width.is_some(),
        }
    }

    /// A line that is not wider than the screen, where its width is known.
    pub(crate) fn cut(self, line: &str) -> String {
        if self.known {
            cut(line, self.width)
        } else {
            line.to_owned()
        }
    }
}

/// The first of the three that is set decides; the Linux console has no dots to draw with.
fn unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("TERM").is_some_and(|term| term == "linux" || term == "dumb") {
        return false;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// At most `width` letters; two dots where some are missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{}..", kept.trim_end())
}

/// Text in lines of at most `width` letters, broken at spaces; a longer word keeps its own line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count().saturating_add(word.chars().count());
        if !line.is_empty() && length >= width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_on_letters_and_the_console_has_few() {
        let with = |pairs: &[(&str, &str)]| {
            unicode(|name| {
                let pair = pairs.iter().find(|pair| pair.0 == name);
                pair.map(|pair| pair.1.to_owned())
            })
        };
        assert!(with(&[("LANG", "en_US.UTF-8")]));
        assert!(with(&[
            ("LC_ALL", ""),
            ("LC_CTYPE", "C.utf8"),
            ("LANG", "C")
        ]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!with(&[("TERM", "linux"), ("LANG", "en_US.UTF-8")]));
        assert!(!with(&[]));
    }

    #[test]
    fn text_is_cut_and_wrapped_at_the_width() {
        assert_eq!(
            (cut("short", 5), cut("a longer one", 8)),
            ("short".into(), "a long..".into())
        );
        assert_eq!(
            wrapped("one two three four averyverylongword five", 9),
            ["one two", "three", "four", "averyverylongword", "five"]
        );
        assert_eq!(wrapped("exactly nine", 12), ["exactly nine"]);
        assert_eq!(wrapped("", 9), [""]);
    }
}
