//! The environment a hypervisor hands to a virtual appliance: `ovf-env.xml` on
//! a CD-ROM (DMTF DSP0243 §11), its properties as cloud-init reads them.

use super::{Claim, Datasource, Medium, Reading, Surroundings, Volume, one_entry};
use crate::error::{Error, Result};
use crate::fetch::{Fetch, Folder, may_exist};
use crate::instance::{
    DATASOURCE_CONFIG, File, Instance, InstanceId, META_DATA_YAML, NETWORK_CONFIG, USER_DATA, public_keys,
};
use crate::limits;
use crate::syntax::encoding::base64;
use crate::syntax::value::{Data, Value};
use crate::syntax::{xml, yaml};
use crate::text::fill;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const DATASOURCE: Datasource =
    Datasource { name: "OVF", what: "OVF environment", drive: "disc with an OVF environment", claims, read };

/// The instance-id of an environment that names none.
const DEFAULT_ID: &str = "iid-dsovf";

/// A folder of the root that may hold the environment.
const FOLDER: &str = "/var/lib/cloud/seed";

/// The name's key in metadata.
const LOCAL_HOSTNAME: &str = "local-hostname";

/// What the file is called.
static FILES: [&str; 4] = ["ovf-env.xml", "ovf_env.xml", "OVF_ENV.XML", "OVF-ENV.XML"];

/// It comes on a CD-ROM, whatever its label.
fn claims(_: &Surroundings<'_>, volume: &Volume) -> Claim {
    let is_optical = ["sr", "hd", "xvd"].iter().any(|prefix| volume.device.starts_with(prefix));
    if is_optical && volume.kind == "iso9660" { Claim::Perhaps } else { Claim::No }
}

fn read(
    surroundings: &Surroundings<'_>,
    medium: Option<&Medium<'_>>,
    problems: &mut Vec<Error>,
) -> Result<Reading> {
    let folder = Folder { tree: surroundings.root, path: FOLDER };
    let tree = medium.map_or(&folder as &dyn Fetch, |medium| medium.tree);
    let Some(file) = FILES.into_iter().find(|file| may_exist(tree, file)) else {
        return Ok(Reading::Nothing);
    };
    let name = tree.name(file);
    let text = tree.read(file, limits::XML_TEXT)?.unwrap_or_default();
    let text = String::from_utf8(text).map_err(|_| Error::new("read", &name, "it is not UTF-8"))?;
    let mut instance = of_properties(&properties(&text, &name)?, &name, problems)?;
    if medium.is_none() {
        // cloud-init takes the network from a disc alone.
        instance.raw.retain(|file| file.path != NETWORK_CONFIG);
    }
    instance.source = if medium.is_some() { "iso".into() } else { [FOLDER, "/", file].concat() };
    instance.detail = fill("[seed={}]", &[&instance.source]);
    instance.dsmode = "net".into();
    Ok(Reading::Whole(instance))
}

/// The instance that the properties of the environment `name` describe.
#[inline(never)]
fn of_properties(
    properties: &[(String, String)],
    name: &str,
    problems: &mut Vec<Error>,
) -> Result<Box<Instance>> {
    let find = |wanted: &str| properties.iter().find(|(key, _)| key == wanted).map(|(_, value)| &**value);
    let id = InstanceId::parse(find("instance-id").unwrap_or(DEFAULT_ID))?;
    let mut instance = Box::new(Instance::new(id, DATASOURCE.name));
    let raw = &mut instance.raw;
    let mut keep = |path: &str, content: Vec<u8>| raw.push(File { path: path.to_owned(), content });
    let mut metadata = Vec::new();
    let places = [
        ("instance-id", "instance-id"),
        ("hostname", LOCAL_HOSTNAME),
        (LOCAL_HOSTNAME, LOCAL_HOSTNAME),
        ("public-keys", "public-keys"),
    ];
    for (key, long) in places {
        metadata.extend(find(key).map(|value| one_entry(long, value.to_owned())));
    }
    let metadata = Value::bare(Data::Map(metadata));
    keep(META_DATA_YAML, yaml::emit::dump_decimal(&metadata).into_bytes());
    if let Some(text) = find("user-data").filter(|text| !text.is_empty()) {
        keep(USER_DATA, user_data(text));
    }
    if let Some(text) = find("network-config") {
        keep(NETWORK_CONFIG, network_config(text, name, problems));
    }
    if let Some(password) = find("password") {
        let config = Value::bare(Data::Map(Vec::from([one_entry("password", password.to_owned())])));
        keep(DATASOURCE_CONFIG, yaml::emit::dump_decimal(&config).into_bytes());
    }
    if let Some(from) = find("seedfrom").filter(|from| !from.is_empty()) {
        let why = "a seed behind an OVF environment is not built in";
        problems.push(Error::new("fetch the seed", from, why));
    }
    instance.metadata.local_hostname = super::text(&metadata, LOCAL_HOSTNAME).map(ToOwned::to_owned);
    if let Some(keys) = metadata.get("public-keys") {
        public_keys(keys, &mut |key| instance.metadata.public_keys.push(key.to_owned()));
    }
    Ok(instance)
}

/// User-data in base64, else as it is. Python decodes much that is no base64.
fn user_data(text: &str) -> Vec<u8> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/= ".contains(&byte);
    let decoded = if text.bytes().all(is_base64) { base64(text.as_bytes()).ok() } else { None };
    decoded.unwrap_or_else(|| text.into())
}

/// The network's configuration in base64; empty where it can't be read.
fn network_config(value: &str, name: &str, problems: &mut Vec<Error>) -> Vec<u8> {
    let decoded = base64(value.as_bytes());
    let is_yaml =
        |content: &Vec<u8>| core::str::from_utf8(content).is_ok_and(|text| yaml::load(text).is_ok());
    match decoded {
        Ok(content) if is_yaml(&content) => content,
        _ => {
            problems.push(Error::new("read network-config in", name, "it is no YAML in base64"));
            Vec::new()
        }
    }
}

/// The properties of the environment; the last one of a name counts.
#[inline(never)]
fn properties(text: &str, name: &str) -> Result<Vec<(String, String)>> {
    let mut properties: Vec<(String, String)> = Vec::new();
    let (mut inside, mut sections, mut is_environment) = (false, 0, true);
    let read = xml::read(text, &mut |element| match element.depth {
        0 => is_environment = element.name == "Environment",
        1 => {
            // Later sections are those of other machines of the appliance.
            inside = element.name == "PropertySection" && sections == 0;
            sections += usize::from(inside);
        }
        2 if inside && element.name == "Property" && properties.len() < limits::OVF_PROPERTIES => {
            let attribute = |name| element.attributes.iter().find(|(known, _)| *known == name);
            if let (Some((_, key)), Some((_, value))) = (attribute("key"), attribute("value")) {
                properties.retain(|(known, _)| known != key);
                properties.push((key.clone(), value.clone()));
            }
        }
        _ => {}
    });
    if let Err(error) = read {
        return Err(Error::at("read", name, error.place.line, error.place.column, error.message));
    }
    let why = match (is_environment, sections) {
        (false, _) => "it is no OVF environment",
        (true, 0) => "it has no PropertySection",
        _ => return Ok(properties),
    };
    Err(Error::new("read", name, why))
}
