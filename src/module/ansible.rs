//! `ansible`: installs it, and lets it configure this machine, or others.

use super::packages::install_program;
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Program;
use crate::cloud_config::Setting;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "ansible",
    keys: &["ansible"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("ansible"),
    plan,
};

const DOING: &str = "run ansible by what is at";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("ansible") else { return };
    let value = setting.value;
    if !matches!(value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, value, "ansible", "a mapping"));
    }
    let text = |key: &str| value.get_set(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_pip = match text("install_method") {
        Some("pip") => true,
        Some("distro") | None => false,
        Some(_) => {
            let why = "install_method is neither pip nor distro";
            return plan.problems.push(setting.error(DOING, value, why));
        }
    };
    let user = text("run_user");
    if user.is_some_and(|user| user.starts_with('-') || user.contains(|c: char| c.is_control() || c == ' ')) {
        return plan.problems.push(setting.error(DOING, value, "run_user is no name of a user"));
    }
    let runner = Runner { user, config: text("ansible_config"), is_pip, setting };
    let package = text("package_name").unwrap_or("ansible");
    if package.starts_with('-') || package.contains(char::is_control) {
        return plan.problems.push(setting.error(DOING, value, "package_name is no name of a package"));
    }
    if is_pip {
        runner.install(context, package, plan);
    } else {
        install_program(context, "ansible", &[package.into()], plan);
    }
    if value.get_set("pull").is_some() || value.get_set("setup_controller").is_some() {
        install_program(context, "git", &["git".into()], plan);
    }
    runner.galaxy(plan);
    runner.pull(plan);
    runner.control(plan);
}

/// How commands are run.
struct Runner<'v> {
    /// By whom, if not root.
    user: Option<&'v str>,
    /// The file of settings.
    config: Option<&'v str>,
    /// Whether pip installs it.
    is_pip: bool,
    setting: Setting<'v>,
}

impl Runner<'_> {
    /// A command of words in a directory.
    fn command(&self, folder: Option<&str>, words: &[String]) -> Program {
        let mut text = String::new();
        if let Some(folder) = folder {
            text.push_str(&["cd ", &quoted(folder), " && "].concat());
        }
        if let Some(config) = self.config {
            text.push_str(&["ANSIBLE_CONFIG=", &quoted(config), " "].concat());
        }
        if self.is_pip {
            text.push_str("PATH=\"$PATH:$HOME/.local/bin\" ");
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        text.push_str(&words.join(" "));
        if let Some(user) = self.user {
            return Program::repeatable(&["su", "-", user, "-c", &text]);
        }
        // Modules of ansible look there, and init systems set none.
        let environment = [("HOME".into(), "/root".into())].into();
        Program { environment, ..Program::repeatable(&["sh", "-c", &text]) }
    }

    fn run(&self, folder: Option<&str>, words: &[&str], plan: &mut Plan) {
        let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
        plan.actions.push(self.command(folder, &words).into());
    }

    /// Installs it by pip, for its user alone where there is one.
    fn install(&self, context: &Context<'_>, package: &str, plan: &mut Plan) {
        if !has_program(context.root, "pip3") && !has_program(context.root, "pip") {
            install_program(context, "pip3", &["python3-pip".into()], plan);
        }
        let own: &[&str] = if self.user.is_some() { &["--user"] } else { &[] };
        let pip = ["python3", "-m", "pip", "install"];
        self.run(None, &[&pip, own, &[package]].concat(), plan);
    }

    fn galaxy(&self, plan: &mut Plan) {
        let Some(actions) = self.list("galaxy", "actions", plan) else { return };
        for action in actions {
            let words: Option<Vec<&str>> =
                action.items().and_then(|words| words.iter().map(Value::as_str).collect());
            match words.filter(|words| !words.is_empty()) {
                Some(words) => self.run(None, &words, plan),
                None => plan.problems.push(self.setting.mismatch(DOING, action, "it", "a list of strings")),
            }
        }
    }

    fn pull(&self, plan: &mut Plan) {
        let Some(pull) = self.setting.value.get_set("pull") else { return };
        for pull in pull.items().unwrap_or(core::slice::from_ref(pull)) {
            let mut names: Vec<&str> =
                pull.get_set("playbook_name").and_then(Value::as_str).into_iter().collect();
            let several = pull.get_set("playbook_names").and_then(Value::items).unwrap_or_default();
            names.extend(several.iter().filter_map(Value::as_str));
            if names.is_empty() || pull.get_set("url").is_none() {
                plan.problems.push(self.setting.error(DOING, pull, "it has no url, or no playbook_name"));
                continue;
            }
            let mut words = Vec::from(["ansible-pull".into()]);
            words.extend(self.options(pull, &["playbook_name", "playbook_names"], plan));
            words.extend(names.into_iter().map(String::from));
            plan.actions.push(self.command(None, &words).into());
        }
    }

    /// Makes the machine one that configures others.
    fn control(&self, plan: &mut Plan) {
        for item in self.list("setup_controller", "repositories", plan).unwrap_or_default() {
            let text = |key| item.get_set(key).and_then(Value::as_str);
            match (text("source"), text("path")) {
                (Some(source), Some(path)) => {
                    self.run(None, &["git", "clone", "--", source, path], plan);
                }
                _ => plan.problems.push(self.setting.error(DOING, item, "it has no source, or no path")),
            }
        }
        for item in self.list("setup_controller", "run_ansible", plan).unwrap_or_default() {
            let text = |key| item.get_set(key).and_then(Value::as_str);
            let (Some(folder), Some(name)) = (text("playbook_dir"), text("playbook_name")) else {
                let why = "it has no playbook_dir, or no playbook_name";
                plan.problems.push(self.setting.error(DOING, item, why));
                continue;
            };
            let mut words = Vec::from(["ansible-playbook".into(), name.into()]);
            words.extend(self.options(item, &["playbook_dir", "playbook_name"], plan));
            plan.actions.push(self.command(Some(folder), &words).into());
        }
    }

    fn list(&self, key: &str, below: &str, plan: &mut Plan) -> Option<&[Value<'_>]> {
        let value = self.setting.value.get_set(key)?.get_set(below)?;
        let items = value.items();
        if items.is_none() {
            plan.problems.push(self.setting.mismatch(DOING, value, below, "a list"));
        }
        items
    }

    /// The entries of a mapping as options: `true` is the option alone, `false` none.
    fn options(&self, value: &Value<'_>, but: &[&str], plan: &mut Plan) -> Vec<String> {
        let mut options = Vec::new();
        for (key, value) in value.entries() {
            let name = key.as_str().unwrap_or_default();
            if but.contains(&name) || matches!(value.data, Data::Null | Data::Bool(false)) {
                continue;
            }
            let option = ["--", &name.replace('_', "-")].concat();
            match (value.scalar(), value.as_bool()) {
                (Some(text), _) => options.push([&option, "=", &*text].concat()),
                (None, Some(_)) => options.push(option),
                (None, None) => plan.problems.push(self.setting.mismatch(DOING, value, name, "a string")),
            }
        }
        options
    }
}

/// A word as a shell reads it; NUL can be in none.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,@+%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.into();
    }
    ["'", &word.replace('\0', "").replace('\'', "'\\''"), "'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    fn lines(text: &str, programs: &[&str]) -> (Vec<String>, Vec<String>) {
        let root = Tree::default().with("/etc/os-release", "ID=fedora\n", 0o100_644);
        let with = |root: Tree, name: &&str| root.with(&["/usr/bin/", name].concat(), "", 0o100_755);
        let plan = planned("ansible", text, &programs.iter().fold(root, with));
        let problems = texts(&plan.problems).into_iter().map(String::from).collect();
        (plan.actions.iter().map(Action::text).collect(), problems)
    }

    #[test]
    fn a_playbook_is_pulled() {
        let text = "ansible:\n  install_method: distro\n  package_name: ansible-core\n  ansible_config: /etc/a b.cfg\n  \
                    galaxy: {actions: [[ansible-galaxy, collection, install, community.grafana], x]}\n  \
                    pull: {url: 'https://x/y.git', playbook_name: main.yml, full: true, diff: false, timeout: 60, \
                    skip_tags: \"it's\"}\n";
        let (lines, problems) = lines(text, &["dnf", "git"]);
        assert_eq!(
            lines,
            [
                "run dnf -y install ansible-core",
                "run sh -c ANSIBLE_CONFIG='/etc/a b.cfg' ansible-galaxy collection install community.grafana",
                "run sh -c ANSIBLE_CONFIG='/etc/a b.cfg' ansible-pull --url=https://x/y.git --full --timeout=60 \
                 '--skip-tags=it'\\''s' main.yml",
            ]
        );
        assert_eq!(
            problems,
            ["unable to run ansible by what is at user-data:5:80: it is a string, not a list of strings"]
        );
    }

    #[test]
    fn by_pip_and_for_a_user_it_is_the_users_own() {
        let text = "ansible:\n  install_method: pip\n  run_user: kim\n  setup_controller:\n    \
                    repositories: [{source: 'https://x/y', path: /home/kim/y}, {path: /z}]\n    \
                    run_ansible: [{playbook_dir: /home/kim/y, playbook_name: a.yml, check: true}]\n  pull: {url: x}\n";
        let (lines, problems) = lines(text, &["dnf", "pip3", "git"]);
        let path = "PATH=\"$PATH:$HOME/.local/bin\"";
        assert_eq!(
            lines,
            [
                ["run su - kim -c ", path, " python3 -m pip install --user ansible"].concat(),
                ["run su - kim -c ", path, " git clone -- https://x/y /home/kim/y"].concat(),
                ["run su - kim -c cd /home/kim/y && ", path, " ansible-playbook a.yml --check"].concat(),
            ]
        );
        assert_eq!(
            problems,
            [
                "unable to run ansible by what is at user-data:7:9: it has no url, or no playbook_name",
                "unable to run ansible by what is at user-data:5:64: it has no source, or no path",
            ]
        );
        let (actions, problems) = self::lines("ansible: {install_method: brew}", &["dnf"]);
        let why =
            "unable to run ansible by what is at user-data:1:10: install_method is neither pip nor distro";
        assert_eq!((actions.len(), problems), (0, [String::from(why)].into()));
    }
}
