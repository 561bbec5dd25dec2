//! The keys a machine's SSH server shows: those of the image go, and new ones
//! or given ones come, once for an instance.

use super::ed25519::HostKey;
use super::sshd_config::SshdConfig;
use super::system::has_program;
use super::{Context, Plan};
use crate::action::{Action, Again, Program};
use crate::cloud_config::host_keys::{Part, Wanted, parse};
use crate::error::Error;
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const OPENSSH: &str = "/etc/ssh";
const DROPBEAR: &str = "/etc/dropbear";

/// What stands behind a key of ours.
const COMMENT: &str = "root@localhost";

/// A root's SSH server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    OpenSsh,
    Dropbear,
}

impl Server {
    /// The server the root has; `None` for a root without.
    fn of(context: &Context<'_>) -> Option<Self> {
        let has = |name| has_program(context.root, name);
        if has("sshd") || has("ssh-keygen") {
            Some(Self::OpenSsh)
        } else {
            has("dropbear").then_some(Self::Dropbear)
        }
    }

    /// Where it keeps a key of a type.
    fn path(self, kind: &str) -> String {
        match self {
            Self::OpenSsh => fill("{}/ssh_host_{}_key", &[OPENSSH, kind]),
            Self::Dropbear => fill("{}/dropbear_{}_host_key", &[DROPBEAR, kind]),
        }
    }

    /// Its keys that are there now.
    fn present(self, context: &Context<'_>, plan: &mut Plan) -> Vec<String> {
        let (folder, prefix) = match self {
            Self::OpenSsh => (OPENSSH, "ssh_host_"),
            Self::Dropbear => (DROPBEAR, "dropbear_"),
        };
        let names = context.root.list(folder).unwrap_or_else(|error| {
            plan.problems.push(error);
            None
        });
        let is_key = |name: &String| name.strip_prefix(prefix).is_some_and(|rest| rest.contains("key"));
        let path = |name: String| [folder, "/", &name].concat();
        names.unwrap_or_default().into_iter().filter(is_key).map(path).collect()
    }
}

/// Plans the keys of the root's server; nothing where it has none and none are
/// given.
pub(super) fn plan(context: &Context<'_>, plan: &mut Plan) {
    let wanted = parse(context.config, &mut plan.problems);
    let given = matches!(wanted, Wanted::Given(_)).then_some(Server::OpenSsh);
    let Some(server) = Server::of(context).or(given) else { return };
    let mut present = server.present(context, plan);
    if context.config.is_true("ssh_deletekeys", true) {
        for path in present.drain(..) {
            plan.actions.push(Action::RemoveFile { path });
        }
    }
    match wanted {
        Wanted::Given(keys) => put(context, &keys, plan),
        Wanted::Made(types) => make(context, server, &types, &present, plan),
    }
}

/// Writes the keys that are given.
fn put(context: &Context<'_>, keys: &[(&str, Part, &str)], plan: &mut Plan) {
    let mut certificates = Vec::new();
    for &(kind, part, text) in keys {
        let path = Server::OpenSsh.path(kind);
        let path = match part {
            Part::Private => path,
            Part::Public => path + ".pub",
            Part::Certificate => path + "-cert.pub",
        };
        if part == Part::Certificate {
            certificates.push(path.clone());
        }
        plan.actions.push(Action::write(&path, text.as_bytes().to_vec(), 0o600));
    }
    if !certificates.is_empty()
        && let Ok(mut config) = SshdConfig::read(context, plan)
    {
        for path in &certificates {
            config.add("HostCertificate", path);
        }
        config.write(plan);
    }
    let types =
        |wanted: Part| keys.iter().filter(move |(_, part, _)| *part == wanted).map(|(kind, ..)| *kind);
    for kind in types(Part::Private) {
        if !types(Part::Public).any(|public| public == kind) {
            derive(context, kind, plan);
        }
    }
}

/// Makes the public key of a private one.
fn derive(context: &Context<'_>, kind: &str, plan: &mut Plan) {
    let path = Server::OpenSsh.path(kind);
    if has_program(context.root, "ssh-keygen") {
        let script = fill("o=$(ssh-keygen -yf {}) && echo \"$o {}\" > {}.pub", &[&path, COMMENT, &path]);
        plan.actions.push(Program::repeatable(&["sh", "-c", &script]).into());
    } else {
        let why = "it is not given, and the root has no ssh-keygen to make it of the private one";
        plan.problems.push(Error::new("write", path + ".pub", why));
    }
}

/// Makes new keys of the types that are not there.
fn make(context: &Context<'_>, server: Server, types: &[&str], present: &[String], plan: &mut Plan) {
    let keygen = match server {
        Server::OpenSsh => "ssh-keygen",
        Server::Dropbear => "dropbearkey",
    };
    if !has_program(context.root, keygen) {
        return make_ourselves(context, server, types, present, plan);
    }
    let Ok(accounts) = plan.accounts(context) else { return };
    let shared = accounts.gid("ssh_keys").is_some();
    let quiet = context.config.is_true("ssh_quiet_keygen", false);
    plan.actions
        .push(Action::make_directory(if server == Server::OpenSsh { OPENSSH } else { DROPBEAR }, 0o755));
    for kind in types {
        let path = server.path(kind);
        if present.contains(&path) {
            continue;
        }
        if server == Server::Dropbear {
            let argv = [keygen, "-t", kind, "-f", &path];
            plan.actions.push(Program { again: anew(&path, &argv), ..Program::new(&argv) }.into());
            continue;
        }
        let mut argv = alloc::vec![keygen, "-t", kind, "-N", "", "-f", &path];
        if quiet {
            argv.insert(1, "-q");
        }
        let environment = Vec::from([("LANG".to_string(), "C".to_string())]);
        // A version that makes no DSA keys any more is no fault of the machine's.
        let accepted: &[i32] = if *kind == "dsa" { &[1, 255] } else { &[] };
        let again = anew(&path, &argv);
        plan.actions.push(Program { environment, accepted, again, ..Program::new(&argv) }.into());
        if shared {
            // As Red Hat's own sshd-keygen leaves them.
            plan.actions.push(Program::repeatable(&["chgrp", "ssh_keys", &path]).into());
            plan.actions.push(Program::repeatable(&["chmod", "0640", &path]).into());
        }
    }
    if server == Server::OpenSsh && has_program(context.root, "restorecon") {
        plan.actions.push(Program::repeatable(&["restorecon", "-R", OPENSSH]).into());
    }
}

/// Makes a key of which an interrupted program may have left a part, which it would not replace.
fn anew(path: &str, argv: &[&str]) -> Again {
    let script = "rm -f \"$1\" \"$1.pub\"; shift; exec \"$@\"";
    Again::Instead(alloc::vec![Program::new(&[&["sh", "-c", script, "sh", path], argv].concat()).into()])
}

/// An Ed25519 key, for a root without a program that makes keys.
fn make_ourselves(
    context: &Context<'_>,
    server: Server,
    types: &[&str],
    present: &[String],
    plan: &mut Plan,
) {
    let path = server.path("ed25519");
    if present.contains(&path) {
        return;
    }
    if !types.contains(&"ed25519") {
        let why = "the root has no program that makes keys, and without one only ed25519 is made";
        return plan.problems.push(Error::new("make", "host keys", why));
    }
    let key = match HostKey::new(context.host) {
        Ok(key) => key,
        Err(error) => return plan.problems.push(error),
    };
    match server {
        Server::OpenSsh => {
            plan.actions.push(Action::write(&path, key.openssh(COMMENT).into_bytes(), 0o600));
            let public = key.public_line(COMMENT).into_bytes();
            plan.actions.push(Action::write(&(path + ".pub"), public, 0o644));
        }
        Server::Dropbear => plan.actions.push(Action::write(&path, key.dropbear(), 0o600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    const PROGRAM: u32 = 0o100_755;

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        planned("ssh", text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn keys_of_the_image_go_and_new_ones_come() {
        let root = Tree::default()
            .with("/usr/bin/ssh-keygen", "", PROGRAM)
            .with("/etc/ssh/ssh_host_rsa_key", "", FILE)
            .with("/etc/ssh/ssh_host_rsa_key.pub", "", FILE)
            .with("/etc/ssh/moduli", "", FILE);
        assert_eq!(
            lines("ssh_genkeytypes: [rsa, ed25519]\nssh_quiet_keygen: true", &root),
            [
                "remove /etc/ssh/ssh_host_rsa_key",
                "remove /etc/ssh/ssh_host_rsa_key.pub",
                "make directory /etc/ssh (0755 root)",
                "run ssh-keygen -q -t rsa -N  -f /etc/ssh/ssh_host_rsa_key",
                "run ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key",
            ]
        );
        assert_eq!(
            lines("ssh_genkeytypes: [rsa]\nssh_deletekeys: false", &root),
            ["make directory /etc/ssh (0755 root)"]
        );
        let shared =
            root.with("/etc/group", "ssh_keys:x:101:\n", FILE).with("/usr/sbin/restorecon", "", PROGRAM);
        assert_eq!(
            lines("ssh_genkeytypes: [ecdsa]\nssh_deletekeys: false", &shared)[1..],
            [
                "run ssh-keygen -t ecdsa -N  -f /etc/ssh/ssh_host_ecdsa_key",
                "run chgrp ssh_keys /etc/ssh/ssh_host_ecdsa_key",
                "run chmod 0640 /etc/ssh/ssh_host_ecdsa_key",
                "run restorecon -R /etc/ssh",
            ]
        );
    }

    #[test]
    fn given_keys_are_written_and_completed() {
        let text = "ssh_keys: {rsa_private: A, ed25519_private: B, ed25519_public: C, rsa_certificate: D}";
        let root = Tree::default().with("/usr/bin/ssh-keygen", "", PROGRAM).with(
            "/etc/ssh/sshd_config",
            "Include /etc/ssh/sshd_config.d/*.conf\n",
            FILE,
        );
        assert_eq!(
            lines(text, &root),
            [
                "write /etc/ssh/ssh_host_rsa_key (0600 root, 1 bytes)",
                "write /etc/ssh/ssh_host_ed25519_key (0600 root, 1 bytes)",
                "write /etc/ssh/ssh_host_ed25519_key.pub (0600 root, 1 bytes)",
                "write /etc/ssh/ssh_host_rsa_key-cert.pub (0600 root, 1 bytes)",
                "write /etc/ssh/sshd_config.d/50-cloud-init.conf (0600 root, 51 bytes)",
                "run sh -c o=$(ssh-keygen -yf /etc/ssh/ssh_host_rsa_key) && echo \"$o root@localhost\" > /etc/ssh/ssh_host_rsa_key.pub",
            ]
        );
        let none = planned("ssh", "ssh_keys: {rsa_private: A}", &Tree::default());
        assert_eq!(
            texts(&none.problems),
            [
                "unable to write /etc/ssh/ssh_host_rsa_key.pub: it is not given, and the root has no ssh-keygen to make it of the private one"
            ]
        );
    }

    #[test]
    fn a_tiny_root_gets_a_key_of_ours() {
        let server = |name: &str| Tree::default().with(&format!("/usr/sbin/{name}"), "", PROGRAM);
        assert_eq!(
            lines("{}", &server("sshd")),
            [
                "write /etc/ssh/ssh_host_ed25519_key (0600 root, 411 bytes)",
                "write /etc/ssh/ssh_host_ed25519_key.pub (0644 root, 96 bytes)",
            ]
        );
        assert_eq!(
            lines("{}", &server("dropbear").with("/etc/dropbear/dropbear_rsa_host_key", "", FILE)),
            [
                "remove /etc/dropbear/dropbear_rsa_host_key",
                "write /etc/dropbear/dropbear_ed25519_host_key (0600 root, 83 bytes)",
            ]
        );
        let with_tool = server("dropbear").with("/usr/bin/dropbearkey", "", PROGRAM);
        assert_eq!(
            lines("ssh_genkeytypes: [rsa]", &with_tool)[1..],
            ["run dropbearkey -t rsa -f /etc/dropbear/dropbear_rsa_host_key"]
        );
        assert_eq!(lines("{}", &Tree::default()), [""; 0]);
        let rsa = planned("ssh", "ssh_genkeytypes: [rsa]", &server("sshd"));
        assert_eq!(
            texts(&rsa.problems),
            [
                "unable to make host keys: the root has no program that makes keys, and without one only ed25519 is made"
            ]
        );
    }
}
