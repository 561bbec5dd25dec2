//! `power_state`: the machine goes down, or up again, when everything is done.

use super::distribution::{Distribution, Family};
use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Effect, Program, ShutDown, Task};
use crate::cloud_config::Setting;
use crate::error::{Error, Result};
use crate::state::paths::Frequency;
use crate::syntax::value::{Data, Value};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "power_state_change",
    keys: &["power_state"],
    stage: Stage::Final,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const DOING: &str = "change the power state at";

/// The modes, and shutdown(8)'s options for them.
const MODES: [(&str, &str); 3] = [("halt", "-H"), ("poweroff", "-P"), ("reboot", "-r")];

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("power_state") else { return };
    match shut_down(context, &setting, &mut plan.problems) {
        Ok(Some(shut_down)) => {
            let what = format!("end the machine by {}", shut_down.program.argv.join(" "));
            plan.actions.push(Task { what, effect: Effect::ShutDown(Box::new(shut_down)) }.into());
        }
        Ok(None) => {}
        Err(error) => plan.problems.push(error),
    }
}

/// `None` when the condition is plainly false. A message that no program can be given is a problem,
/// and the machine goes down without it.
fn shut_down(
    context: &Context<'_>,
    setting: &Setting<'_>,
    problems: &mut Vec<Error>,
) -> Result<Option<ShutDown>> {
    let value = setting.value;
    if !matches!(value.data, Data::Map(_)) {
        return Err(setting.mismatch(DOING, value, "power_state", "a mapping"));
    }
    let mode = value.get_set("mode");
    let Some(&(mode, option)) =
        MODES.iter().find(|(name, _)| mode.and_then(Value::as_str).is_some_and(|given| given == *name))
    else {
        return Err(setting.error(DOING, mode.unwrap_or(value), "mode is not poweroff, reboot or halt"));
    };
    let minutes = match value.get_set("delay") {
        Some(delay) => minutes(delay)
            .ok_or_else(|| setting.error(DOING, delay, "delay is neither now nor a number of minutes"))?,
        None => 0,
    };
    if let Some(timeout) = value.get_set("timeout") {
        check_timeout(setting, timeout)?;
    }
    let message = match value.get_set("message") {
        Some(message) => {
            let text = message.as_str();
            let text = text.ok_or_else(|| setting.mismatch(DOING, message, "message", "a string"))?;
            let fits = !text.contains('\0');
            if !fits {
                problems.push(setting.error(DOING, message, "message has a NUL in it and is left out"));
            }
            Some(text).filter(|_| fits)
        }
        None => None,
    };
    let condition = match value.get_set("condition").map(|condition| (condition, &condition.data)) {
        None | Some((_, Data::Bool(true))) => None,
        Some((_, Data::Bool(false))) => return Ok(None),
        Some((condition, _)) => Some(command(setting, condition)?),
    };
    let plain = Distribution::of(context).family == Family::Alpine || !has_program(context.root, "shutdown");
    let mut argv: Vec<String> = if plain {
        // busybox's own: seconds, and nobody to tell.
        [mode, "-d", &(minutes * 60).to_string()].map(Into::into).into()
    } else {
        let when = if minutes == 0 { "now".into() } else { format!("+{minutes}") };
        ["shutdown".into(), option.into(), when].into()
    };
    if !plain {
        if message.is_some_and(|message| message.starts_with('-')) {
            argv.push("--".into());
        }
        argv.extend(message.map(Into::into));
    }
    Ok(Some(ShutDown { condition, program: Program { argv, ..Program::default() } }))
}

/// `now` is none of them.
fn minutes(value: &Value<'_>) -> Option<u32> {
    let minutes = match &value.data {
        Data::Int(minutes) => u32::try_from(*minutes).ok()?,
        Data::Str(text) if text == "now" => 0,
        Data::Str(text) => text.trim_ascii().parse().ok()?,
        _ => return None,
    };
    (minutes < 60 * 24 * 365).then_some(minutes)
}

/// cloud-init waits so long for its own end; here nothing is left to wait for.
fn check_timeout(setting: &Setting<'_>, timeout: &Value<'_>) -> Result<()> {
    let is_number = match &timeout.data {
        Data::Int(_) | Data::Float(_) => true,
        Data::Str(text) => text.trim_ascii().parse::<f64>().is_ok(),
        _ => false,
    };
    if is_number { Ok(()) } else { Err(setting.error(DOING, timeout, "timeout is no number of seconds")) }
}

/// A text is the shell's, a list is a program and its arguments.
fn command(setting: &Setting<'_>, condition: &Value<'_>) -> Result<Program> {
    let wrong =
        || -> Error { setting.error(DOING, condition, "condition is neither a truth value nor a command") };
    let is_word = |text: &&str| !text.contains('\0');
    match &condition.data {
        Data::Str(text) if is_word(&&**text) => Ok(Program::new(&["/bin/sh", "-c", text])),
        Data::Seq(words) if !words.is_empty() => {
            let words: Option<Vec<&str>> = words.iter().map(|word| word.as_str().filter(is_word)).collect();
            words.map(|words| Program::new(&words)).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn ending(text: &str, root: &Tree) -> Option<ShutDown> {
        let plan = planned(MODULE.name, &format!("power_state: {text}"), root);
        assert_eq!(plan.problems, []);
        let [Action::Task(task)] = &*plan.actions else { return None };
        let Effect::ShutDown(shut_down) = &task.effect else { panic!("{task:?}") };
        Some((**shut_down).clone())
    }

    fn argv(text: &str, root: &Tree) -> String {
        ending(text, root).unwrap().program.argv.join(" ")
    }

    fn with_shutdown() -> Tree {
        Tree::default().with("/sbin/shutdown", "", 0o100_755)
    }

    #[test]
    fn modes_and_delays_are_shutdowns() {
        let root = with_shutdown();
        assert_eq!(argv("{mode: poweroff}", &root), "shutdown -P now");
        assert_eq!(
            argv("{mode: reboot, delay: 30, message: Bye now, timeout: 2.5}", &root),
            "shutdown -r +30 Bye now"
        );
        assert_eq!(argv("{mode: halt, delay: '+5', timeout: '30'}", &root), "shutdown -H +5");
        assert_eq!(argv("{mode: halt, delay: now, condition: true}", &root), "shutdown -H now");
    }

    #[test]
    fn busybox_has_programs_of_these_names() {
        assert_eq!(argv("{mode: reboot, delay: 2, message: x}", &Tree::default()), "reboot -d 120");
        let alpine = with_shutdown().with("/etc/os-release", "ID=alpine\n", FILE);
        assert_eq!(argv("{mode: poweroff}", &alpine), "poweroff -d 0");
    }

    #[test]
    fn a_condition_is_asked() {
        let root = with_shutdown();
        let condition = |text: &str| ending(&format!("{{mode: halt, condition: {text}}}"), &root);
        assert_eq!(condition("false"), None);
        let asked = |text| condition(text).unwrap().condition.unwrap();
        assert_eq!(asked("test -e /a"), Program::new(&["/bin/sh", "-c", "test -e /a"]));
        assert_eq!(asked("[test, -e, /a]"), Program::new(&["test", "-e", "/a"]));
    }

    /// shutdown(8) could not be started with it, and the machine stayed on.
    #[test]
    fn a_message_with_a_nul_kept_the_machine_on() {
        let plan = planned(MODULE.name, "power_state: {mode: reboot, message: \"a\\0b\"}", &with_shutdown());
        let [Action::Task(task)] = &*plan.actions else { panic!("{:?}", plan.actions) };
        let Effect::ShutDown(shut_down) = &task.effect else { panic!("{task:?}") };
        assert_eq!(shut_down.program.argv, ["shutdown", "-r", "now"]);
        assert!(texts(&plan.problems)[0].ends_with("message has a NUL in it and is left out"));
    }

    #[test]
    fn what_makes_no_sense_leaves_the_machine_on() {
        for (text, why) in [
            ("[x]", "14: power_state is a list, not a mapping"),
            ("{}", "14: mode is not poweroff, reboot or halt"),
            ("{mode: sleep}", "21: mode is not poweroff, reboot or halt"),
            ("{mode: halt, delay: later}", "34: delay is neither now nor a number of minutes"),
            ("{mode: halt, delay: -1}", "34: delay is neither now nor a number of minutes"),
            ("{mode: halt, timeout: x}", "36: timeout is no number of seconds"),
            ("{mode: halt, message: [x]}", "36: message is a list, not a string"),
            ("{mode: halt, condition: 3}", "38: condition is neither a truth value nor a command"),
            ("{mode: halt, condition: []}", "38: condition is neither a truth value nor a command"),
        ] {
            let plan = planned(MODULE.name, &format!("power_state: {text}"), &with_shutdown());
            assert_eq!(plan.actions, []);
            assert_eq!(
                texts(&plan.problems),
                [format!("unable to change the power state at user-data:1:{why}")]
            );
        }
    }
}
