//! `apk_repos`: where apk(8) finds packages.

use super::{CREATED, Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::string::String;

pub(super) const MODULE: Module = Module {
    name: "apk_configure",
    keys: &["apk_repos"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &["alpine"],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "configure apk at";
const MIRROR: &str = "https://alpine.global.ssl.fastly.net/alpine";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let config = context.config;
    let Some(setting) = config.get("apk_repos.alpine_repo") else { return };
    if config.is_true("apk_repos.preserve_repositories", false) {
        return;
    }
    if !matches!(setting.value.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch(DOING, setting.value, "alpine_repo", "a mapping"));
    }
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '#';
    let is_word = |text: &&str| !text.is_empty() && !text.starts_with('@') && !text.contains(is_odd);
    let Some(version) = setting.value.get("version").and_then(Value::as_str).filter(is_word) else {
        return plan.problems.push(setting.error(DOING, setting.value, "it has no version (v3.20, edge)"));
    };
    let mut address = |path: &str| {
        let setting = config.get(path)?;
        let address = setting.value.as_str().filter(is_word);
        if address.is_none() {
            plan.problems.push(setting.error(DOING, setting.value, "it is no address of a repository"));
        }
        address
    };
    let mirror = address("apk_repos.alpine_repo.base_url").unwrap_or(MIRROR);
    let local = address("apk_repos.local_repo_base_url");
    let mut text = String::from(CREATED);
    let mut line = |parts: &[&str]| text.push_str(&(parts.concat() + "\n"));
    line(&[mirror, "/", version, "/main"]);
    if config.is_true("apk_repos.alpine_repo.community_enabled", false) {
        line(&[mirror, "/", version, "/community"]);
    }
    if config.is_true("apk_repos.alpine_repo.testing_enabled", false) {
        if version != "edge" {
            line(&["# of edge: together with a release it may cause problems"]);
        }
        line(&[mirror, "/edge/testing"]);
    }
    if let Some(local) = local {
        line(&[local, "/", version]);
    }
    plan.actions.push(Action::write("/etc/apk/repositories", text.into_bytes(), 0o644));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    #[test]
    fn repositories_are_lines() {
        let text = "apk_repos: {alpine_repo: {version: v3.20, community_enabled: true, testing_enabled: true}, \
                    local_repo_base_url: 'http://l'}";
        let plan = planned(MODULE.name, text, &Tree::default());
        let mirror = MIRROR;
        let expected = format!(
            "# Created by glowplug\n{mirror}/v3.20/main\n{mirror}/v3.20/community\n\
             # of edge: together with a release it may cause problems\n{mirror}/edge/testing\nhttp://l/v3.20\n"
        );
        assert_eq!(plan.actions, [Action::write("/etc/apk/repositories", expected.into_bytes(), 0o644)]);
        let kept = "apk_repos: {preserve_repositories: true, alpine_repo: {version: edge}}";
        assert_eq!(planned(MODULE.name, kept, &Tree::default()).actions, []);
    }

    #[test]
    fn without_a_version_there_is_no_repository() {
        let plan = planned(MODULE.name, "apk_repos: {alpine_repo: {base_url: x}}", &Tree::default());
        assert_eq!(
            texts(&plan.problems),
            ["unable to configure apk at user-data:1:26: it has no version (v3.20, edge)"]
        );
    }
}
