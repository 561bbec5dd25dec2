//! `ssh_authorized_keys`, `allow_public_ssh_keys`, `disable_root`,
//! `disable_root_opts`.

use super::CloudConfig;
use crate::error::Error;
use crate::instance::{Metadata, public_keys};
use crate::syntax::value::{Data, Value};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Options that let root's keys say no more than whom to log in as.
const DISABLE_ROOT: &str = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please login as the user \\\"$USER\\\" rather than the user \\\"$DISABLE_USER\\\".';echo;sleep 10;exit 142\"";

/// Which keys may log in as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizedKeys {
    /// Lines of `authorized_keys` in the order they were given.
    pub keys: Vec<String>,
    /// The default user's name.
    pub user: Option<String>,
    /// Options put before root's keys; empty when root may log in.
    pub root_options: String,
}

/// The keys of configuration and metadata, each once.
pub fn parse(config: &CloudConfig<'_>, metadata: &Metadata) -> (AuthorizedKeys, Vec<Error>) {
    let (mut given, mut problems) = (Vec::new(), Vec::new());
    if config.is_true(&["allow_public_ssh_keys"], true) {
        given.extend_from_slice(&metadata.public_keys);
    }
    if let Some(setting) = config.get(&["ssh_authorized_keys"]) {
        match &setting.value.data {
            Data::Str(_) | Data::Seq(_) => given.append(&mut public_keys(setting.value)),
            _ => problems.push(setting.mismatch("read", setting.value, "ssh_authorized_keys", "a list")),
        }
        for item in setting.value.items().unwrap_or_default().iter().filter(|item| item.as_str().is_none()) {
            problems.push(setting.mismatch("read the key at", item, "it", "a string"));
        }
    }
    let mut keys = Vec::new();
    for key in given {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let user = config.default_user().map(ToOwned::to_owned);
    let root_options = if config.is_true(&["disable_root"], true) {
        root_options(config, user.as_deref().unwrap_or("NONE"))
    } else {
        String::new()
    };
    (AuthorizedKeys { keys, user, root_options }, problems)
}

fn root_options(config: &CloudConfig<'_>, user: &str) -> String {
    let template = config.get(&["disable_root_opts"]).map(|setting| setting.value);
    let template = template.and_then(Value::as_str).unwrap_or(DISABLE_ROOT);
    template.replace("$USER", user).replace("$DISABLE_USER", "root")
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn keys_keep_their_order_and_come_once() {
        let metadata = Metadata { public_keys: vec!["ssh-rsa M".into()], ..Metadata::default() };
        let config = layer("{ssh_authorized_keys: [ssh-rsa B, ssh-rsa A, ssh-rsa M, 3], user: admin}");
        let (keys, problems) = parse(&config, &metadata);
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
    fn metadata_keys_and_root_can_be_switched() {
        let metadata = Metadata { public_keys: vec!["ssh-rsa M".into()], ..Metadata::default() };
        let config =
            layer("{allow_public_ssh_keys: false, disable_root: false, ssh_authorized_keys: ssh-rsa A}");
        let (keys, _) = parse(&config, &metadata);
        assert_eq!(
            (keys.keys, keys.root_options, keys.user),
            (vec!["ssh-rsa A".into()], String::new(), None)
        );
    }
}
