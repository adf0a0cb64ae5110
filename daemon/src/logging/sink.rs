//! Where log lines end: the journal in its own protocol, or text or JSON on stderr.

use std::fmt;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;

use tracing::Level;

use super::Entry;
use crate::config::LogFormat;

/// The journal's socket; its protocol is described in systemd's JOURNAL_NATIVE_PROTOCOL.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// A writer of lines.
pub(super) enum Sink {
    Journal(UnixDatagram),
    Text(Box<dyn Write + Send>),
    Json(Box<dyn Write + Send>),
    /// Nowhere: the ring in memory keeps them.
    Memory,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal(_) => "Journal",
            Self::Text(_) => "Text",
            Self::Json(_) => "Json",
            Self::Memory => "Memory",
        })
    }
}

impl Sink {
    /// Opens what the settings ask for. `auto` is the journal if it reads our stderr anyway.
    pub(super) fn open(format: LogFormat, journal_reads_stderr: bool) -> io::Result<Self> {
        let text = || Self::Text(Box::new(io::stderr()));
        match format {
            LogFormat::Journal => journal().map(Self::Journal),
            LogFormat::Auto if journal_reads_stderr => {
                Ok(journal().map_or_else(|_| text(), Self::Journal))
            }
            LogFormat::Auto | LogFormat::Text => Ok(text()),
            LogFormat::Json => Ok(Self::Json(Box::new(io::stderr()))),
            LogFormat::Memory => Ok(Self::Memory),
        }
    }

    /// Writes a line; may wait.
    pub(super) fn write(&mut self, entry: &Entry) -> io::Result<()> {
        match self {
            Self::Text(page) => page.write_all(text_line(entry).as_bytes()),
            Self::Json(page) => page.write_all(json_line(entry).as_bytes()),
            Self::Memory => Ok(()),
            Self::Journal(socket) => {
                let message = journal_message(entry);
                if socket.send(&message).is_ok() {
                    return Ok(());
                }
                // The journal may have been restarted: its old socket is gone.
                *socket = journal()?;
                socket.send(&message).map(drop)
            }
        }
    }
}

fn journal() -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(JOURNAL)?;
    Ok(socket)
}

/// Text of others may hold line breaks or terminal codes; a line of ours stays one line of text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

fn text_line(entry: &Entry) -> String {
    let mut line = format!("{} {:>5} {}", entry.at, entry.level, plain(&entry.message));
    for (name, value) in &entry.fields {
        let value = plain(value);
        if value.contains(' ') || value.is_empty() {
            line.push_str(&format!(" {name}=\"{}\"", value.replace('"', "\\\"")));
        } else {
            line.push_str(&format!(" {name}={value}"));
        }
    }
    line.push('\n');
    line
}

fn json_line(entry: &Entry) -> String {
    let line = serde_json::json!({
        "at": entry.at,
        "level": entry.level.as_str().to_ascii_lowercase(),
        "target": entry.target,
        "message": entry.message,
        "fields": entry.fields,
    });
    format!("{line}\n")
}

const fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "5",
        Level::DEBUG => "6",
        Level::TRACE => "7",
    }
}

/// Fields become `TRADER_<NAME>`; `message_id` keeps the name that journal readers know.
fn journal_message(entry: &Entry) -> Vec<u8> {
    let mut message = Vec::new();
    journal_field(&mut message, "SYSLOG_IDENTIFIER", "traderd");
    journal_field(&mut message, "PRIORITY", priority(entry.level));
    journal_field(&mut message, "MESSAGE", &entry.message);
    journal_field(&mut message, "TARGET", entry.target);
    for (name, value) in &entry.fields {
        let name = match *name {
            "message_id" => "MESSAGE_ID".to_owned(),
            name => format!("TRADER_{}", journal_name(name)),
        };
        journal_field(&mut message, &name, value);
    }
    message
}

/// Journal fields have names of `A-Z`, `0-9` and `_`.
fn journal_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

fn journal_field(message: &mut Vec<u8>, name: &str, value: &str) {
    message.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        let length = u64::try_from(value.len()).unwrap_or(0);
        message.push(b'\n');
        message.extend_from_slice(&length.to_le_bytes());
    } else {
        message.push(b'=');
    }
    message.extend_from_slice(value.as_bytes());
    message.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn entry() -> Entry {
        Entry {
            at: "2024-03-15T14:30:00Z".parse().unwrap(),
            level: Level::WARN,
            target: "traderd::x",
            message: "stop refused".to_owned(),
            fields: BTreeMap::from([
                ("order_id", "o 1".to_owned()),
                ("message_id", "abc".to_owned()),
                ("log.line", "two\nlines".to_owned()),
            ]),
        }
    }

    #[test]
    fn the_journal_gets_fields_with_our_prefix() {
        let message = journal_message(&entry());
        let text = String::from_utf8_lossy(&message);
        for field in [
            "SYSLOG_IDENTIFIER=traderd\n",
            "PRIORITY=4\n",
            "MESSAGE=stop refused\n",
            "MESSAGE_ID=abc\n",
            "TRADER_ORDER_ID=o 1\n",
            "TRADER_LOG_LINE\n\u{9}\0\0\0\0\0\0\0two\nlines\n",
        ] {
            assert!(text.contains(field), "{field:?} not in {text:?}");
        }
    }

    #[test]
    fn a_line_of_text_stays_one_line() {
        assert_eq!(
            text_line(&entry()),
            "2024-03-15T14:30:00Z  WARN stop refused log.line=two\\nlines message_id=abc order_id=\"o 1\"\n"
        );
    }

    #[test]
    fn a_line_of_json_reads_back() {
        let json: serde_json::Value = serde_json::from_str(&json_line(&entry())).unwrap();
        assert_eq!(json["level"], "warn");
        assert_eq!(json["fields"]["log.line"], "two\nlines");
        assert_eq!(json["at"], "2024-03-15T14:30:00Z");
    }

    #[test]
    fn without_a_journal_auto_is_text_on_stderr() {
        assert!(matches!(
            Sink::open(LogFormat::Auto, false),
            Ok(Sink::Text(_))
        ));
        assert!(matches!(
            Sink::open(LogFormat::Json, true),
            Ok(Sink::Json(_))
        ));
    }
}
