//! `system_info.package_mirrors`: the mirrors that an image brings, some with a
//! name of the cloud in their own.

use super::mirrors::{fitting, is_there};
use crate::module::Context;
use crate::syntax::value::Value;
use alloc::string::String;
use alloc::vec::Vec;

/// The entry for an architecture.
pub(super) fn entry<'a>(context: &Context<'a>, architecture: &str) -> Option<&'a Value<'a>> {
    let items = context.config.get("system_info.package_mirrors")?.value.items()?;
    fitting(items.iter(), architecture)
}

/// The first of `search` whose host has an address, else `failsafe`.
pub(super) fn mirror(context: &Context<'_>, entry: &Value<'_>, name: &str) -> Option<String> {
    let templates = entry.get_set("search").and_then(|search| search.get(name)?.items()).unwrap_or_default();
    let meta_data = context.instance.meta_data();
    let mut urls = templates.iter().filter_map(|template| {
        let url = filled(template.as_str()?, &meta_data)?;
        clean(&url)
    });
    urls.find(|url| is_there(context, url))
        .or_else(|| entry.get_set("failsafe")?.get(name)?.as_str().map(String::from))
}

/// A template with what the cloud says of the machine; `None` where it does not
/// say what is asked. `%(ec2_region)s` is of machines of EC2 alone.
fn filled(template: &str, meta_data: &Value<'_>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (name, after) = after.strip_prefix('(')?.split_once(")s")?;
        out.push_str(&told(name, meta_data)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn told(name: &str, meta_data: &Value<'_>) -> Option<String> {
    let value = match name {
        "availability_zone" => meta_data
            .get_set("availability-zone")
            .or_else(|| meta_data.get_set("availability_zone"))
            .or_else(|| meta_data.get_set("placement")?.get_set("availability-zone")),
        "region" => meta_data.get_set("region"),
        _ => None,
    };
    let text = value?.as_str()?;
    (!text.is_empty()).then(|| text.into())
}

/// The address with a host name that can be one: other characters than those
/// of names are dashes, and none stands at the edge of a label.
fn clean(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.is_empty() {
        return None;
    }
    if authority.starts_with('[') {
        return Some(url.into());
    }
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = authority.split_at(authority.rfind(':').unwrap_or(authority.len()));
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let host: String = host.chars().map(plain).collect();
    let labels: Vec<&str> = host.split('.').map(|label| label.trim_matches('-')).collect();
    Some([scheme, "://", &labels.join("."), port, path].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;

    #[test]
    fn a_template_is_filled_with_what_the_cloud_says() {
        let meta_data =
            yaml::load("{availability_zone: Zone_1, region: '', placement: {availability-zone: no}}");
        let meta_data = meta_data.unwrap();
        let filled = |text| filled(text, &meta_data);
        assert_eq!(filled("http://%(availability_zone)s.x/%%u").as_deref(), Some("http://Zone_1.x/%u"));
        for text in ["%(region)s", "%(ec2_region)s", "%s", "%(availability_zone)"] {
            assert_eq!(filled(text), None, "{text}");
        }
        let ec2 = yaml::load("{placement: {availability-zone: us-east-1a}}").unwrap();
        assert_eq!(super::filled("%(availability_zone)s", &ec2).as_deref(), Some("us-east-1a"));
    }

    #[test]
    fn a_host_has_a_name_that_can_be_one() {
        for (url, expected) in [
            ("http://My Zone!.clouds.x:80/u b", "http://my-zone.clouds.x:80/u b"),
            ("http://_a_.b", "http://a.b"),
            ("http://me@10.0.0.1/u", "http://10.0.0.1/u"),
            ("http://[fe80::1]:3/u", "http://[fe80::1]:3/u"),
        ] {
            assert_eq!(clean(url).as_deref(), Some(expected));
        }
        assert_eq!(clean("file:///x"), None);
        assert_eq!(clean("x"), None);
    }
}
