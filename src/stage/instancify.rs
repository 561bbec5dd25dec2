//! Making an instance the present one, with the files cloud-init keeps of it.

use crate::action::{Action, Existing, Owner, WriteFile};
use crate::fetch::Fetch;
use crate::instance::Instance;
use crate::limits;
use crate::state::cache;
use crate::state::paths::{
    CACHE, DIRECTORIES, INSTANCE_ID, INSTANCE_LINK, InstancePaths, PREVIOUS_DATASOURCE, PREVIOUS_INSTANCE_ID,
};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The actions that make `instance` the present one of `root`. The seed's
/// injected files come first and only for a new instance, as cloud-init
/// writes them before anything else, 0660.
pub fn plan(instance: &Instance, paths: &InstancePaths, root: &dyn Fetch) -> Vec<Action> {
    let line = |path: &str| {
        let content = root.read(path, limits::ROOT_FILE).ok().flatten()?;
        Some(String::from_utf8_lossy(&content).into_owned())
    };
    let id = format!("{}\n", instance.id.as_str());
    let present = line(INSTANCE_ID);
    let mut actions = Vec::new();
    if present.as_deref() != Some(id.as_str()) {
        actions.extend(instance.files.iter().map(|file| write(&file.path, file.content.clone(), 0o660)));
    }
    let directory = |path: &str| Action::MakeDirectory { path: path.into(), mode: 0o755, owner: Owner::Root };
    actions.extend(DIRECTORIES.iter().map(|path| directory(path)));
    actions.extend(
        [paths.file("sem"), paths.file("scripts"), paths.file("handlers")].iter().map(|p| directory(p)),
    );
    let datasource = instance.datasource_line();
    let before = line(&format!("{INSTANCE_LINK}/datasource")).unwrap_or_else(|| datasource.clone());
    let previous = present.unwrap_or_else(|| "NO_PREVIOUS_INSTANCE_ID\n".to_string());
    let name = CACHE.rsplit('/').next().unwrap_or(CACHE);
    actions.extend([
        write(PREVIOUS_DATASOURCE, before.into_bytes(), 0o644),
        write(&paths.file("datasource"), datasource.into_bytes(), 0o644),
        write(PREVIOUS_INSTANCE_ID, previous.into_bytes(), 0o644),
        write(&paths.file(name), cache::encode(instance), 0o400),
        Action::MakeLink { path: INSTANCE_LINK.into(), target: paths.folder().into() },
        // Last: whoever finds this id finds all of the above.
        write(INSTANCE_ID, id.into_bytes(), 0o644),
    ]);
    actions
}

fn write(path: &str, content: Vec<u8>, mode: u32) -> Action {
    let (owner, existing) = (Owner::Root, Existing::Replace);
    Action::WriteFile(WriteFile { path: path.into(), content, mode, owner, existing })
}
