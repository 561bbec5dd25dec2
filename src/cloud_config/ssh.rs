//! `ssh_authorized_keys`, `allow_public_ssh_keys`, `disable_root`,
//! `disable_root_opts`.

use super::CloudConfig;
use super::schema::{Key, Kind};
use super::users::check_name;
use crate::error::Error;
use crate::instance::{Metadata, public_keys};
use crate::syntax::order::firsts;
use crate::syntax::value::Data;
use alloc::string::String;
use alloc::vec::Vec;

/// The keys read here, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("ssh_authorized_keys", Kind::List(&Kind::Text)),
    Key::new("allow_public_ssh_keys", Kind::Bool),
    Key::new("disable_root", Kind::Bool),
    Key::new("disable_root_opts", Kind::Text),
];

/// Options that let somebody's keys say no more than whom to log in as.
pub const DISABLE_ROOT: &str = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"$USER\\\" rather than the user \\\"$DISABLE_USER\\\".';echo;sleep 10;exit 142\"";

/// Which keys may log in as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizedKeys<'a> {
    /// Lines of `authorized_keys` in the order they were given, each once.
    pub keys: Vec<&'a str>,
    /// The default user's name.
    pub user: Option<&'a str>,
    /// Options put before root's keys; empty when root may log in.
    pub root_options: String,
}

/// The keys of configuration and metadata.
#[inline(never)]
pub fn parse<'a>(
    config: &CloudConfig<'a>,
    metadata: &'a Metadata,
    problems: &mut Vec<Error>,
) -> AuthorizedKeys<'a> {
    let mut wanted = AuthorizedKeys { user: config.default_user(), ..AuthorizedKeys::default() };
    let mut keys = Vec::new();
    let add: &mut dyn FnMut(&'a str) = &mut |key| keys.push(key);
    if config.is_true("allow_public_ssh_keys", true) {
        for key in &metadata.public_keys {
            add(key);
        }
    }
    if let Some(setting) = config.get("ssh_authorized_keys") {
        match &setting.value.data {
            Data::Str(_) | Data::Seq(_) => public_keys(setting.value, add),
            _ => problems.push(setting.mismatch("read", setting.value, "ssh_authorized_keys", "a list")),
        }
        for item in setting.value.items().unwrap_or_default() {
            if item.as_str().is_none() {
                problems.push(setting.mismatch("read the key at", item, "it", "a string"));
            }
        }
    }
    for (at, first) in firsts(keys.len(), &|at| keys[at]).into_iter().enumerate() {
        if at == first {
            wanted.keys.push(keys[at]);
        }
    }
    if config.is_true("disable_root", true) {
        let template = config.text("disable_root_opts").unwrap_or(DISABLE_ROOT);
        wanted.root_options = redirect_options(
            template,
            wanted.user.filter(|name| check_name(name).is_ok()).unwrap_or("NONE"),
            "root",
        );
    }
    wanted
}

/// A template with `$USER` and `$DISABLE_USER` replaced.
pub fn redirect_options(template: &str, user: &str, disabled: &str) -> String {
    let mut pieces = template.split('$');
    let mut options = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (value, rest) = match (piece.strip_prefix("USER"), piece.strip_prefix("DISABLE_USER")) {
            (Some(rest), _) => (user, rest),
            (_, Some(rest)) => (disabled, rest),
            _ => ("$", piece),
        };
        options.push_str(value);
        options.push_str(rest);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn keys_keep_their_order_and_come_once() {
        let metadata = Metadata { public_keys: vec!["ssh-rsa M".into()], ..Metadata::default() };
        let config = layer("{ssh_authorized_keys: [ssh-rsa B, ssh-rsa A, ssh-rsa M, 3], user: admin}");
        let mut problems = Vec::new();
        let keys = parse(&config, &metadata, &mut problems);
        assert_eq!(keys.keys, ["ssh-rsa M", "ssh-rsa B", "ssh-rsa A"]);
        assert_eq!(
            keys.root_options,
            "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"admin\\\" rather than the user \\\"root\\\".';echo;sleep 10;exit 142\""
        );
        assert_eq!(
            problems[0].to_string(),
            "unable to read the key at user-data:1:57: it is an integer, not a string"
        );
    }

    #[test]
    fn names_stand_where_the_template_has_them() {
        let template = "$a $USER,$DISABLE_USER$";
        assert_eq!(redirect_options(template, "me", "root"), "$a me,root$");
    }

    #[test]
    fn metadata_keys_and_root_can_be_switched() {
        let metadata = Metadata { public_keys: vec!["ssh-rsa M".into()], ..Metadata::default() };
        let config =
            layer("{allow_public_ssh_keys: false, disable_root: false, ssh_authorized_keys: ssh-rsa A}");
        let keys = parse(&config, &metadata, &mut Vec::new());
        assert_eq!((keys.keys, keys.root_options, keys.user), (vec!["ssh-rsa A"], String::new(), None));
    }
}
