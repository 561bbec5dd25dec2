//! `seed_random`: unpredictable bytes that the cloud or somebody gives.

use super::system::has_program;
use super::{Context, Early, Module, Network, Plan, Stage};
use crate::action::{Existing, Owner, Program, WriteFile};
use crate::cloud_config::init_stage::seed;
use crate::error::Error;
use crate::instance::META_DATA;
use crate::state::paths::Frequency;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) const MODULE: Module = Module {
    name: "seed_random",
    keys: &[],
    stage: Stage::Init,
    frequency: Frequency::Instance,
    distros: &[],
    early: Early::No,
    network: Network::keys("random_seed.command"),
    plan,
};

fn plan(context: &Context<'_>, plan: &mut Plan) {
    let wanted = seed(context.config, context.instance.file(META_DATA), &mut plan.problems);
    if !wanted.data.is_empty() {
        if wanted.file.starts_with("/dev/") {
            // What is written to a device is in no file that could be renamed.
            let argv = ["sh", "-c", "exec cat > \"$1\"", "seed", wanted.file];
            plan.actions.push(Program { input: wanted.data, ..Program::repeatable(&argv) }.into());
        } else {
            let (path, content, owner) = (wanted.file.into(), wanted.data, Owner::Root);
            plan.actions
                .push(WriteFile { path, content, mode: 0o600, owner, existing: Existing::Append }.into());
        }
    }
    let Some(program) = wanted.command.first() else {
        if wanted.required {
            plan.waits.push(Error::new("seed", "random numbers", "there is no command, and one is required"));
        }
        return;
    };
    if has_program(context.root, program) {
        let environment = Vec::from([("RANDOM_SEED_FILE".to_string(), wanted.file.to_string())]);
        plan.actions.push(Program { environment, ..Program::new(&wanted.command) }.into());
    } else if wanted.required {
        plan.waits.push(Error::new("run", program, "the root has no such program, and it is required"));
    }
}

#[cfg(test)]
mod tests {
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

    #[test]
    fn seeds_go_to_the_kernel_or_a_file() {
        let lines = |text: &str, root: &Tree| -> Vec<String> {
            planned("seed_random", text, root).actions.iter().map(Action::text).collect()
        };
        let root = Tree::default().with("/usr/bin/gather", "", 0o100_755);
        assert_eq!(
            lines("random_seed: {data: abc}", &root),
            ["run sh -c exec cat > \"$1\" seed /dev/urandom"]
        );
        assert_eq!(
            lines("random_seed: {data: abc, file: /var/seed, command: [gather, -x]}", &root),
            ["append to /var/seed (0600 root, 3 bytes)", "run gather -x"]
        );
        assert_eq!(lines("{}", &root), [""; 0]);
        let missing = planned("seed_random", "random_seed: {command: [none], command_required: true}", &root);
        assert_eq!(
            texts(&missing.waits),
            ["unable to run none: the root has no such program, and it is required"]
        );
        assert_eq!(lines("random_seed: {command: [none]}", &root), [""; 0]);
    }
}
