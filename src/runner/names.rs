//! The names of cloud-init's programs, for user-data that calls them
//! (`cloud-init-per` in bootcmd, `cloud-init status --wait` of who waits for a
//! machine) on a root that never had one.

use glowplug::action::Action;
use glowplug::sys::mount;
use std::path::Path;

/// The names this program answers to.
pub(crate) const NAMES: [&str; 3] = ["cloud-init", "cloud-init-per", "cloud-id"];

/// Where shells and sudo(8) look for programs.
const FOLDERS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Where names are on a root that takes no file; programs of a stage find them there.
pub(crate) const TEMPORARY: &str = "/run/glowplug/bin";

/// Links for the names that no program of the root has.
pub(crate) fn plan() -> Vec<Action> {
    // In a root that is not this program's own, nothing could be called by them.
    let program = std::env::current_exe().ok().filter(|path| path.exists());
    let Some(program) = program.as_deref().and_then(Path::to_str) else { return Vec::new() };
    let is_there = |path: &str| Path::new(path).exists();
    links(program, &is_there, &mount::is_read_only)
}

/// Where `program` has no name yet, as `is_there` and `is_read_only` tell of paths.
fn links(program: &str, is_there: &dyn Fn(&str) -> bool, is_read_only: &dyn Fn(&str) -> bool) -> Vec<Action> {
    let folders = ["/usr/bin", "/usr/local/bin"];
    let folder = folders.into_iter().find(|folder| !is_read_only(folder)).unwrap_or(TEMPORARY);
    let is_new = |name: &&str| !FOLDERS.iter().any(|folder| is_there(&format!("{folder}/{name}")));
    let link = |name: &str| Action::MakeLink { path: format!("{folder}/{name}"), target: program.into() };
    NAMES.into_iter().filter(is_new).map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_inits_names_were_not_there_for_user_data_that_calls_them() {
        let texts = |there: &str, read_only: &str| {
            let links =
                links("/usr/local/bin/glowplug", &|path| path == there, &|path| path.starts_with(read_only));
            links.iter().map(Action::text).collect::<Vec<_>>()
        };
        assert_eq!(
            texts("/usr/local/bin/cloud-id", "-"),
            [
                "link /usr/bin/cloud-init to /usr/local/bin/glowplug",
                "link /usr/bin/cloud-init-per to /usr/local/bin/glowplug",
            ]
        );
        assert_eq!(texts("", "/usr/bin")[0], "link /usr/local/bin/cloud-init to /usr/local/bin/glowplug");
        assert_eq!(texts("", "/")[0], "link /run/glowplug/bin/cloud-init to /usr/local/bin/glowplug");
    }
}
