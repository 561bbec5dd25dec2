//! `yum_repos`: repositories of yum(8) and dnf(8).

use super::repository::{Ini, file_name, scalars};
use super::{CREATED, Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::state::paths::Frequency;
use crate::syntax::value::Data;
use alloc::collections::BTreeSet;

pub(super) const MODULE: Module = Module {
    name: "yum_add_repo",
    keys: &["yum_repos"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[
        "almalinux",
        "amazon",
        "amzn",
        "azurelinux",
        "centos",
        "cloudlinux",
        "eurolinux",
        "fedora",
        "mariner",
        "miraclelinux",
        "ol",
        "openEuler",
        "openeuler",
        "openmandriva",
        "photon",
        "rhel",
        "rocky",
        "virtuozzo",
    ],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "add the repository at";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("yum_repos") else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, setting.value, "yum_repos", "a mapping"));
    }
    let folder = context.config.text("yum_repo_dir").unwrap_or("/etc/yum.repos.d").trim_end_matches('/');
    let mut paths = BTreeSet::new();
    for (id, entry) in setting.value.entries() {
        let Some(name) = id.as_str().and_then(|id| file_name(id, '-')) else {
            plan.problems.push(setting.error(DOING, id, "its name can't be that of a file"));
            continue;
        };
        let path = [folder, "/", &name, ".repo"].concat();
        if !matches!(plan.finds(context, &path), Ok(false)) || paths.contains(&path) {
            continue;
        }
        let mut ini = Ini::new(&name);
        for (key, values) in scalars(&setting, entry, DOING, &mut plan.problems) {
            // ConfigParser goes on with an indented line.
            ini.set(&key, " = ", &values.join("\n").replace('\n', "\n\t"));
        }
        if !["baseurl", "metalink", "mirrorlist"].iter().any(|key| ini.has(key)) {
            let why = "it has neither baseurl nor metalink nor mirrorlist";
            plan.problems.push(setting.error(DOING, entry, why));
            continue;
        }
        let text = [CREATED, &ini.text(), "\n"].concat();
        plan.actions.push(Action::write(&path, text.into_bytes(), 0o644));
        paths.insert(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    #[test]
    fn a_repository_is_a_file_that_was_not_there() {
        let text = "yum_repos:\n  my repo: {baseurl: 'http://b', Enabled: true, gpg-check: no, cost: 5, \
                    exclude: [a, b]}\n  old: {baseurl: x}\n";
        let root = Tree::default().with("/etc/yum.repos.d/old.repo", "", FILE);
        let file = "# Created by glowplug\n[my-repo]\nbaseurl = http://b\nenabled = 1\ngpg_check = 0\ncost = 5\n\
                    exclude = a\n\tb\n\n";
        let plan = planned(MODULE.name, text, &root);
        assert_eq!(plan.actions, [Action::write("/etc/yum.repos.d/my-repo.repo", file.into(), 0o644)]);
        assert_eq!(plan.problems, []);
    }

    #[test]
    fn what_is_no_repository_is_told() {
        let text = "yum_repos: {../a: {baseurl: x}, b: {}, c: {baseurl: {x: y}, metalink: m}}";
        let plan = planned(MODULE.name, text, &Tree::default());
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to add the repository at user-data:1:13: its name can't be that of a file",
                "unable to add the repository at user-data:1:36: it has neither baseurl nor metalink nor mirrorlist",
                "unable to add the repository at user-data:1:53: baseurl is a mapping, not a text or a list of texts",
            ]
        );
        assert_eq!(plan.actions.len(), 1);
    }
}
