//! `ubuntu_pro`, once `ubuntu_advantage`: attaches the machine to a
//! subscription by pro(1).

use super::packages::install_program;
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Again, Program};
use crate::cloud_config::Setting;
use crate::state::paths::Frequency;
use crate::syntax::json::{self, Style};
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec::Vec;

/// The key and its names of before, the one that counts first.
const KEYS: &[&str] = &["ubuntu_pro", "ubuntu_advantage", "ubuntu-advantage"];

pub(super) const MODULE: Module = Module {
    name: "ubuntu_pro",
    keys: KEYS,
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &["ubuntu"],
    early: Early::No,
    network: Network::keys("ubuntu_pro ubuntu_advantage ubuntu-advantage"),
    plan,
};

const DOING: &str = "attach the machine by what is at";

/// What attaches: the token is in no command line.
const ATTACHMENT: &str = "/run/glowplug/pro-attach.yaml";

/// The exit status of a machine that is attached already.
const ATTACHED: [i32; 1] = [2];

/// Sets a setting to what is on its input: proxies have passwords.
const SET: &str = r#"exec "$1" config set "$2=$(cat)""#;

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = KEYS.iter().find_map(|key| context.config.get(key)) else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        let wrong = setting.mismatch(DOING, setting.value, "ubuntu_pro", "a mapping");
        return plan.problems.push(wrong);
    }
    let services = ["enable", "enable_beta"].map(|key| services(&setting, key, plan));
    let token = setting.value.get_set("token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let features = setting.value.get_set("features");
    let is_manual = features
        .and_then(|features| features.get_set("disable_auto_attach"))
        .is_some_and(|value| value.as_bool() == Some(true));
    let is_used = setting.value.entries().iter().any(|(key, _)| key.as_str() != Some("features"));
    if !is_used {
        return;
    }
    install_program(context, "pro", &["ubuntu-advantage-tools".into()], plan);
    let program =
        if !has_program(context.root, "pro") && has_program(context.root, "ua") { "ua" } else { "pro" };
    configure(&setting, program, plan);
    match token {
        Some(token) => attach(program, token, services, plan),
        None if is_manual => {
            plan.problems.push(setting.error(DOING, setting.value, "it has no token"));
        }
        // An image of Ubuntu Pro proves itself; pro(1) says of another that it needs a token.
        None => attach_by_cloud(program, services, plan),
    }
}

/// The services of a list; `None`: those of the contract.
fn services<'v>(setting: &Setting<'v>, key: &str, plan: &mut Plan) -> Option<&'v Value<'v>> {
    let value = setting.value.get_set(key)?;
    let is_list = value.items().is_some_and(|items| items.iter().all(|item| item.as_str().is_some()));
    if !is_list {
        plan.problems.push(setting.mismatch(DOING, value, key, "a list of strings"));
    }
    is_list.then_some(value)
}

fn configure(setting: &Setting<'_>, program: &str, plan: &mut Plan) {
    let Some(config) = setting.value.get_set("config") else { return };
    if !matches!(config.data, Data::Map(_)) {
        return plan.problems.push(setting.mismatch("set", config, "config", "a mapping"));
    }
    for (key, value) in config.entries() {
        let name = key.as_str().unwrap_or_default();
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match (value.scalar(), is_name) {
            (_, false) => plan.problems.push(setting.error("set", key, "it is no name of a setting")),
            (None, _) if value.data == Data::Null => {
                plan.actions.push(Program::repeatable(&[program, "config", "unset", name]).into());
            }
            (Some(text), _) => {
                let input = text.into_owned().into_bytes();
                let set = Program::repeatable(&["sh", "-c", SET, "sh", program, name]);
                plan.actions.push(Program { input, ..set }.into());
            }
            (None, _) => plan.problems.push(setting.mismatch("set", value, name, "a string")),
        }
    }
}

fn json(entries: Vec<(&'static str, Value<'_>)>) -> String {
    let text = |name: &'static str| Value::bare(Data::Str(name.into()));
    let entries = entries.into_iter().map(|(name, value)| (text(name), value)).collect();
    let mut out = String::new();
    json::write(&Value::bare(Data::Map(entries)), Style::Compact, &mut out);
    out
}

fn attach(program: &str, token: &str, [services, beta]: [Option<&Value<'_>>; 2], plan: &mut Plan) {
    let mut entries = Vec::from([("token", Value::bare(Data::Str(token.into())))]);
    let mut all: Vec<Value<'_>> = Vec::new();
    for list in [services, beta].into_iter().flatten() {
        all.extend(list.items().unwrap_or_default().iter().cloned());
    }
    if !all.is_empty() {
        entries.push(("enable_services", Value::bare(Data::Seq(all))));
    }
    // JSON is YAML.
    plan.actions.push(Action::write(ATTACHMENT, json(entries).into_bytes(), 0o600));
    let run = Program::new(&[program, "attach", "--attach-config", ATTACHMENT]);
    plan.actions.push(Program { accepted: &ATTACHED, again: Again::Same, ..run }.into());
    plan.actions.push(Action::RemoveFile { path: ATTACHMENT.into() });
}

fn attach_by_cloud(program: &str, [services, beta]: [Option<&Value<'_>>; 2], plan: &mut Plan) {
    let lists = [("enable", services), ("enable_beta", beta)];
    let entries = lists.into_iter().filter_map(|(name, list)| Some((name, list?.clone()))).collect();
    let call = "u.pro.attach.auto.full_auto_attach.v1";
    plan.actions.push(Program::repeatable(&[program, "api", call, "--data", &json(entries)]).into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    fn plan_on(text: &str, program: &str) -> Plan {
        planned("ubuntu_pro", text, &Tree::default().with(program, "", 0o100_755))
    }

    fn lines(plan: &Plan) -> Vec<String> {
        plan.actions.iter().map(Action::text).collect()
    }

    #[test]
    fn a_token_is_in_a_file_and_in_no_command_line() {
        let text = "ubuntu_pro:\n  token: s3cret\n  enable: [fips, esm]\n  enable_beta: [realtime-kernel]\n  \
                    config: {http_proxy: 'http://u:s3cret@p', https_proxy: null, a-b: x}\n";
        let plan = plan_on(text, "/usr/bin/pro");
        assert_eq!(
            lines(&plan),
            [
                "run sh -c exec \"$1\" config set \"$2=$(cat)\" sh pro http_proxy",
                "run pro config unset https_proxy",
                "write /run/glowplug/pro-attach.yaml (0600 root, 69 bytes)",
                "run pro attach --attach-config /run/glowplug/pro-attach.yaml",
                "remove /run/glowplug/pro-attach.yaml",
            ]
        );
        let Action::WriteFile(file) = &plan.actions[2] else { panic!("a file") };
        assert_eq!(
            str::from_utf8(&file.content).unwrap(),
            r#"{"token":"s3cret","enable_services":["fips","esm","realtime-kernel"]}"#
        );
        assert_eq!(texts(&plan.problems), ["unable to set user-data:5:64: it is no name of a setting"]);
    }

    #[test]
    fn an_image_of_ubuntu_pro_needs_no_token() {
        let plan = plan_on("ubuntu_advantage: {enable: []}", "/usr/bin/ua");
        let call = "api u.pro.attach.auto.full_auto_attach.v1 --data {\"enable\":[]}";
        assert_eq!(lines(&plan).pop(), Some(["run ua ", call].concat()));
        assert_eq!(plan_on("ubuntu-advantage: {features: {}}", "/usr/bin/pro").actions, []);
        let text = "ubuntu_pro: {features: {disable_auto_attach: true}, enable: x}";
        assert_eq!(
            texts(&plan_on(text, "/usr/bin/pro").problems),
            [
                "unable to attach the machine by what is at user-data:1:61: enable is a string, not a list of strings",
                "unable to attach the machine by what is at user-data:1:13: it has no token",
            ]
        );
    }
}
