//! Making an instance the present one, with the files cloud-init keeps of it.

use super::handoff::write;
use crate::action::Action;
use crate::fetch::{self, Fetch};
use crate::instance::Instance;
use crate::state::paths::{
    CACHE, DIRECTORIES, INSTANCE_ID, INSTANCE_LINK, InstancePaths, PREVIOUS_DATASOURCE, PREVIOUS_INSTANCE_ID,
};

/// The actions that make `instance` the present one of `root`; `cache` is how
/// the cache keeps it. `take` gets one action at a time: the cache may be large.
#[inline(never)]
pub fn plan(
    instance: &Instance,
    cache: &[u8],
    paths: &InstancePaths,
    root: &dyn Fetch,
    take: &mut dyn FnMut(Action),
) {
    let datasource = instance.datasource_line();
    let before = fetch::text(root, &[INSTANCE_LINK, "/datasource"].concat());
    let before = before.as_deref().unwrap_or(&datasource);
    let present = [instance.id.as_str(), "\n"].concat();
    // The one before this instance, in all of its boots.
    let last = fetch::text(root, INSTANCE_ID);
    let previous = match last {
        Some(last) if last == present => fetch::text(root, PREVIOUS_INSTANCE_ID),
        last => last,
    };
    let previous = previous.as_deref().unwrap_or("NO_PREVIOUS_INSTANCE_ID\n");
    for path in &DIRECTORIES {
        take(Action::make_directory(path, 0o755));
    }
    for name in &["sem", "scripts", "handlers"] {
        take(Action::make_directory(&paths.file(name), 0o755));
    }
    write(PREVIOUS_DATASOURCE, before.as_bytes(), 0o644, take);
    write(&paths.file("datasource"), datasource.as_bytes(), 0o644, take);
    write(PREVIOUS_INSTANCE_ID, previous.as_bytes(), 0o644, take);
    let name = CACHE.strip_prefix(INSTANCE_LINK).unwrap_or(CACHE);
    write(&[paths.folder(), name].concat(), cache, 0o400, take);
    take(Action::MakeLink { path: INSTANCE_LINK.into(), target: paths.folder().into() });
    // Last: whoever finds this id finds all of the above.
    write(INSTANCE_ID, present.as_bytes(), 0o644, take);
}
