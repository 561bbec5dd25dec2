//! What the root has already, as a plan asks for it. Absent is an answer; a
//! file that can't be read, or whose being there can't be found out, is not: what
//! depends on it is not planned, and the plan says why among its `waits`. So the
//! agent leaves it to the runner, where it is an error of the module.

use super::{Context, Plan};

/// It can't be found out; the plan says why.
pub(super) struct Unread;

impl Plan {
    /// The mode of what is at `path` (stat(2)'s `st_mode`). [`Unread`]:
    /// nothing may be planned that depends on it.
    #[inline(never)]
    pub(super) fn mode_of(&mut self, context: &Context<'_>, path: &str) -> Result<Option<u32>, Unread> {
        match context.root.mode(path) {
            Ok(mode) => Ok(mode),
            Err(error) => {
                self.waits.push(error);
                Err(Unread)
            }
        }
    }

    /// Whether something is at `path`; [`Unread`] as with [`Plan::mode_of`].
    pub(super) fn finds(&mut self, context: &Context<'_>, path: &str) -> Result<bool, Unread> {
        self.mode_of(context, path).map(|mode| mode.is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::fetch::memory::Tree;
    use crate::module::tests::{planned, texts};

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
}
