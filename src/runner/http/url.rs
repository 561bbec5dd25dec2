//! Addresses of HTTP (RFC 3986, RFC 9110 §4.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;

/// An address taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_tls: bool,
    /// User and password in base64.
    pub(super) credentials: Option<String>,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

impl Url {
    pub(super) fn parse(text: &str) -> io::Result<Self> {
        let text = text.trim();
        let (is_tls, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            _ => return Err(wrong("the address begins with neither http:// nor https://")),
        };
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(wrong("the address has blanks in it"));
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(STANDARD.encode(user)), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(wrong("the address names no host"));
        }
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => port.parse().map_err(|_| wrong("the address has no port after its colon"))?,
            None => {
                if is_tls {
                    443
                } else {
                    80
                }
            }
        };
        let path = if path.starts_with('/') { path.into() } else { format!("/{path}") };
        Ok(Self { is_tls, credentials, host: host.into(), port, path })
    }

    /// Where `location` of an answer from here leads.
    pub(super) fn join(&self, location: &str) -> io::Result<Self> {
        if location.contains("://") {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", if self.is_tls { "https" } else { "http" }));
        }
        let own = self.path.split('?').next().and_then(|path| path.rsplit_once('/'));
        let folder = own.filter(|_| !location.starts_with('/')).map_or("", |(folder, _)| folder);
        let slash = if location.starts_with('/') { "" } else { "/" };
        Ok(Self { path: format!("{folder}{slash}{location}"), ..self.clone() })
    }

    /// The host as the header `Host` has it.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// An address for messages: without what may be secret in it.
    pub(super) fn shown(text: &str) -> String {
        let text = text.split(['?', '#']).next().unwrap_or_default();
        match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
            Some((scheme, rest)) => format!("{scheme}://{rest}"),
            None => text.into(),
        }
    }
}
