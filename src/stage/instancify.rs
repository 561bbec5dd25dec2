//! Making an instance the present one, with the files cloud-init keeps of it.

use crate::action::Action;
use crate::fetch::{self, Fetch};
use crate::instance::Instance;
use crate::state::paths::{
    CACHE, DIRECTORIES, INSTANCE_ID, INSTANCE_LINK, InstancePaths, PREVIOUS_DATASOURCE, PREVIOUS_INSTANCE_ID,
};
use alloc::string::String;

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
    let id = [instance.id.as_str(), "\n"].concat();
    let present = fetch::text(root, INSTANCE_ID);
    let own = ["sem", "scripts", "handlers"].map(|name| paths.file(name));
    for path in DIRECTORIES.into_iter().chain(own.iter().map(String::as_str)) {
        take(Action::make_directory(path, 0o755));
    }
    let datasource = instance.datasource_line();
    let before =
        fetch::text(root, &[INSTANCE_LINK, "/datasource"].concat()).unwrap_or_else(|| datasource.clone());
    let previous = present.unwrap_or_else(|| "NO_PREVIOUS_INSTANCE_ID\n".into());
    let name = CACHE.rsplit('/').next().unwrap_or(CACHE);
    for (path, content, mode) in [
        (PREVIOUS_DATASOURCE, before.as_bytes(), 0o644),
        (&paths.file("datasource"), datasource.as_bytes(), 0o644),
        (PREVIOUS_INSTANCE_ID, previous.as_bytes(), 0o644),
        (&paths.file(name), cache, 0o400),
    ] {
        take(Action::write(path, content.to_vec(), mode));
    }
    take(Action::MakeLink { path: INSTANCE_LINK.into(), target: paths.folder().into() });
    // Last: whoever finds this id finds all of the above.
    take(Action::write(INSTANCE_ID, id.into_bytes(), 0o644));
}
