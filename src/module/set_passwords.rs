//! `set_passwords`: passwords of users, and whether sshd(8) takes any.

use super::password;
use super::sshd_config::{MAIN, SshdConfig};
use super::system::renew;
use super::users_groups::Tools;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Action, Effect, Task};
use crate::cloud_config::passwords::{Password, parse, ssh_pwauth};
use crate::error::Error;
use crate::fetch::may_exist;
use crate::state::paths::Frequency;
use crate::text::fill;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "set_passwords",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let passwords = parse(context.config, &mut plan.problems);
    let tools = Tools::of(context.root);
    let mut told = String::new();
    let mut changed = Vec::new();
    for (user, wanted) in &passwords.of {
        match wanted {
            Password::Hash(hash) => tools.set_hash(user, hash, plan),
            Password::Text(text) => tools.set_password(context, user, text, plan),
            Password::Random => match password::random(context.host) {
                Ok(random) => {
                    tools.set_password(context, user, &random, plan);
                    told.push_str(&fill("{}:{}\n", &[user, &random]));
                }
                Err(error) => {
                    plan.problems.push(error);
                    continue;
                }
            },
        }
        changed.push(*user);
    }
    if !told.is_empty() {
        let what = "tell random passwords on the console".into();
        let effect = Effect::Tell(fill("Set the following 'random' passwords\n{}", &[&told]));
        plan.actions.push(Task { what, effect }.into());
    }
    if passwords.expire {
        for user in changed {
            tools.expire(user, plan);
        }
    }
    if let Some(takes) = ssh_pwauth(context.config, &mut plan.problems) {
        take_passwords(context, takes, plan);
    }
}

/// Has sshd(8) take passwords or not, from now on where it runs.
fn take_passwords(context: &Context<'_>, takes: bool, plan: &mut Plan) {
    let Ok(is_there) = plan.finds(context, MAIN) else { return };
    if !is_there {
        let why = "the root has no /etc/ssh/sshd_config";
        return plan.problems.push(Error::new("set", "PasswordAuthentication", why));
    }
    let Ok(mut config) = SshdConfig::read(context, plan) else { return };
    config.set("PasswordAuthentication", if takes { "yes" } else { "no" });
    if !config.write(plan) {
        return;
    }
    let has_unit = |folder: &&str| may_exist(context.root, &[folder, "/ssh.service"].concat());
    let is_ssh = ["/usr/lib/systemd/system", "/lib/systemd/system"].iter().any(has_unit);
    let unit = ("try-restart", if is_ssh { "ssh.service" } else { "sshd.service" });
    plan.actions.extend(renew(context.root, unit, "sshd").map(Action::from));
}

#[cfg(test)]
mod tests {
    use crate::action::{Action, Effect};
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    #[test]
    fn passwords_are_set_told_and_expire() {
        let text =
            "chpasswd: {users: [{name: a, type: RANDOM}, {name: b, password: $6$x$y}]}\nssh_pwauth: true\n";
        let root = Tree::default()
            .with("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n", FILE)
            .with("/lib/systemd/system/ssh.service", "", FILE)
            .with("/run/systemd/system", "", 0o040_755);
        let plan = planned("set_passwords", text, &root);
        let lines: Vec<String> = plan.actions.iter().map(Action::text).collect();
        assert_eq!(
            lines,
            [
                "set the password of a",
                "set the password of b",
                "tell random passwords on the console",
                "expire the password of a",
                "expire the password of b",
                "write /etc/ssh/sshd_config.d/50-cloud-init.conf (0600 root, 27 bytes)",
                "run systemctl --no-block try-restart ssh.service",
            ]
        );
        let Action::Task(task) = &plan.actions[2] else { panic!("a task") };
        let Effect::Tell(told) = &task.effect else { panic!("for the console alone") };
        assert_eq!(told, "Set the following 'random' passwords\na:hhhhhhhhhhhhhhhhhhhh\n");
    }

    #[test]
    fn what_is_set_already_is_left_alone() {
        let root = Tree::default().with("/etc/ssh/sshd_config", "PasswordAuthentication no\n", FILE);
        assert_eq!(planned("set_passwords", "ssh_pwauth: false", &root).actions, []);
        let none = planned("set_passwords", "ssh_pwauth: false", &Tree::default());
        assert_eq!(
            texts(&none.problems),
            ["unable to set PasswordAuthentication: the root has no /etc/ssh/sshd_config"]
        );
    }
}
