//! Where words go: results on stdout, notes and errors on stderr, colour only where it is wanted.
//! Every result is either text or JSON in the shape of the wire.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;
use trader_rpc::{Hello, Mode, Severity};

use crate::exit::Failed;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it should be.
    Good,
    /// Worth a look.
    Caution,
    /// Look now.
    Alarm,
    /// What matters less.
    Faint,
    /// A heading.
    Strong,
}

impl Style {
    const fn codes(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Caution => "33",
            Self::Alarm => "1;31",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

impl From<Severity> for Style {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Notice => Self::Strong,
            Severity::Warning => Self::Caution,
            Severity::Critical => Self::Alarm,
        }
    }
}

/// Where words go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
}

impl Output {
    /// Decides on colour once. An explicit choice beats the environment.
    pub(crate) fn new(json: bool, colour: Colour) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => !json && !set("NO_COLOR") && !dumb && io::stdout().is_terminal(),
        };
        Self { json, colour }
    }

    /// Whether results are JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: as JSON, or as the text that `human` makes of it.
    pub(crate) fn result<T: Serialize>(
        &self,
        value: &T,
        human: impl FnOnce() -> String,
    ) -> Result<(), Failed> {
        if self.json {
            self.text(&serde_json::to_string_pretty(value)?)
        } else {
            self.text(&human())
        }
    }

    /// Prints one of many results as they come: JSON on one line, or the text that `human` makes.
    pub(crate) fn line<T: Serialize>(
        &self,
        value: &T,
        human: impl FnOnce() -> String,
    ) -> Result<(), Failed> {
        if self.json {
            self.text(&serde_json::to_string(value)?)
        } else {
            self.text(&human())
        }
    }

    /// Prints text as it is, with one line break at its end.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failed> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", text.trim_end_matches('\n'))?;
        Ok(stdout.flush()?)
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failed> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// Prints a note about the work, which is no result.
    pub(crate) fn note(&self, text: &str) {
        // A note that nobody can read is no reason to fail.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Prints why a command failed.
    pub(crate) fn error(&self, failed: &Failed) {
        let Some(detail) = failed.detail() else {
            return;
        };
        if self.json {
            self.note(&detail.to_json(failed.code()));
        } else {
            let word = if self.colour && io::stderr().is_terminal() {
                self.paint(Style::Alarm, "error")
            } else {
                "error".to_owned()
            };
            self.note(&format!(
                "{word}: {}\n  why:  {}\n  next: {}",
                detail.what, detail.why, detail.next
            ));
        }
    }

    /// Colours text, where colour is wanted.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", style.codes())
        } else {
            text.to_owned()
        }
    }

    /// What stands above every view: the mode, and the label beside it.
    pub(crate) fn header(&self, hello: &Hello) -> String {
        self.mode(hello.mode, &hello.label)
    }

    /// The mode in capitals, and the label beside it.
    pub(crate) fn mode(&self, mode: Mode, label: &str) -> String {
        let style = match mode {
            Mode::Live => Style::Alarm,
            Mode::Paper => Style::Caution,
            Mode::Simulated | Mode::Backtest => Style::Strong,
        };
        let mode = self.paint(style, &mode.to_string().to_uppercase());
        if label.is_empty() {
            mode
        } else {
            format!("{mode}  {}", self.paint(Style::Strong, label))
        }
    }
}
