//! `zypper`: repositories of zypper(8), and zypp.conf.

use super::repository::{Ini, file_name, scalars, texts};
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Existing, Owner, WriteFile};
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::text::to_bytes;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "zypper_add_repo",
    keys: &["zypper"],
    stage: Stage::Config,
    frequency: Frequency::Always,
    distros: &[
        "opensuse",
        "opensuse-leap",
        "opensuse-microos",
        "opensuse-tumbleweed",
        "sle-micro",
        "sle_hpc",
        "sles",
    ],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "add the repository at";
const CONF: &str = "/etc/zypp/zypp.conf";

/// What the lines that are added to zypp.conf begin with.
const MARK: &str = "# Added via cloud.cfg";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let folder = context.config.text("zypper.config.reposdir").unwrap_or("/etc/zypp/repos.d");
    config(context, plan);
    let Some(setting) = context.config.get("zypper.repos") else { return };
    let items = match setting.list("repos") {
        Ok(items) => items,
        Err(error) => return plan.problems.push(error),
    };
    let mut paths = BTreeSet::new();
    for item in items {
        let text = |key| item.get_set(key).and_then(Value::as_str);
        let id = text("id").unwrap_or_default();
        let Some(name) = file_name(id, '_') else {
            plan.problems.push(setting.error(DOING, item, "it has no id that can be the name of a file"));
            continue;
        };
        if text("baseurl").is_none() {
            plan.problems.push(setting.error(DOING, item, "it has no baseurl"));
            continue;
        }
        let path = [folder.trim_end_matches('/'), "/", &name, ".repo"].concat();
        if !matches!(plan.finds(context, &path), Ok(false)) || paths.contains(&path) {
            continue;
        }
        let mut ini = Ini::new(id);
        for (key, values) in scalars(&setting, item, DOING, &mut plan.problems) {
            if key != "id" {
                ini.set(&key, " = ", &values.join("\n").replace('\n', "\n    "));
            }
        }
        for key in ["enabled", "autorefresh"] {
            if !ini.has(key) {
                ini.set(key, " = ", "1");
            }
        }
        plan.actions.push(Action::write(&path, ini.text().into_bytes(), 0o644));
        paths.insert(path);
    }
}

/// Adds the settings of `config` to zypp.conf, unless they are there: this runs
/// at every boot.
fn config(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("zypper.config") else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, setting.value, "config", "a mapping"));
    }
    let Ok(present) = plan.old(context, CONF) else { return };
    let present = present.unwrap_or_default();
    let is_there: BTreeSet<&str> = present.lines().map(str::trim_ascii).collect();
    let mut lines = Vec::new();
    for (key, value) in setting.value.entries() {
        let Some((name, values)) = texts(&setting, key, value, DOING, &mut plan.problems) else { continue };
        let line = [name, "=", &values.join(",")].concat();
        if line.contains('\n') {
            plan.problems.push(setting.error(DOING, value, "it is more than a line"));
        } else if name == "configdir" {
            let why = "configdir can't be changed here";
            plan.problems.push(setting.error(DOING, setting.value, why));
        } else if values.iter().any(|value| !value.is_empty()) && !is_there.contains(&*line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return;
    }
    let between = if present.is_empty() || present.ends_with('\n') { "" } else { "\n" };
    let text = [&present, between, MARK, "\n", &lines.join("\n"), "\n"].concat();
    let file = WriteFile {
        path: CONF.into(),
        content: to_bytes(&text),
        mode: 0o644,
        owner: Owner::Root,
        existing: Existing::KeepMetadata,
    };
    plan.actions.push(file.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::texts as told;
    use crate::module::tests::{FILE, planned};

    #[test]
    fn repositories_and_settings_are_added_once() {
        let text = "zypper:\n  repos: [{id: my repo, baseurl: 'http://b', Gpg-Check: false}]\n  config: {download.use_deltarpm: 'true'}\n";
        let root = Tree::default().with(CONF, "# main\n[main]\n", FILE);
        let plan = planned(MODULE.name, text, &root);
        assert_eq!(plan.problems, []);
        let conf = "# main\n[main]\n# Added via cloud.cfg\ndownload.use_deltarpm=true\n";
        let Action::WriteFile(file) = &plan.actions[0] else { panic!("{:?}", plan.actions) };
        assert_eq!((&*file.path, &*file.content), (CONF, conf.as_bytes()));
        let repository = "[my repo]\nbaseurl = http://b\ngpg_check = 0\nenabled = 1\nautorefresh = 1\n";
        let path = "/etc/zypp/repos.d/my_repo.repo";
        assert_eq!(plan.actions[1], Action::write(path, repository.into(), 0o644));
        let again = root.with(CONF, conf, FILE).with(path, repository, FILE);
        assert_eq!(planned(MODULE.name, text, &again).actions, []);
    }

    #[test]
    fn a_setting_keeps_its_name_and_one_without_a_value_is_left_out() {
        let text = "zypper: {config: {solver.onlyRequires: true, repo-x: [a, b], vendordir: null, y: ''}}";
        let root = Tree::default().with(CONF, "[main]", FILE);
        let plan = planned(MODULE.name, text, &root);
        let Action::WriteFile(file) = &plan.actions[0] else { panic!("{:?}", plan.actions) };
        let conf = "[main]\n# Added via cloud.cfg\nsolver.onlyRequires=1\nrepo-x=a,b\n";
        assert_eq!(String::from_utf8_lossy(&file.content), conf);
    }

    #[test]
    fn what_is_no_repository_is_told() {
        let text = "zypper: {repos: [{id: a/b, baseurl: x}, {id: c}], config: {configdir: /x}}";
        let plan = planned(MODULE.name, text, &Tree::default());
        assert_eq!(
            told(&plan.problems),
            [
                "unable to add the repository at user-data:1:59: configdir can't be changed here",
                "unable to add the repository at user-data:1:18: it has no id that can be the name of a file",
                "unable to add the repository at user-data:1:41: it has no baseurl",
            ]
        );
        assert_eq!(plan.actions, []);
    }
}
