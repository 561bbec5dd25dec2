//! `ca_certs`: certificates that everybody on the machine trusts.

use super::distribution::{Distribution, Family};
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Existing, Owner, Program, WriteFile};
use crate::cloud_config::init_stage::certificates;
use crate::error::Error;
use crate::state::paths::Frequency;
use crate::text::{fill, to_bytes};
use alloc::string::{String, ToString};

pub(super) const MODULE: Module = Module {
    name: "ca_certs",
    keys: &["ca_certs", "ca-certs"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

/// The distribution's own certificates, one a line; `!` in front leaves one out.
const DEFAULTS: &str = "/etc/ca-certificates.conf";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(wanted) = certificates(context.config, &mut plan.problems) else { return };
    let (folder, update) = match Distribution::of(context).family {
        Family::RedHat => ("/usr/share/pki/ca-trust-source/anchors", "update-ca-trust"),
        Family::Suse => ("/etc/pki/trust/anchors", "update-ca-certificates"),
        Family::Photon => ("/etc/ssl/certs", "rehash_ca_certificates.sh"),
        _ => ("/usr/local/share/ca-certificates", "update-ca-certificates"),
    };
    if wanted.remove_defaults {
        leave_out(context, plan);
    }
    for (at, certificate) in wanted.trusted.iter().enumerate() {
        let path = fill("{}/cloud-init-ca-cert-{}.crt", &[folder, &(at + 1).to_string()]);
        let end = if certificate.ends_with('\n') { "" } else { "\n" };
        plan.actions.push(Action::write(&path, [certificate, end].concat().into_bytes(), 0o644));
    }
    if has_program(context.root, update) {
        plan.actions.push(Program::repeatable(&[update]).into());
    } else {
        plan.problems.push(Error::new(
            "update",
            "trusted certificates",
            fill("the root has no {}", &[update]),
        ));
    }
}

/// Leaves the distribution's own certificates out, those that come later too.
fn leave_out(context: &Context<'_>, plan: &mut Plan) {
    let Ok(text) = plan.old(context, DEFAULTS) else { return };
    let Some(text) = text else {
        let why = fill("the root has no {}", &[DEFAULTS]);
        return plan.problems.push(Error::new("leave out", "the distribution's certificates", why));
    };
    let mut content = String::new();
    for line in text.split_inclusive('\n') {
        let names_one = !line.trim_ascii().is_empty() && !line.starts_with(['#', '!']);
        content.push_str(if names_one { "!" } else { "" });
        content.push_str(line);
    }
    let (path, owner, existing) = (DEFAULTS.into(), Owner::Root, Existing::KeepMetadata);
    plan.actions.push(WriteFile { path, content: to_bytes(&content), mode: 0o644, owner, existing }.into());
    if has_program(context.root, "debconf-set-selections") {
        let input = b"ca-certificates ca-certificates/trust_new_crts select no\n".to_vec();
        plan.actions.push(Program { input, ..Program::repeatable(&["debconf-set-selections", "-"]) }.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn lines(text: &str, root: &Tree) -> Vec<String> {
        planned("ca_certs", text, root).actions.iter().map(Action::text).collect()
    }

    #[test]
    fn certificates_go_where_the_distribution_looks() {
        let program = |root: Tree, name: &str| root.with(&format!("/usr/sbin/{name}"), "", 0o100_755);
        let debian = program(Tree::default(), "update-ca-certificates").with(
            "/etc/ca-certificates.conf",
            "# x\nmozilla/A.crt\n!mozilla/B.crt\n",
            FILE,
        );
        let text = "ca-certs: {remove-defaults: true, trusted: [A, \"B\\n\"]}";
        assert_eq!(
            lines(text, &debian),
            [
                "write /etc/ca-certificates.conf (0644 root, 34 bytes)",
                "write /usr/local/share/ca-certificates/cloud-init-ca-cert-1.crt (0644 root, 2 bytes)",
                "write /usr/local/share/ca-certificates/cloud-init-ca-cert-2.crt (0644 root, 2 bytes)",
                "run update-ca-certificates",
            ]
        );
        let rocky = program(Tree::default(), "update-ca-trust").with("/etc/os-release", "ID=rocky\n", FILE);
        assert_eq!(
            lines("ca_certs: {trusted: A}", &rocky),
            [
                "write /usr/share/pki/ca-trust-source/anchors/cloud-init-ca-cert-1.crt (0644 root, 2 bytes)",
                "run update-ca-trust",
            ]
        );
        let bare = planned("ca_certs", "ca_certs: {trusted: [1]}", &Tree::default());
        assert_eq!(
            texts(&bare.problems),
            [
                "unable to trust the certificate at user-data:1:22: it is an integer, not a text",
                "unable to update trusted certificates: the root has no update-ca-certificates"
            ]
        );
    }
}
