//! `rh_subscription`: registers the machine with Red Hat by
//! subscription-manager(8).

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Program;
use crate::cloud_config::Setting;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "rh_subscription",
    keys: &["rh_subscription"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &["fedora", "rhel"],
    early: Early::No,
    network: Network::keys("rh_subscription"),
    plan,
};

const DOING: &str = "register by what is at";

const MANAGER: &str = "subscription-manager";

/// Registers unless the machine is; the option that is secret is its first argument, and what it
/// is set to its input.
const REGISTER: &str = "if subscription-manager identity >/dev/null 2>&1; then
echo 'the machine is registered already'
exit 0
fi
secret=$1
shift
exec subscription-manager register \"$secret$(cat)\" \"$@\"";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("rh_subscription") else { return };
    if !matches!(setting.value.data, Data::Map(_)) {
        let wrong = setting.mismatch(DOING, setting.value, "rh_subscription", "a mapping");
        return plan.problems.push(wrong);
    }
    for (_, value) in setting.value.entries() {
        let words = value.items().unwrap_or(core::slice::from_ref(value));
        if words.iter().filter_map(Value::scalar).any(|word| word.contains('\0')) {
            plan.problems.push(setting.error(DOING, value, "no program can be given a NUL; it is left out"));
        }
    }
    let Some(register) = register(&setting) else {
        let why = "it has neither activation-key and org nor username and password";
        return plan.problems.push(setting.error(DOING, setting.value, why));
    };
    plan.actions.push(register.into());
    let run = |words: &[String], plan: &mut Plan| {
        let words: Vec<&str> = [MANAGER].into_iter().chain(words.iter().map(String::as_str)).collect();
        plan.actions.push(Program::repeatable(&words).into());
    };
    let level = text(&setting, "service-level");
    if context.config.is_true("rh_subscription.auto-attach", false)
        || context.config.is_true("rh_subscription.auto_attach", false)
    {
        let mut words = vec!["attach".into(), "--auto".into()];
        words.extend(level.map(|level| ["--servicelevel=", &level].concat()));
        run(&words, plan);
    } else if level.is_some() {
        let why = "service-level counts with auto-attach: true alone";
        plan.problems.push(setting.error(DOING, setting.value, why));
    }
    let pools = options(&setting, "add-pool", "--pool=", plan);
    if !pools.is_empty() {
        run(&[vec!["attach".into()], pools].concat(), plan);
    }
    let disabled = options(&setting, "disable-repo", "--disable=", plan);
    let repositories = [disabled, options(&setting, "enable-repo", "--enable=", plan)].concat();
    if !repositories.is_empty() {
        run(&[vec!["repos".into()], repositories].concat(), plan);
    }
}

/// The entry of a key, which newer versions spell with `_`.
fn entry<'v>(setting: &Setting<'v>, key: &str) -> Option<&'v Value<'v>> {
    setting.value.get_set(key).or_else(|| setting.value.get_set(&key.replace('-', "_")))
}

fn text(setting: &Setting<'_>, key: &str) -> Option<String> {
    let text: String = entry(setting, key)?.scalar()?.into();
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

fn register(setting: &Setting<'_>) -> Option<Program> {
    let text = |key| text(setting, key);
    let (secret, option, rest) = match (text("activation-key"), text("org")) {
        (Some(key), Some(org)) => (key, "--activationkey=", ["--org=", &org].concat()),
        _ => (text("password")?, "--password=", ["--username=", &text("username")?].concat()),
    };
    let mut program = Program::repeatable(&["sh", "-c", REGISTER, "sh", option, &rest]);
    for (key, option) in [
        ("rhsm-baseurl", "--baseurl="),
        ("server-hostname", "--serverurl="),
        ("release-version", "--release="),
    ] {
        program.argv.extend(text(key).map(|value| [option, &value].concat()));
    }
    program.input = secret.into_bytes();
    Some(program)
}

/// The items of a list, each as an option.
fn options(setting: &Setting<'_>, key: &str, option: &str, plan: &mut Plan) -> Vec<String> {
    let Some(value) = entry(setting, key) else { return Vec::new() };
    let words: Option<Vec<_>> = value.items().and_then(|items| items.iter().map(Value::scalar).collect());
    let Some(words) = words else {
        plan.problems.push(setting.mismatch(DOING, value, key, "a list of strings"));
        return Vec::new();
    };
    words.iter().filter(|word| !word.contains('\0')).map(|word| [option, word].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    fn lines(text: &str) -> (Vec<String>, Vec<u8>, Vec<String>) {
        let plan = planned("rh_subscription", text, &Tree::default());
        let mut input = Vec::new();
        let mut words = Vec::new();
        for action in &plan.actions {
            let Action::RunProgram(program) = action else { panic!("{action:?}") };
            let skip = if program.argv[0] == "sh" { 4 } else { 1 };
            words.push(program.argv[skip..].join(" "));
            input.extend(&program.input);
            assert!(!action.text().contains("s3cret"), "{action:?}");
        }
        (words, input, texts(&plan.problems).into_iter().map(String::from).collect())
    }

    #[test]
    fn a_password_is_on_no_command_line_that_is_logged() {
        let text = "rh_subscription: {username: me, password: s3cret, auto-attach: true, service-level: gold, \
                    add-pool: [p1, 2], enable-repo: [a], disable-repo: [b, c], rhsm-baseurl: 'http://x'}";
        let (words, input, problems) = lines(text);
        assert_eq!(
            words,
            [
                "--password= --username=me --baseurl=http://x",
                "attach --auto --servicelevel=gold",
                "attach --pool=p1 --pool=2",
                "repos --disable=b --disable=c --enable=a",
            ]
        );
        assert_eq!((input, problems), (b"s3cret".to_vec(), vec![]));
    }

    #[test]
    fn an_activation_key_has_an_organization() {
        let (words, input, _) =
            lines("rh_subscription: {activation_key: s3cret, org: 12, release_version: 9.2}");
        assert_eq!(
            (&*words, &*input),
            (&["--activationkey= --org=12 --release=9.2".into()][..], &b"s3cret"[..])
        );
        let (words, _, problems) = lines("rh_subscription: {activation-key: s3cret}");
        let why = "unable to register by what is at user-data:1:18: it has neither activation-key and org nor \
                   username and password";
        assert_eq!((words, problems), (vec![], vec![String::from(why)]));
        let (_, _, problems) =
            lines("rh_subscription: {username: a, password: b, service-level: x, add-pool: x}");
        assert_eq!(
            problems,
            [
                "unable to register by what is at user-data:1:18: service-level counts with auto-attach: true alone",
                "unable to register by what is at user-data:1:73: add-pool is a string, not a list of strings",
            ]
        );
    }
}
