//! NoCloud: a seed without a cloud
//! (<https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html>).
//!
//! Many places add to it. Metadata: the firmware, the kernel line, a folder of
//! the root, the root's configuration, a drive, the place that `seedfrom`
//! names; a key counts from the first of them that has it. Of user-data,
//! vendor-data and the network's configuration the last one counts.

use super::{Claim, Datasource, Medium, Parts, Reading, Surroundings, Volume, dsmode, one_entry, word};
use crate::error::{Error, Result};
use crate::fetch::{Fetch, Folder};
use crate::instance::{
    File, INTERFACES, Instance, InstanceId, META_DATA_YAML, NETWORK_CONFIG, USER_DATA, VENDOR_DATA_TEXT,
    public_keys,
};
use crate::limits;
use crate::syntax::value::{Data, Value};
use crate::syntax::yaml;
use crate::text::{contains, cut, fill, without_secrets};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const DATASOURCE: Datasource =
    Datasource { name: NAME, what: "NoCloud seed", drive: "drive labelled cidata", claims, read };

const NAME: &str = "NoCloud";

/// The instance-id of a seed that names none.
const DEFAULT_ID: &str = "nocloud";

/// Folders of the root that are seeds; the first one that is whole counts.
static FOLDERS: [&str; 2] = ["/var/lib/cloud/seed/nocloud", "/var/lib/cloud/seed/nocloud-net"];

/// Names of the files of a seed.
const META: &str = "meta-data";
const USER: &str = "user-data";
const NETWORK: &str = "network-config";

/// The files beside metadata, and what an instance calls them.
static FILES: [(&str, &str); 3] =
    [(USER, USER_DATA), ("vendor-data", VENDOR_DATA_TEXT), (NETWORK, NETWORK_CONFIG)];

/// The key of metadata that names the place of a seed.
const SEED_FROM: &str = "seedfrom";

/// The label of a drive; `None`: no drive is looked at.
fn label<'s>(surroundings: &'s Surroundings<'_>) -> Option<&'s str> {
    surroundings.setting(NAME, "fs_label").map_or(Some("cidata"), Value::as_str)
}

fn claims(surroundings: &Surroundings<'_>, volume: &Volume) -> Claim {
    let is_labelled = |label: &str| {
        volume.may_be_seed()
            && (volume.label == label.to_ascii_lowercase() || volume.label == label.to_ascii_uppercase())
    };
    if label(surroundings).is_some_and(is_labelled) { Claim::Labelled } else { Claim::No }
}

/// Metadata of one place.
enum Layer<'s> {
    /// YAML, and what messages call it.
    Text(String, String),
    Tree(Value<'s>),
}

/// What became of all places.
enum Made {
    Instance(Box<Instance>),
    /// One of them points to this URL, which can't be read here.
    Remote(String),
}

/// What the places said so far.
#[derive(Default)]
struct Gathered<'s> {
    /// The places, as `seed=` names them.
    found: Vec<String>,
    /// Their metadata, what counts first.
    layers: Vec<Layer<'s>>,
    /// Their other files.
    files: Vec<File>,
}

fn read(
    surroundings: &Surroundings<'_>,
    medium: Option<&Medium<'_>>,
    problems: &mut Vec<Error>,
) -> Result<Reading> {
    let mut gathered = Gathered::default();
    for text in surroundings.firmware {
        gathered.word("dmi", word::within(text));
    }
    gathered.word("cmdline", surroundings.kernel.and_then(word::metadata));
    let words = gathered.found.len();
    gathered.folders(surroundings.root, problems);
    gathered.configured(surroundings);
    if let Some(Medium { tree, name }) = medium
        && !gathered.tree(*tree, name, problems)?
    {
        return Ok(Reading::Nothing);
    }
    if gathered.found.is_empty() {
        return Ok(Reading::Nothing);
    }
    let only_words = gathered.found.len() == words;
    let mut named = false;
    let instance = match gathered.instance(surroundings, &mut named, problems)? {
        Made::Instance(instance) => instance,
        Made::Remote(url) => return Ok(Reading::Remote(url)),
    };
    Ok(if instance.dsmode == "disabled" {
        Reading::Disabled
    } else if medium.is_some() || label(surroundings).is_none() {
        Reading::Whole(instance)
    } else if only_words && !named {
        Reading::Last(instance)
    } else {
        Reading::Open(instance)
    })
}

impl<'s> Gathered<'s> {
    /// Adds what a word `ds=nocloud…` says.
    fn word(&mut self, place: &str, metadata: Option<Value<'static>>) {
        if let Some(metadata) = metadata {
            self.found.push(place.to_owned());
            self.layers.push(Layer::Tree(metadata));
        }
    }

    /// Adds the first folder of the root that is a whole seed.
    fn folders(&mut self, root: &dyn Fetch, problems: &mut Vec<Error>) {
        for path in FOLDERS {
            match self.tree(&Folder { tree: root, path }, path, problems) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => problems.push(error),
            }
        }
    }

    /// Adds what the root's configuration says; a `seedfrom` there goes before
    /// all others.
    #[inline(never)]
    fn configured(&mut self, surroundings: &'s Surroundings<'_>) {
        let setting = |key| surroundings.setting(NAME, key);
        if let Some(from) = setting("seedfrom").and_then(Value::as_str).filter(|from| !from.is_empty()) {
            self.found.push("ds_config_seedfrom".to_owned());
            let entry = one_entry(SEED_FROM, from.to_owned());
            self.layers.insert(0, Layer::Tree(Value::bare(Data::Map(Vec::from([entry])))));
        }
        let (Some(meta), Some(_)) = (setting(META), setting(USER)) else { return };
        self.found.push("ds_config".to_owned());
        self.layers.push(match meta.as_str() {
            Some(text) => Layer::Text(text.to_owned(), [NAME, ": ", META].concat()),
            None => Layer::Tree(meta.clone()),
        });
        for (name, kept) in FILES {
            let content = match setting(name).map(|value| &value.data) {
                Some(Data::Str(text)) => text.as_bytes().to_vec(),
                Some(Data::Bytes(bytes)) => bytes.to_vec(),
                Some(Data::Map(_)) => yaml::emit::dump_decimal(setting(name).unwrap_or(meta)).into_bytes(),
                _ => continue,
            };
            self.put(kept, content);
        }
    }

    /// Adds a folder or a drive; false where it is no seed. One of which a
    /// part that must be there is missing is an error.
    fn tree(&mut self, tree: &dyn Fetch, place: &str, problems: &mut Vec<Error>) -> Result<bool> {
        let Some(meta) = self.files_of(tree, &|name| name.to_owned(), problems)? else { return Ok(false) };
        self.found.push(place.to_owned());
        self.layers.push(Layer::Text(meta, tree.name(META)));
        Ok(true)
    }

    /// Takes the files of a seed, which lie in `tree` where `at` says; the
    /// metadata is the answer, `None` where there is nothing.
    #[inline(never)]
    fn files_of(
        &mut self,
        tree: &dyn Fetch,
        at: &dyn Fn(&str) -> String,
        problems: &mut Vec<Error>,
    ) -> Result<Option<String>> {
        let absent = |name: &str| Ok(tree.mode(&at(name))?.is_none());
        let missing = match (absent(META)?, absent(USER)?) {
            (true, true) => return Ok(None),
            (true, false) => META,
            (false, true) => USER,
            (false, false) => "",
        };
        if !missing.is_empty() {
            return Err(Error::new("read", tree.name(&at(missing)), "it is missing, and a seed needs it"));
        }
        let meta = tree.read(&at(META), limits::META_DATA)?.unwrap_or_default();
        let meta = String::from_utf8(meta)
            .map_err(|_| Error::new("read", tree.name(&at(META)), "it is not UTF-8"))?;
        let mut parts = Parts::of(tree, problems);
        for (name, kept) in FILES {
            let mut files = Vec::new();
            parts.keep(kept, &at(name), &mut files);
            for file in &mut files {
                if name == NETWORK {
                    check_network(&mut file.content, &tree.name(&at(name)), parts.problems);
                }
            }
            if name == USER || !files.is_empty() {
                self.files.retain(|file| file.path != kept);
                self.files.append(&mut files);
            }
        }
        Ok(Some(meta))
    }

    /// Keeps a file in place of an earlier one.
    fn put(&mut self, kept: &str, content: Vec<u8>) {
        self.files.retain(|file| file.path != kept);
        if !content.is_empty() {
            self.files.push(File { path: kept.to_owned(), content });
        }
    }

    /// Adds the seed that `from` names, which lies in `tree`; the value: its
    /// metadata.
    #[inline(never)]
    fn seed_from(&mut self, from: &str, tree: &dyn Fetch, problems: &mut Vec<Error>) -> Result<Layer<'s>> {
        let path = from.strip_prefix("file://").unwrap_or(from);
        let (before, after) = cut(path, "%s").unwrap_or((path, ""));
        let at = |name: &str| [before, name, after].concat();
        let below = |name: &str| [path, "/", name].concat();
        // A folder is one with and without the slash behind it; a server is not
        // asked to find that out.
        let is_url = !path.starts_with('/');
        let whole = path.ends_with('/') || contains(path, "%s") || contains(path, "?");
        let as_it_is = if is_url { whole } else { tree.mode(&at(META))?.is_some() };
        let at: &dyn Fn(&str) -> String = if as_it_is { &at } else { &below };
        let meta = self.files_of(tree, at, problems)?;
        // Everybody reads in status.json where the seed is from.
        self.found.push(if is_url { without_secrets(from) } else { from.to_owned() });
        match meta {
            Some(meta) => Ok(Layer::Text(meta, tree.name(&at(META)))),
            None => Err(Error::new("read the seed", tree.name(path), "nothing is there")),
        }
    }

    /// The instance; `named` becomes whether some place says who the machine is.
    #[inline(never)]
    fn instance(
        mut self,
        surroundings: &Surroundings<'_>,
        named: &mut bool,
        problems: &mut Vec<Error>,
    ) -> Result<Made> {
        let seed;
        let layers = core::mem::take(&mut self.layers);
        let mut merged = Value::bare(Data::Map(Vec::new()));
        for layer in &layers {
            merged.fill_in(layer.tree()?);
        }
        let from = super::text(&merged, SEED_FROM).map(ToOwned::to_owned);
        let mut places = layers.len();
        if let Some(from) = &from {
            // The seed takes the place of what others left beside metadata.
            self.files.retain(|file| file.path == NETWORK_CONFIG);
            let is_path = from.starts_with('/') || from.starts_with("file:///");
            let is_url = from.starts_with("http://") || from.starts_with("https://");
            let tree = match surroundings.remote {
                _ if is_path => surroundings.root,
                Some(remote) if is_url => remote,
                None if is_url => return Ok(Made::Remote(from.clone())),
                _ => {
                    let why = "it is neither a path nor an address of HTTP";
                    return Err(Error::new("fetch the seed", &**from, why));
                }
            };
            seed = self.seed_from(from, tree, problems)?;
            merged.fill_in(seed.tree()?);
            places += 1;
        }
        let id = merged.get("instance-id").and_then(Value::scalar);
        *named = id.is_some() || from.is_some();
        let id = InstanceId::parse(id.as_deref().unwrap_or(DEFAULT_ID))?;
        let mut instance = Box::new(Instance::new(id, NAME));
        instance.source = self.found.join(",");
        instance.dsmode = dsmode(&[super::text(&merged, "dsmode")], &instance.source, problems);
        instance.detail = fill("[seed={}][dsmode={}]", &[&instance.source, &instance.dsmode]);
        instance.metadata.local_hostname =
            merged.get("local-hostname").and_then(Value::scalar).map(alloc::borrow::Cow::into_owned);
        if let Some(keys) = merged.get("public-keys") {
            public_keys(keys, &mut |key| instance.metadata.public_keys.push(key.to_owned()));
        }
        instance.raw = self.files;
        if let (Some(text), None) =
            (super::text(&merged, "network-interfaces"), instance.file(NETWORK_CONFIG))
        {
            instance.raw.push(File { path: INTERFACES.to_owned(), content: text.into() });
        }
        let text = match layers.first() {
            Some(Layer::Text(text, _)) if places == 1 => text.clone(),
            _ => yaml::emit::dump_decimal(&merged),
        };
        instance.raw.push(File { path: META_DATA_YAML.to_owned(), content: text.into_bytes() });
        Ok(Made::Instance(instance))
    }
}

impl Layer<'_> {
    /// The mapping it is; one that says nothing is an empty one.
    #[inline(never)]
    fn tree(&self) -> Result<Value<'_>> {
        let (text, name) = match self {
            Self::Tree(value) => return Ok(value.clone()),
            Self::Text(text, name) => (text, name),
        };
        let value = yaml::load(text)
            .map_err(|error| Error::at("read", name, error.place.line, error.place.column, error.message))?;
        match value.data {
            Data::Map(_) | Data::Null => Ok(value),
            _ => Err(Error::new("read", name, fill("it is {}, not a mapping", &[value.kind()]))),
        }
    }
}

/// Empties a network's configuration that is no YAML: it is as good as unread.
#[inline(never)]
fn check_network(content: &mut Vec<u8>, name: &str, problems: &mut Vec<Error>) {
    let error = match core::str::from_utf8(content) {
        Ok(text) => yaml::load(text)
            .err()
            .map(|error| Error::at("read", name, error.place.line, error.place.column, error.message)),
        Err(_) => Some(Error::new("read", name, "it is not UTF-8")),
    };
    if let Some(error) = error {
        problems.push(error);
        content.clear();
    }
}
