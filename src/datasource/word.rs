//! `ds=nocloud;h=…;i=…;s=…`, as kernel lines and firmware have it.

use super::one_entry;
use crate::syntax::value::{Data, Value};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

/// The name that says the seed needs a network.
pub(super) const NET: &str = "nocloud-net";

/// Short names of metadata.
static SHORT: [(&str, &str); 3] = [("h", "local-hostname"), ("i", "instance-id"), ("s", "seedfrom")];

/// The metadata in the last word `ds=nocloud…` of a text; `None` where there
/// is none.
#[inline(never)]
pub(super) fn within(text: &str) -> Option<Value<'static>> {
    text.split_ascii_whitespace().rev().find_map(|word| metadata(word.strip_prefix("ds=")?))
}

/// The metadata in the value of a word `ds=`; `None` where it names something
/// else than NoCloud.
#[inline(never)]
pub(super) fn metadata(value: &str) -> Option<Value<'static>> {
    let mut items = value.split(';');
    let name = items.next()?;
    let mode = if name.eq_ignore_ascii_case("nocloud") {
        "local"
    } else if name.eq_ignore_ascii_case(NET) {
        "net"
    } else {
        return None;
    };
    let mut entries: Vec<(Value<'static>, Value<'static>)> = Vec::new();
    for item in items.filter(|item| !item.is_empty()) {
        let (key, value) = match item.split_once('=') {
            Some((key, value)) => (key, Data::Str(value.to_owned().into())),
            None => (item, Data::Null),
        };
        let key = SHORT.iter().find(|(short, _)| *short == key).map_or(key, |(_, long)| long);
        // The last of several counts.
        entries.retain(|(known, _)| known.as_str() != Some(key));
        entries.push((Value::bare(Data::Str(key.to_owned().into())), Value::bare(value)));
    }
    if !entries.iter().any(|(key, _)| key.as_str() == Some("dsmode")) {
        entries.push(one_entry("dsmode", mode.to_owned()));
    }
    Some(Value::bare(Data::Map(entries)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json;
    use alloc::string::String;

    fn written(value: Option<Value<'_>>) -> String {
        let mut out = String::new();
        json::write(&value.unwrap(), json::Style::Compact, &mut out);
        out
    }

    #[test]
    fn short_names_are_long_ones() {
        assert_eq!(
            written(metadata("nocloud-net;i=i-1;h=a;;s=http://x/;k;h=b=c")),
            r#"{"instance-id":"i-1","seedfrom":"http://x/","k":null,"local-hostname":"b=c","dsmode":"net"}"#
        );
        assert_eq!(written(metadata("NoCloud;dsmode=net")), r#"{"dsmode":"net"}"#);
        for other in ["", "openstack", "nocloudy;i=1"] {
            assert_eq!(metadata(other), None);
        }
    }

    #[test]
    fn firmware_has_it_among_other_words() {
        assert_eq!(written(within("x ds=nocloud;i=1 y")), r#"{"instance-id":"1","dsmode":"local"}"#);
        assert_eq!(within("VMware-42 1d"), None);
    }
}
