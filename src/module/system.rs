//! What the running system offers: programs, and who starts its services.

use super::distribution::{Distribution, Family};
use crate::action::Program;
use crate::fetch::{Fetch, may_exist};
use alloc::string::String;

const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Where a program is; one with a `/` in its name is looked for only there.
pub(super) fn find_program(root: &dyn Fetch, name: &str) -> Option<String> {
    let is_program = |path: &str| match root.mode(path) {
        Ok(mode) => mode.is_some_and(|mode| mode & 0o170_000 == 0o100_000 && mode & 0o111 != 0),
        // Starting it tells why it can't be looked up.
        Err(_) => true,
    };
    if name.contains('/') {
        return is_program(name).then(|| name.into());
    }
    PATH.iter().map(|folder| [folder, "/", name].concat()).find(|path| is_program(path))
}

/// Whether the root has a program.
pub(super) fn has_program(root: &dyn Fetch, name: &str) -> bool {
    find_program(root, name).is_some()
}

/// Whether systemd is PID 1 now (sd_booted(3)).
pub(super) fn runs_systemd(root: &dyn Fetch) -> bool {
    may_exist(root, "/run/systemd/system")
}
/// Makes a service that is up take its new configuration: systemd by a verb
/// and a unit, OpenRC by the service's name. Nobody waits for it, since it may
/// itself be waiting for this stage.
pub(super) fn renew(root: &dyn Fetch, (verb, unit): (&str, &str), service: &str) -> Option<Program> {
    if runs_systemd(root) {
        Some(Program::repeatable(&["systemctl", "--no-block", verb, unit]))
    } else if has_program(root, "rc-service") {
        Some(Program::repeatable(&["rc-service", "--ifexists", "--ifstarted", service, "restart"]))
    } else {
        None
    }
}

/// Makes a service read its configuration again, or starts it.
pub(super) fn restart(root: &dyn Fetch, distribution: &Distribution, service: &str) -> Program {
    match distribution.family {
        _ if runs_systemd(root) => Program::repeatable(&["systemctl", "reload-or-restart", service]),
        Family::Alpine | Family::Gentoo => {
            Program::repeatable(&["rc-service", "--nocolor", service, "restart"])
        }
        _ => Program::repeatable(&["service", service, "restart"]),
    }
}
