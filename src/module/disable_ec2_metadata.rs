//! `disable_ec2_metadata`: no program of this machine reaches the metadata
//! service.

use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::Program;
use crate::error::Error;
use crate::state::paths::Frequency;

pub(super) const MODULE: Module = Module {
    name: "disable_ec2_metadata",
    keys: &["disable_ec2_metadata"],
    stage: Stage::Config,
    frequency: Frequency::Always,
    distros: &[],
    early: Early::No,
    network: Network::NONE,
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    if !context.config.is_true("disable_ec2_metadata", false) {
        return;
    }
    let argv: &[&str] = if has_program(context.root, "ip") {
        // Where the route stands already, that is what was asked for.
        &["ip", "route", "replace", "prohibit", "169.254.169.254"]
    } else if has_program(context.root, "route") {
        &["route", "add", "-host", "169.254.169.254", "reject"]
    } else {
        let error = Error::new("shut off", "169.254.169.254", "neither ip nor route is there");
        return plan.problems.push(error);
    };
    plan.actions.push(Program::repeatable(argv).into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    #[test]
    fn a_route_leads_nowhere() {
        let root = |name| Tree::default().with(name, "", 0o100_755);
        let plan =
            |text: &str, root: &Tree| planned(MODULE.name, &format!("disable_ec2_metadata: {text}"), root);
        let ip = Program::repeatable(&["ip", "route", "replace", "prohibit", "169.254.169.254"]).into();
        assert_eq!(plan("true", &root("/sbin/ip")).actions, [ip]);
        let route = Program::repeatable(&["route", "add", "-host", "169.254.169.254", "reject"]).into();
        assert_eq!(plan("true", &root("/sbin/route")).actions, [route]);
        assert_eq!(plan("false", &root("/sbin/ip")).actions, []);
        assert_eq!(
            texts(&plan("true", &Tree::default()).problems),
            ["unable to shut off 169.254.169.254: neither ip nor route is there"]
        );
    }
}
