//! What of the instance data only root may read.
//!
//! cloud-init lists such keys by datasource and misses those of OpenStack and
//! of OVF; here a key's name says it, wherever it is, and a private key is
//! known by its text.

use glowplug::module::is_public_key;
use glowplug::syntax::value::{Data, Value};

/// What everybody but root reads instead; cloud-init's words.
const REDACTED: &str = "redacted for non-root user";

/// Keys of the top level that are secret whole: configuration has passwords,
/// keys and tokens anywhere.
const WHOLE: &[&str] = &["merged_cfg", "merged_system_cfg"];

/// Names of keys that hold a secret, in lower case and without `-` and `_`.
///
/// OpenStack: `admin_pass`, `adminPass`, `random_seed`. OVF and VMware:
/// `password`, `user-data`. EC2: `security-credentials`, `user-data`. LXD,
/// NoCloud: `user-data`, `vendor-data`. Wi-Fi, WireGuard and 802.1X of a network
/// description: `password`, `psk`, `private-key`, `passphrase`.
const NAMES: &[&str] = &[
    "adminpass",
    "auth",
    "combinedcloudconfig",
    "passwd",
    "presharedkey",
    "psk",
    "randomseed",
    "securitycredentials",
    "userdata",
    "vendordata",
    "vendordata2",
];

/// Parts of names that say it as well, as in `root_password` or `joinToken`.
const PARTS: &[&str] = &[
    "accesskey",
    "apikey",
    "authkey",
    "credential",
    "passphrase",
    "password",
    "privatekey",
    "secret",
    "token",
];

/// Replaces what is secret, and gives the paths of it in the order they are in,
/// keys with `/` between them, as `sensitive_keys` has them.
pub(crate) fn redact(data: &mut Value<'_>) -> Vec<String> {
    let mut paths = WHOLE.iter().map(ToString::to_string).collect();
    if let Data::Map(entries) = &mut data.data {
        for (key, value) in entries {
            let key = key.as_str().unwrap_or_default();
            if WHOLE.contains(&key) { hide(value) } else { inside(value, key, &mut paths) }
        }
    }
    paths
}

/// As [`redact`], below the key at `path`.
fn inside(value: &mut Value<'_>, path: &str, paths: &mut Vec<String>) {
    match &mut value.data {
        Data::Map(entries) => {
            for (key, value) in entries {
                let key = key.as_str().unwrap_or_default();
                let path = format!("{path}/{key}");
                if is_secret(key) && !matches!(value.data, Data::Null) {
                    hide(value);
                    paths.push(path);
                } else {
                    inside(value, &path, paths);
                }
            }
        }
        Data::Seq(items) => {
            // The lines of a private key are no keys one by one.
            let has_key = items.iter().filter_map(Value::as_str).any(has_private_key);
            for (index, item) in items.iter_mut().enumerate() {
                let path = format!("{path}/{index}");
                if has_key && item.as_str().is_some_and(|text| !is_public_key(text)) {
                    hide(item);
                    paths.push(path);
                } else {
                    inside(item, &path, paths);
                }
            }
        }
        Data::Str(text) if has_private_key(text) => {
            hide(value);
            paths.push(path.into());
        }
        _ => {}
    }
}

fn hide(value: &mut Value<'_>) {
    *value = Value::bare(Data::Str(REDACTED.into()));
}

/// Whether a key of this name holds a secret.
fn is_secret(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    let plain = plain.to_ascii_lowercase();
    NAMES.contains(&&*plain) || PARTS.iter().any(|part| plain.contains(part))
}

/// Whether a text is or has a private key: PEM, OpenSSH's and PuTTY's form, or
/// the base64 of one in OpenSSH's.
fn has_private_key(text: &str) -> bool {
    ["PRIVATE KEY", "Private-Lines", "PuTTY-User-Key-File", "b3BlbnNzaC1rZXktdjE"]
        .iter()
        .any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glowplug::syntax::json::{self, Style};

    fn redacted(text: &str) -> (String, Vec<String>) {
        let mut data = json::parse(text.as_bytes()).unwrap();
        let paths = redact(&mut data);
        let mut text = String::new();
        json::write(&data, Style::File, &mut text);
        (text, paths[WHOLE.len()..].to_vec())
    }

    #[test]
    fn admin_pass_and_random_seed_were_in_the_file_for_everybody() {
        for key in [
            "admin_pass",
            "adminPass",
            "random_seed",
            "password",
            "passwd",
            "user-data",
            "userdata",
            "vendor_data",
            "security-credentials",
            "join-token",
            "SecretKey",
            "psk",
            "tailscale_authkey",
        ] {
            let (text, paths) =
                redacted(&format!(r#"{{"ds": {{"meta_data": {{"a": [{{"{key}": "MARK"}}]}}}}}}"#));
            assert!(!text.contains("MARK") && text.contains(REDACTED), "{key}: {text}");
            assert_eq!(paths, [format!("ds/meta_data/a/0/{key}")]);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let text = r#"{"v1": {"public_ssh_keys": ["ssh-ed25519 AAAA me"], "region": null}, "ds": {"meta_data": {"security-groups": "web", "public_keys": {"k": "ssh-rsa B"}, "password": null}}}"#;
        let (_, paths) = redacted(text);
        assert_eq!(paths, [""; 0]);
    }

    #[test]
    fn the_lines_of_a_private_key_were_in_the_file_for_everybody() {
        let text = r#"{"v1": {"public_ssh_keys": ["-----BEGIN RSA PRIVATE KEY-----", "MARK", "-----END RSA PRIVATE KEY-----", "ssh-rsa A"]}}"#;
        let (text, paths) = redacted(text);
        assert!(!text.contains("MARK") && text.contains("ssh-rsa A"), "{text}");
        assert_eq!(paths.len(), 3);
    }

    #[test]
    fn a_private_key_given_for_a_public_one_is_redacted() {
        for key in ["-----BEGIN OPENSSH PRIVATE KEY-----\\nMARK", "b3BlbnNzaC1rZXktdjEAAAAMARK"] {
            let (text, paths) =
                redacted(&format!(r#"{{"v1": {{"public_ssh_keys": ["ssh-rsa A", "{key}"]}}}}"#));
            assert!(!text.contains("MARK") && text.contains("ssh-rsa A"), "{text}");
            assert_eq!(paths, ["v1/public_ssh_keys/1"]);
        }
    }
}
