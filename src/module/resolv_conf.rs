//! `resolv_conf`: the resolver's servers and domains.

use super::{CREATED, Context, Early, Module, Network, Plan, Stage};
use crate::action::{Existing, Owner, WriteFile};
use crate::cloud_config::system_files::resolv_conf;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "resolv_conf",
    keys: &["manage_resolv_conf", "manage-resolv-conf"],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    if let Some(text) = resolv_conf(context.config, &mut plan.problems) {
        if plan.old(context, "/etc/resolv.conf").is_err() {
            return;
        }
        let content = [CREATED, &text].concat().into_bytes();
        let (path, owner, existing) = ("/etc/resolv.conf".into(), Owner::Root, Existing::KeepMetadata);
        plan.actions.push(WriteFile { path, content, mode: 0o644, owner, existing }.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::planned;

    #[test]
    fn the_file_is_written_whole() {
        let text = "{manage_resolv_conf: true, resolv_conf: {nameservers: [10.0.0.1]}}";
        let plan = planned("resolv_conf", text, &Tree::default());
        let Action::WriteFile(file) = &plan.actions[0] else { panic!("a file") };
        assert_eq!(
            (&*file.path, &*file.content),
            ("/etc/resolv.conf", &b"# Created by glowplug\nnameserver 10.0.0.1\n"[..])
        );
    }
}
