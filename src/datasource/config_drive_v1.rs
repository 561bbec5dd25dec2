//! The config drive before its second version: `meta.js`, and files as they
//! would lie in the root.

use super::text;
use crate::error::{Error, Result};
use crate::fetch::{Fetch, may_exist};
use crate::instance::{File, INTERFACES, Instance, InstanceId, META_DATA, USER_DATA, public_keys};
use crate::limits;
use crate::syntax::json;
use crate::syntax::value::{Data, Value};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The instance-id of a drive that names none.
const DEFAULT_ID: &str = "iid-dsconfigdrive";

/// The files of a drive, one of which must be there.
static FILES: [&str; 3] = ["meta.js", "etc/network/interfaces", "root/.ssh/authorized_keys"];

/// Reads version 1, with the `dsmode` it asks for. `None`: this is none.
pub(super) fn read(
    disc: &dyn Fetch,
    problems: &mut Vec<Error>,
) -> Result<Option<(Box<Instance>, Option<String>)>> {
    if FILES.iter().all(|path| !may_exist(disc, path)) {
        return Ok(None);
    }
    let mut parts = super::Parts::of(disc, problems);
    let content = disc.read("meta.js", limits::SEED_FILE)?;
    let meta = match &content {
        Some(content) => json::parse(content).map_err(|error| error.in_file(&disc.name("meta.js")))?,
        None => Value::bare(Data::Null),
    };
    let id = meta.get("instance-id").and_then(Value::scalar);
    let id = InstanceId::parse(id.as_deref().unwrap_or(DEFAULT_ID))?;
    let mut instance = Box::new(Instance::new(id, "ConfigDrive"));
    let injected = parts.optional("root/.ssh/authorized_keys").unwrap_or_default();
    let injected = Value::bare(Data::Str(String::from_utf8_lossy(&injected)));
    public_keys(meta.get("public-keys").unwrap_or(&injected), &mut |key| {
        if !key.starts_with('#') {
            instance.metadata.public_keys.push(key.to_owned());
        }
    });
    if let Some(user_data) = text(&meta, "user-data").filter(|text| !text.is_empty()) {
        instance.raw.push(File { path: USER_DATA.to_owned(), content: user_data.into() });
    }
    parts.keep(INTERFACES, "etc/network/interfaces", &mut instance.raw);
    let wish = text(&meta, "dsmode").map(ToOwned::to_owned);
    drop(meta);
    if let Some(content) = content {
        instance.raw.push(File { path: META_DATA.to_owned(), content });
    }
    Ok(Some((instance, wish)))
}
