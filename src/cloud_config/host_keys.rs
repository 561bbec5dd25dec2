//! `ssh_deletekeys`, `ssh_keys`, `ssh_genkeytypes`, `ssh_quiet_keygen`: the keys
//! a machine's SSH server shows.

use super::CloudConfig;
use super::schema::{Key, Kind};
use crate::error::Error;
use crate::syntax::value::Data;
use crate::text::fill;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("ssh_deletekeys", Kind::Bool),
    Key::new("ssh_genkeytypes", Kind::List(&Kind::OneOf(&TYPES))),
    Key::new("ssh_keys", Kind::Map(GIVEN)),
    Key::new("ssh_publish_hostkeys", Kind::Any),
    Key::new("ssh_quiet_keygen", Kind::Bool),
];

static GIVEN: &[Key] = &[
    Key::new("dsa_certificate", Kind::Text),
    Key::new("dsa_private", Kind::Text),
    Key::new("dsa_public", Kind::Text),
    Key::new("ecdsa_certificate", Kind::Text),
    Key::new("ecdsa_private", Kind::Text),
    Key::new("ecdsa_public", Kind::Text),
    Key::new("ed25519_certificate", Kind::Text),
    Key::new("ed25519_private", Kind::Text),
    Key::new("ed25519_public", Kind::Text),
    Key::new("rsa_certificate", Kind::Text),
    Key::new("rsa_private", Kind::Text),
    Key::new("rsa_public", Kind::Text),
];

/// Types of keys.
const TYPES: [&str; 4] = ["rsa", "dsa", "ecdsa", "ed25519"];

/// What is made where nothing is asked for: what OpenSSH makes itself.
const USUAL: [&str; 3] = ["rsa", "ecdsa", "ed25519"];

/// What of a key is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The private key.
    Private,
    /// The public one.
    Public,
    /// A certificate of the public one.
    Certificate,
}

/// The keys that are to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// New ones of these types.
    Made(Vec<&'a str>),
    /// These: type, part and text.
    Given(Vec<(&'static str, Part, &'a str)>),
}

/// Reads the keys; a part that is none is a problem, and the others count.
pub fn parse<'a>(config: &CloudConfig<'a>, problems: &mut Vec<Error>) -> Wanted<'a> {
    if let Some(setting) = config.get("ssh_keys") {
        let mut given = Vec::new();
        for (key, value) in setting.value.entries() {
            let name = key.as_str().unwrap_or_default();
            let Some((kind, part)) = named(name) else {
                problems.push(setting.error("use ssh_keys at", key, &fill("no such key: {}", &[name])));
                continue;
            };
            match value.as_str() {
                Some(text) => given.push((kind, part, text)),
                None => problems.push(setting.mismatch("use ssh_keys at", value, name, "a string")),
            }
        }
        return Wanted::Given(given);
    }
    let Some(setting) = config.find("ssh_genkeytypes") else { return Wanted::Made(USUAL.into()) };
    // Who writes `null` wants none, as with cloud-init.
    if setting.value.data == Data::Null {
        return Wanted::Made(Vec::new());
    }
    let mut made = Vec::new();
    for item in setting.value.items().unwrap_or(core::slice::from_ref(setting.value)) {
        match item.as_str().filter(|name| TYPES.contains(name)) {
            Some(name) if made.contains(&name) => {}
            Some(name) => made.push(name),
            None => problems.push(setting.error("make the host key at", item, "no such type")),
        }
    }
    Wanted::Made(made)
}

/// Type and part in a key of `ssh_keys`.
fn named(name: &str) -> Option<(&'static str, Part)> {
    let (kind, part) = name.rsplit_once('_')?;
    let part = match part {
        "private" => Part::Private,
        "public" => Part::Public,
        "certificate" => Part::Certificate,
        _ => return None,
    };
    Some((TYPES.into_iter().find(|known| *known == kind)?, part))
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn keys_are_given_or_made() {
        let parsed = |text: &'static str| {
            let mut problems = Vec::new();
            let wanted = parse(&layer(text), &mut problems);
            (wanted, problems.iter().map(|problem| problem.text().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parsed("{}"), (Wanted::Made(vec!["rsa", "ecdsa", "ed25519"]), vec![]));
        assert_eq!(
            parsed("{ssh_genkeytypes: null}"),
            (Wanted::Made(vec![]), vec![]),
            "null made the usual keys"
        );
        assert_eq!(
            parsed("{ssh_genkeytypes: [ed25519, ed448, ed25519]}"),
            (
                Wanted::Made(vec!["ed25519"]),
                vec!["unable to make the host key at user-data:1:29: no such type".to_owned()]
            )
        );
        let (wanted, problems) =
            parsed("{ssh_keys: {rsa_private: A, rsa_public: 5, ed448_public: B, rsa_certificate: C}}");
        assert_eq!(wanted, Wanted::Given(vec![("rsa", Part::Private, "A"), ("rsa", Part::Certificate, "C")]));
        assert_eq!(
            problems,
            [
                "unable to use ssh_keys at user-data:1:41: rsa_public is an integer, not a string",
                "unable to use ssh_keys at user-data:1:44: no such key: ed448_public"
            ]
        );
    }
}
