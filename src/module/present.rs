//! What the root has already, as a plan asks for it. Absent is an answer; a
//! file that can't be read, or whose being there can't be found out, is not: what
//! depends on it is not planned, and the plan says why among its `waits`. So the
//! agent leaves it to the runner, where it is an error of the module.

use super::{Context, Plan};
use crate::accounts::Accounts;
use crate::error::Result as Found;
use crate::fetch;
use alloc::string::String;

/// It can't be found out; the plan says why.
pub(super) struct Unread;

impl Plan {
    #[inline(never)]
    fn known<T>(&mut self, found: Found<T>) -> Result<T, Unread> {
        found.map_err(|error| {
            // One file may be asked for several times.
            if !self.waits.contains(&error) {
                self.waits.push(error);
            }
            Unread
        })
    }

    /// The text of a file that is edited in place, as [`crate::text::of_bytes`]
    /// makes it; `None`: there is none yet. [`Unread`]: the file is left as it is.
    #[inline(never)]
    pub(super) fn old(&mut self, context: &Context<'_>, path: &str) -> Result<Option<String>, Unread> {
        self.known(fetch::read(context.root, path))
    }

    /// The users and groups of the root.
    #[inline(never)]
    pub(super) fn accounts(&mut self, context: &Context<'_>) -> Result<Accounts, Unread> {
        self.known(Accounts::read(context.root))
    }

    /// The mode of what is at `path` (stat(2)'s `st_mode`). [`Unread`]:
    /// nothing may be planned that depends on it.
    #[inline(never)]
    pub(super) fn mode_of(&mut self, context: &Context<'_>, path: &str) -> Result<Option<u32>, Unread> {
        self.known(context.root.mode(path))
    }

    /// Whether something is at `path`; [`Unread`] as with [`Plan::mode_of`].
    pub(super) fn finds(&mut self, context: &Context<'_>, path: &str) -> Result<bool, Unread> {
        self.mode_of(context, path).map(|mode| mode.is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::accounts::Accounts;
    use crate::action::Action;
    use crate::fetch::memory::Tree;
    use crate::limits;
    use crate::module::tests::{FILE, planned, texts};

    const EIO: i32 = 5;

    #[test]
    fn a_repository_that_can_not_be_looked_up_was_overwritten() {
        for (module, text, path) in [
            ("yum_add_repo", "yum_repos: {a: {baseurl: 'http://b'}}", "/etc/yum.repos.d/a.repo"),
            (
                "zypper_add_repo",
                "zypper: {repos: [{id: a, baseurl: 'http://b'}]}",
                "/etc/zypp/repos.d/a.repo",
            ),
        ] {
            let plan = planned(module, text, &Tree::default().failing(path, EIO));
            assert_eq!(plan.actions, []);
            assert_eq!(texts(&plan.waits), [["unable to look up ", path, ": Input/output error"].concat()]);
        }
    }

    #[test]
    fn a_disk_was_grown_where_that_may_be_forbidden() {
        let root = Tree::default().failing("/etc/growroot-disabled", EIO);
        let plan = planned("growpart", "growpart: {mode: auto}", &root);
        assert_eq!((plan.actions.len(), plan.waits.len()), (0, 1));
    }

    /// Files that are edited in place: the module, what asks for the edit, the
    /// file, and what an edit of it keeps.
    const EDITED: &[(&str, &str, &str)] = &[
        ("mounts", "mounts: [[tmpfs, /data, tmpfs]]", "/etc/fstab"),
        ("update_etc_hosts", "{manage_etc_hosts: localhost, fqdn: a.b}", "/etc/hosts"),
        ("users_groups", "users: [{name: ann, sudo: 'ALL=(ALL) ALL'}]", "/etc/sudoers"),
        ("users_groups", "users: [{name: ann, sudo: 'ALL=(ALL) ALL'}]", "/etc/sudoers.d/90-cloud-init-users"),
        (
            "users_groups",
            "users: [{name: root, ssh_authorized_keys: [ssh-rsa AAAA me]}]",
            "/root/.ssh/authorized_keys",
        ),
        (
            "ssh",
            "{users: [root], disable_root: false, ssh_authorized_keys: [ssh-rsa AAAA me]}",
            "/root/.ssh/authorized_keys",
        ),
        ("set_passwords", "ssh_pwauth: true", "/etc/ssh/sshd_config"),
        ("locale", "{locale: C.UTF-8, system_info: {distro: debian}}", "/etc/default/locale"),
        ("locale", "{locale: de_DE.UTF-8, system_info: {distro: arch}}", "/etc/locale.gen"),
        ("locale", "{locale: de_DE.UTF-8, system_info: {distro: alpine}, locale_configfile: /etc/l}", ""),
        ("locale", "{locale: de_DE.UTF-8, system_info: {distro: fedora}}", "/etc/sysconfig/i18n"),
        ("set_hostname", "{hostname: a, system_info: {distro: fedora}}", "/etc/sysconfig/network"),
        ("zypper_add_repo", "zypper: {config: {a: b}}", "/etc/zypp/zypp.conf"),
        ("ca_certs", "ca_certs: {remove_defaults: true}", "/etc/ca-certificates.conf"),
    ];

    /// Bytes that are not UTF-8, an end of line of another system's, no newline at
    /// the end; sshd's and sudo's words are in none of it.
    const FOREIGN: &[u8] = b"# caf\xe9 \xf4\x8f\xbf\xbf\r\n\tnothing \xff";

    fn root(files: &[(&str, &str)]) -> Tree {
        let root = Tree::of("", files).with("/etc/passwd", "root:x:0:0::/root:/bin/sh\n", FILE);
        root.with("/etc/os-release", "ID=rhel\n", FILE)
    }

    fn touches(action: &Action, path: &str) -> bool {
        action.path() == Some(path)
    }

    #[test]
    fn a_file_that_can_not_be_read_was_replaced_by_ours_alone() {
        for &(module, text, path) in EDITED.iter().filter(|(.., path)| !path.is_empty()) {
            for root in [root(&[]).failing(path, EIO), root(&[(path, &"#".repeat(limits::ROOT_FILE + 1))])] {
                let plan = planned(module, text, &root);
                let written = plan.actions.iter().find(|action| touches(action, path));
                assert_eq!(written, None, "{module} {path}");
                assert!(texts(&plan.waits).iter().any(|why| why.contains(path)), "{path}: {:?}", plan.waits);
            }
        }
    }

    #[test]
    fn what_an_edit_does_not_touch_stays_byte_for_byte() {
        for &(module, text, path) in EDITED.iter().filter(|(.., path)| !path.is_empty()) {
            // This one has no line that only stays.
            if path == "/etc/ca-certificates.conf" {
                continue;
            }
            let plan = planned(module, text, &root(&[]).with_bytes(path, FOREIGN, FILE));
            let written = plan.actions.iter().find_map(|action| match action {
                Action::WriteFile(file) if file.path == path => Some(&file.content),
                _ => None,
            });
            let written = written.unwrap_or_else(|| panic!("{module} does not write {path}: {plan:?}"));
            let at = written.windows(FOREIGN.len()).position(|bytes| bytes == FOREIGN);
            assert!(at.is_some() && written.len() > FOREIGN.len(), "{path}: {}", written.escape_ascii());
        }
    }

    #[test]
    fn users_are_made_where_sudoers_can_not_be_read() {
        let root = root(&[]).failing("/etc/sudoers", EIO);
        let plan = planned("users_groups", "users: [{name: ann, sudo: 'ALL=(ALL) ALL'}]", &root);
        let lines: Vec<String> = plan.actions.iter().map(Action::text).collect();
        assert!(lines.iter().any(|line| line.contains("ann")), "{lines:?}");
        assert_eq!(texts(&plan.waits), ["unable to read /etc/sudoers: Input/output error"]);
    }

    #[test]
    fn a_user_whose_name_is_not_utf_8_is_nobody_else() {
        let passwd = b"root:x:0:0::/root:/bin/sh\nj\xf6rg:x:7:7::/home/j\xf6rg:/bin/sh\n";
        let root = Tree::default().with_bytes("/etc/passwd", passwd, FILE);
        let accounts = Accounts::read(&root).unwrap();
        for name in ["j\u{f6}rg", "j\u{fffd}rg", "jrg", "j"] {
            assert_eq!(accounts.user(name), None);
        }
        assert_eq!(accounts.uid("root"), Some(0));
    }
}
