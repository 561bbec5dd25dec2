//! The keys of before there was `apt`: `apt_proxy`, `apt_sources` and the like.

use super::{Data, Value};
use crate::cloud_config::CloudConfig;
use crate::error::Error;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Each with its name in `apt`.
const KEYS: [(&str, &str); 8] = [
    ("apt_proxy", "proxy"),
    ("apt_http_proxy", "http_proxy"),
    ("apt_ftp_proxy", "ftp_proxy"),
    ("apt_https_proxy", "https_proxy"),
    ("apt_preserve_sources_list", "preserve_sources_list"),
    ("apt_custom_sources_list", "sources_list"),
    ("add_apt_repo_match", "add_apt_repo_match"),
    ("apt_sources", "sources"),
];

/// Each with its name in a mirror of `apt.primary`.
const MIRROR: [(&str, &str); 3] =
    [("apt_mirror", "uri"), ("apt_mirror_search", "search"), ("apt_mirror_search_dns", "search_dns")];

/// The file of sources that name none.
const FILE: &str = "cloud_config_sources.list";

/// `apt` as the old keys have it, and the name of the layer with the first of
/// them; `None` where there is none, or where `apt` itself is set: that counts
/// alone, and the old keys are problems.
pub(super) fn converted<'a>(
    config: &CloudConfig<'a>,
    problems: &mut Vec<Error>,
) -> Option<(&'a str, Value<'a>)> {
    if config.get("apt").is_some() {
        for (old, _) in KEYS.iter().chain(&MIRROR) {
            if let Some(setting) = config.get(old) {
                let why = ["apt is set, and counts without ", old].concat();
                problems.push(setting.error("use the old key at", setting.value, &why));
            }
        }
        return None;
    }
    let is_set = |value: &&Value<'a>| value.data != Data::Null && value.as_str() != Some("");
    let find = |key: &str| config.get(key).map(|setting| setting.value).filter(is_set);
    let mut apt = Vec::new();
    for (old, new) in KEYS {
        if let Some(value) = find(old) {
            let value = if old == "apt_sources" { by_name(value) } else { value.clone() };
            apt.push((word(new), value));
        }
    }
    let mut mirror = Vec::new();
    for (old, new) in MIRROR {
        mirror.extend(find(old).map(|value| (word(new), value.clone())));
    }
    if !mirror.is_empty() {
        mirror.push((word("arches"), Value::bare(Data::Seq(vec![word("default")]))));
        apt.push((word("primary"), Value::bare(Data::Seq(vec![Value::bare(Data::Map(mirror))]))));
    }
    let has_one = |value: &Value<'_>| KEYS.iter().chain(&MIRROR).any(|(key, _)| value.get(key).is_some());
    let layer = config.layers().iter().find(|layer| has_one(layer.value)).filter(|_| !apt.is_empty())?;
    Some((layer.name, Value::bare(Data::Map(vec![(word("apt"), Value::bare(Data::Map(apt)))]))))
}

fn word(text: &str) -> Value<'static> {
    Value::bare(Data::Str(String::from(text).into()))
}

/// Sources that are a list as the mapping they are now.
fn by_name<'a>(value: &Value<'a>) -> Value<'a> {
    let Some(items) = value.items() else { return value.clone() };
    let mut sources = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let mut source = item.clone();
        if let Data::Map(entries) = &mut source.data
            && item.get_set("filename").is_none()
        {
            entries.push((word("filename"), word(FILE)));
        }
        sources.push((word(&index.to_string()), source));
    }
    Value { place: value.place, data: Data::Map(sources) }
}
