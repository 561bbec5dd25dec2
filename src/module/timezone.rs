//! `timezone`: the zone of the system's clock.

use super::{Context, Early, Module, Network, Plan, Stage, takes_after};
use crate::action::Action;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "timezone",
    keys: &["timezone"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::Whole,
    network: Network::NONE,
    plan,
};

const DOING: &str = "set the time zone at";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("timezone") else { return };
    let Some(zone) = setting.value.as_str() else {
        let error = setting.mismatch(DOING, setting.value, "timezone", "a string");
        return plan.problems.push(error);
    };
    let zone = zone.trim_ascii();
    if zone.is_empty() {
        return;
    }
    let file = ["/usr/share/zoneinfo/", zone].concat();
    let leads_out = zone.split('/').any(|part| matches!(part, "" | "." | ".."));
    let is_file = |mode| mode & 0o170_000 == 0o100_000;
    let mode = if leads_out { Ok(None) } else { plan.mode_of(context, &file) };
    let Ok(mode) = mode else { return };
    if !mode.is_some_and(is_file) {
        let why = [&*file, " is no time zone of this system"].concat();
        return plan.problems.push(setting.error(DOING, setting.value, &why));
    }
    plan.actions.push(Action::MakeLink { path: "/etc/localtime".into(), target: file });
    // Red Hat and SUSE have no /etc/timezone: the link tells the name.
    if !takes_after(context.root, "rhel fedora centos suse") {
        plan.actions.push(Action::write("/etc/timezone", [zone, "\n"].concat().into_bytes(), 0o644));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{FILE, planned, texts};

    fn zones(os_release: &str) -> Tree {
        Tree::default().with("/usr/share/zoneinfo/Europe/Berlin", "TZif2", FILE).with(
            "/etc/os-release",
            os_release,
            FILE,
        )
    }

    #[test]
    fn the_clock_gets_a_zone_the_system_has() {
        let link = Action::MakeLink {
            path: "/etc/localtime".into(),
            target: "/usr/share/zoneinfo/Europe/Berlin".into(),
        };
        let plan = |id: &str| planned("timezone", "timezone: Europe/Berlin", &zones(id)).actions;
        let name = Action::write("/etc/timezone", b"Europe/Berlin\n".into(), 0o644);
        assert_eq!(plan("ID=debian\n"), [link.clone(), name]);
        assert_eq!(plan("ID=x\nID_LIKE=\"opensuse suse\"\n"), [link]);
    }

    #[test]
    fn a_zone_the_system_has_not_is_told() {
        for (zone, why) in [
            ("Mars/Base", "/usr/share/zoneinfo/Mars/Base is no time zone of this system"),
            (
                "Europe/../Europe/Berlin",
                "/usr/share/zoneinfo/Europe/../Europe/Berlin is no time zone of this system",
            ),
            ("[UTC]", "timezone is a list, not a string"),
        ] {
            let plan = planned("timezone", &format!("timezone: {zone}"), &zones(""));
            assert_eq!(plan.actions, []);
            assert_eq!(
                texts(&plan.problems),
                [format!("unable to set the time zone at user-data:1:11: {why}")]
            );
        }
    }
}
