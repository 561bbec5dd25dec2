//! `phone_home`: tells somebody by HTTP that the machine is there, and its host
//! keys.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Post, Task};
use crate::cloud_config::{Setting, hostname};
use crate::fetch;
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use crate::text::without_secrets;
use crate::user_data::render_text;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "phone_home",
    keys: &["phone_home"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("phone_home"),
    plan,
};

const DOING: &str = "phone home at";

/// Everything that can be told; the first four are host keys.
const ALL: [&str; 7] =
    ["pub_key_dsa", "pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519", "instance_id", "hostname", "fqdn"];

/// Tries where nobody says how many, and at most.
const TRIES: i64 = 10;
const MOST_TRIES: i64 = 1000;

/// Seconds of one try.
const TIMEOUT: u32 = 30;

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("phone_home") else { return };
    let value = setting.value;
    let Some(url) = value.get_set("url").and_then(Value::as_str) else {
        return plan.problems.push(setting.error(DOING, value, "it has no url"));
    };
    let text = |text: &str| Value::bare(Data::Str(String::from(text).into()));
    let data = [(text("INSTANCE_ID"), text(context.instance.id.as_str()))];
    let url = match render_text(
        context.jinja(),
        "the url of phone_home",
        url,
        &Value::bare(Data::Map(data.into())),
    ) {
        Ok(url) => url,
        Err(error) => return plan.problems.push(error),
    };
    let tries = match value.get_set("tries") {
        None => TRIES,
        Some(tries) => number(tries).unwrap_or_else(|| {
            plan.problems.push(setting.error(DOING, tries, "tries is no number; 10 is taken"));
            TRIES
        }),
    };
    let tries = u32::try_from(tries.clamp(1, MOST_TRIES)).unwrap_or(1);
    let form = names(&setting, plan).into_iter().map(|name| (name.into(), told(context, name))).collect();
    let what = ["post to ", &without_secrets(&url)].concat();
    let post = Post { url, form, tries, timeout: TIMEOUT };
    plan.actions.push(Task { what, effect: Effect::Post(Box::new(post)) }.into());
}

fn number(value: &Value<'_>) -> Option<i64> {
    value.as_int().or_else(|| value.as_str()?.trim_ascii().parse().ok())
}

/// What `post` names: a list, or `all`.
fn names<'a>(setting: &Setting<'a>, plan: &mut Plan) -> Vec<&'a str> {
    let Some(post) = setting.value.get_set("post").filter(|post| post.as_str() != Some("all")) else {
        return ALL.into();
    };
    let Some(items) = post.items() else {
        plan.problems.push(setting.error(DOING, post, "post is neither a list nor all"));
        return ALL.into();
    };
    let mut names = Vec::new();
    for item in items {
        match item.as_str().filter(|name| ALL.contains(name)) {
            Some(name) if names.contains(&name) => {}
            Some(name) => names.push(name),
            None => plan.problems.push(setting.error(DOING, item, "nothing of this name can be told")),
        }
    }
    names
}

/// What is told under a name; `N/A` for what the machine has not.
fn told(context: &Context<'_>, name: &str) -> String {
    let known = match name.strip_prefix("pub_key_") {
        Some(kind) => fetch::text(context.root, &["/etc/ssh/ssh_host_", kind, "_key.pub"].concat()),
        None if name == "instance_id" => Some(context.instance.id.as_str().into()),
        None => {
            let given = context.instance.metadata.local_hostname.as_deref().unwrap_or_default();
            let given = hostname::of_metadata(given);
            // What is wrong with a name, set_hostname has told.
            let names = hostname::parse(context.config, &given, &mut Vec::new());
            let own = || Some(fetch::text(context.root, "/etc/hostname")?.trim_ascii().into());
            names.map(|names| if name == "fqdn" { names.fqdn } else { names.hostname }.into()).or_else(own)
        }
    };
    known.unwrap_or_else(|| "N/A".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn posted(text: &str) -> Post {
        let root = Tree::default().with("/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 A x\n", FILE);
        let plan = planned(MODULE.name, text, &root);
        assert_eq!(plan.problems, []);
        let [Action::Task(task)] = &*plan.actions else { panic!("{:?}", plan.actions) };
        let Effect::Post(post) = &task.effect else { panic!("{task:?}") };
        (**post).clone()
    }

    #[test]
    fn all_or_a_part_is_told() {
        let post = posted("{phone_home: {url: 'http://h/$INSTANCE_ID/', tries: '3'}, fqdn: a.b}");
        assert_eq!((&*post.url, post.tries, post.timeout), ("http://h/i-1/", 3, TIMEOUT));
        let expected = [
            ("pub_key_dsa", "N/A"),
            ("pub_key_rsa", "N/A"),
            ("pub_key_ecdsa", "N/A"),
            ("pub_key_ed25519", "ssh-ed25519 A x\n"),
            ("instance_id", "i-1"),
            ("hostname", "a"),
            ("fqdn", "a.b"),
        ];
        assert_eq!(post.form, expected.map(|(name, value)| (name.into(), value.into())));
        let secret =
            planned(MODULE.name, "phone_home: {url: 'http://me:word@h/a?token=x'}", &Tree::default());
        assert_eq!(secret.actions[0].text(), "post to http://h/a", "the log has it");
        let post = posted("phone_home: {url: 'http://h', post: [instance_id, instance_id]}");
        assert_eq!((post.form, post.tries), (vec![("instance_id".into(), "i-1".into())], 10));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let text = "phone_home: {url: 'http://h', post: [x, fqdn], tries: many}";
        let plan = planned(MODULE.name, text, &Tree::default());
        assert_eq!(
            texts(&plan.problems),
            [
                "unable to phone home at user-data:1:55: tries is no number; 10 is taken",
                "unable to phone home at user-data:1:38: nothing of this name can be told",
            ]
        );
        assert_eq!(plan.actions.len(), 1);
        let plan = planned(MODULE.name, "phone_home: {}", &Tree::default());
        assert_eq!(texts(&plan.problems), ["unable to phone home at user-data:1:13: it has no url"]);
    }
}
