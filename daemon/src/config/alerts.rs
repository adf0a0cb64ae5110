//! Who is told of alerts, and how: `[alerts]`. Addresses may hold secrets, so they are never printed.

use std::fmt;
use std::path::{Path, PathBuf};

use hyper::Uri;
use serde::Serialize;

use super::layers::Value;
use super::section::{Section, choice};

choice! {
    /// How grave an alert must be to be sent.
    MinimumSeverity {
        /// All of them.
        Notice = "notice",
        /// Those to look at today, and worse.
        Warning = "warning",
        /// Those to look at now.
        Critical = "critical",
    }
}

/// Stands in an address for the contents of the token's file.
const TOKEN: &str = "{token}";

/// An address of the web. Its path and query may be a secret: only scheme and host are ever shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebAddress(String);

impl WebAddress {
    /// Checks an address.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let address = Self(text.to_owned());
        let uri = address
            .with_token("token")
            .ok_or("is no address of the web; write it like https://host/path")?;
        let authority = uri
            .authority()
            .ok_or("names no host; write it like https://host/path")?;
        if authority.as_str().contains('@') {
            return Err("names a user or a password; put a secret into the token's file instead");
        }
        match uri.scheme_str() {
            Some("https") => Ok(address),
            Some("http") if is_loopback(authority.host()) => Ok(address),
            Some("http") => Err("is not encrypted; use https, since http is for this machine only"),
            _ => Err("must begin with https://"),
        }
    }

    /// The address with the token in its place; nothing if that is no address.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Option<Uri> {
        self.0.replace(TOKEN, token).parse().ok()
    }

    /// Whether the token is part of it.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.0.contains(TOKEN)
    }

    /// The address with everything hidden that may be a secret.
    #[must_use]
    pub fn hidden(&self) -> Self {
        Self(format!("{self}/hidden"))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.with_token("token").unwrap_or_default();
        let scheme = uri.scheme_str().unwrap_or("https");
        write!(
            f,
            "{scheme}://{}",
            uri.authority().map_or("", |a| a.as_str())
        )
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebAddress({self}/…)")
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Who is told of alerts, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertSettings {
    /// Less grave ones are only logged.
    pub minimum: MinimumSeverity,
    /// A program that is given each alert; empty for none.
    pub command: Vec<String>,
    /// Where each alert is posted.
    pub webhook: Option<WebAddress>,
    /// The file with the webhook's secret.
    pub webhook_token_file: Option<PathBuf>,
    /// What is asked for as long as the daemon trades, so that somebody notices when it no longer does.
    pub dead_man: Option<WebAddress>,
    /// The file with its secret.
    pub dead_man_token_file: Option<PathBuf>,
    /// How often: 1 to 3600 seconds.
    pub dead_man_seconds: u32,
}

impl AlertSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let alerts = Self {
            minimum: section.word("minimum", MinimumSeverity::Warning),
            command: command(&mut section),
            webhook: address(&mut section, "webhook"),
            webhook_token_file: file(&mut section, "webhook_token_file"),
            dead_man: address(&mut section, "dead_man"),
            dead_man_token_file: file(&mut section, "dead_man_token_file"),
            dead_man_seconds: section.integer("dead_man_seconds", 60, 1..=3_600),
        };
        for (key, address, file) in [
            ("webhook", &alerts.webhook, &alerts.webhook_token_file),
            ("dead_man", &alerts.dead_man, &alerts.dead_man_token_file),
        ] {
            if address.as_ref().is_some_and(WebAddress::has_token) && file.is_none() {
                let message = format!("has {TOKEN} in it; name the file with it: {key}_token_file");
                section.problem(section.place(), key, message);
            }
            if address.is_none() && file.is_some() {
                let message = format!("there is nothing to use it for; set {key}, or leave it out");
                section.problem(section.place(), &format!("{key}_token_file"), message);
            }
        }
        section.finish();
        alerts
    }

    /// These settings with everything hidden that may be a secret, for those who look at them.
    #[must_use]
    pub fn hidden(&self) -> Self {
        Self {
            webhook: self.webhook.as_ref().map(WebAddress::hidden),
            dead_man: self.dead_man.as_ref().map(WebAddress::hidden),
            ..self.clone()
        }
    }

    /// What will not work on this machine as it is now, though it may at another time or for another
    /// user: a command that is not there, a token's file that cannot be read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(program) = self.command.first()
            && let Err(why) = executable(Path::new(program))
        {
            warnings.push(format!(
                "alerts.command: {program} {why}; alerts would not reach anybody through it"
            ));
        }
        let tokens = [
            ("webhook", &self.webhook, &self.webhook_token_file),
            ("dead_man", &self.dead_man, &self.dead_man_token_file),
        ];
        for (key, address, file) in tokens {
            if let (Some(_), Some(Err(error))) =
                (address, file.as_deref().map(crate::credentials::read))
            {
                warnings.push(format!("alerts.{key}_token_file: {error}"));
            }
        }
        warnings
    }
}

fn address(section: &mut Section<'_>, key: &'static str) -> Option<WebAddress> {
    let (place, text) = section.text(key)?;
    match WebAddress::parse(&text) {
        Ok(address) => Some(address),
        Err(why) => {
            section.problem(Some(place), key, why);
            None
        }
    }
}

fn file(section: &mut Section<'_>, key: &'static str) -> Option<PathBuf> {
    section.text(key).map(|(_, text)| PathBuf::from(text))
}

/// The program, with its whole path, and what it is called with.
fn command(section: &mut Section<'_>) -> Vec<String> {
    let Some(node) = section.take("command") else {
        return Vec::new();
    };
    let words: Option<Vec<String>> = match node.value {
        Value::List(list) => list.into_iter().map(|item| text(item.value)).collect(),
        single => text(single).map(|word| vec![word]),
    };
    let problem = match &words {
        None => "takes a list of texts: [\"/usr/local/bin/notify\", \"--now\"]",
        Some(words) if words.iter().any(|word| word.contains('\0')) => "holds a NUL character",
        Some(words) => match words.first() {
            Some(program) if !Path::new(program).is_absolute() => {
                "must name the program with its whole path, since it is not looked for"
            }
            _ => return words.clone(),
        },
    };
    section.problem(Some(node.place), "command", problem);
    Vec::new()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Loose(text) => Some(text),
        _ => None,
    }
}

fn executable(program: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(program).map_err(|error| format!("cannot be run: {error}"))?;
    if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
        Ok(())
    } else {
        Err("is no program that may be run".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_of_this_machine_and_holds_no_password() {
        for good in [
            "https://example.com",
            "https://example.com:8443/hook/{token}?a=b",
            "http://localhost:9000/x",
            "http://127.0.0.1:9000/",
            "http://[::1]:9000/",
        ] {
            assert!(WebAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com/",
            "http://localhost.example.com/",
            "ftp://example.com/",
            "https://user:secret@example.com/",
            "example.com/hook",
            "/hook",
            "https://",
            "",
        ] {
            assert!(WebAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_of_an_address_is_shown_but_its_host() {
        let address = WebAddress::parse("https://example.com/services/s3cret?key=s3cret").unwrap();
        assert_eq!(address.to_string(), "https://example.com");
        assert!(!format!("{address:?}").contains("s3cret"));
        let hidden = address.hidden();
        assert_eq!(hidden.0, "https://example.com/hidden");
        assert!(WebAddress::parse(&hidden.0).is_ok());
    }
}
