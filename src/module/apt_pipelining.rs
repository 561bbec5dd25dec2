//! `apt_pipelining`: how many requests apt(8) sends at once.

use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Action;
use crate::state::paths::Frequency;
use crate::syntax::value::Data;

pub(super) const MODULE: Module = Module {
    name: "apt_pipelining",
    keys: &["apt_pipelining"],
    stage: Stage::Config,
    frequency: Frequency::Instance,
    distros: &["debian", "raspberry-pi-os", "raspbian", "ubuntu"],
    early: Early::No,
    network: Network::NONE,
    plan,
};

const FILE: &str = "/etc/apt/apt.conf.d/90cloud-init-pipelining";

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let Some(setting) = context.config.get("apt_pipelining") else { return };
    let depth = match &setting.value.data {
        Data::Bool(false) => "0",
        Data::Int(depth @ 0..=5) => ["0", "1", "2", "3", "4", "5"][usize::try_from(*depth).unwrap_or(0)],
        Data::Str(text) => match text.trim_ascii().to_ascii_lowercase().as_str() {
            "none" | "unchanged" | "os" => return,
            "false" | "0" => "0",
            "1" => "1",
            "2" => "2",
            "3" => "3",
            "4" => "4",
            "5" => "5",
            _ => "",
        },
        _ => "",
    };
    if depth.is_empty() {
        let why = "it is none of false, os, none, unchanged and 0 to 5";
        return plan.problems.push(setting.error("set apt_pipelining at", setting.value, why));
    }
    let text = ["// Created by glowplug\nAcquire::http::Pipeline-Depth \"", depth, "\";\n"].concat();
    plan.actions.push(Action::write(FILE, text.into_bytes(), 0o644));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    #[test]
    fn a_depth_is_written_or_left_to_the_system() {
        let plan = |value: &str| planned(MODULE.name, &format!("apt_pipelining: {value}"), &Tree::default());
        for (value, depth) in [("false", "0"), ("3", "3"), ("' 4'", "4"), ("'False'", "0")] {
            let text = format!("// Created by glowplug\nAcquire::http::Pipeline-Depth \"{depth}\";\n");
            assert_eq!(plan(value).actions, [Action::write(FILE, text.into_bytes(), 0o644)], "{value}");
        }
        assert_eq!(plan("os").actions, []);
        assert_eq!(
            texts(&plan("7").problems),
            [
                "unable to set apt_pipelining at user-data:1:17: it is none of false, os, none, unchanged and 0 to 5"
            ]
        );
    }
}
