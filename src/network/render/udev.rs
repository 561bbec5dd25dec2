//! udev's rules for persistent names, for links that appear later.

use super::file;
use super::ours::{self, MARK, Owner};
use super::text::{joined, plain_words};
use crate::action::Action;
use crate::network::model::{Kind, Match};
use crate::network::resolve::Resolved;
use crate::text::{contains, cut, fill, to_bytes};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What stands before rules that were there before ours.
const BEFORE: &str = "# Rules that were here before:\n";

/// Whether a file is one of persistent names, which others write as well.
pub fn is_rules(path: &str) -> bool {
    contains(path, "/udev/rules.d/")
}

/// Adds the rules of the file that is `here` to our `rules`, but for those
/// that would give a NIC or a name of ours to another. False: there is
/// nothing to write.
#[inline(never)]
pub fn merge(rules: &mut Vec<u8>, here: &str, network: &Resolved<'_>) -> bool {
    let before = match here.strip_prefix(MARK) {
        Some(ours) => cut(ours, BEFORE).map_or("", |(_, before)| before),
        None if ours::owner("/etc/udev/rules.d/", here) == Owner::CloudInit => "",
        None => here,
    };
    let is_ours = |line: &str| {
        let line = line.to_ascii_lowercase();
        network.links.iter().any(|link| {
            let name = fill("name=\"{}\"", &[&link.name.to_ascii_lowercase()]);
            let mac = link.link.mac.map(|mac| mac.to_string());
            contains(&line, &name) || mac.is_some_and(|mac| contains(&line, &mac))
        })
    };
    let mut kept = String::new();
    for line in before.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !is_ours(line)) {
        kept.push_str(line);
        kept.push('\n');
    }
    if rules.is_empty() && (kept.is_empty() || !here.starts_with(MARK)) {
        return false;
    }
    if !kept.is_empty() {
        rules.extend_from_slice(BEFORE.as_bytes());
        rules.extend_from_slice(&to_bytes(&kept));
    }
    true
}

/// One rule for each NIC found by its MAC address. Without any the file is
/// empty, so that one of an earlier boot goes.
#[inline(never)]
pub(super) fn rules(actions: &mut Vec<Action>, network: &Resolved<'_>, path: &str) {
    let mut rules = String::new();
    for link in &network.links {
        let Kind::Physical(Match { drivers, .. }) = &link.link.kind else { continue };
        let Some(mac) = link.link.mac else { continue };
        let rule =
            "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"{}\", ATTR{address}==\"{}\", NAME=\"{}\"\n";
        let driver = if drivers.is_empty() { "?*".into() } else { joined(&plain_words(drivers), "|") };
        rules.push_str(&fill(rule, &[&driver, &mac.to_string(), &link.name]));
    }
    file(actions, &[path], 0o644, rules);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse::{Description, description};

    const MAC: &str = "52:54:00:00:00:0a";

    fn merged(ours: &str, here: &str) -> Option<String> {
        let text = fill("{version: 1, config: [{type: physical, name: eth0, mac_address: '{}'}]}", &[MAC]);
        let text = if text.contains(MAC) { text } else { text.replace("{}", MAC) };
        let Ok(Description::Network(parsed)) = description("network-config", text.as_bytes(), "x") else {
            panic!()
        };
        let mut rules = ours.as_bytes().to_vec();
        merge(&mut rules, here, &parsed.network.resolve(&[])).then(|| String::from_utf8(rules).unwrap())
    }

    #[test]
    fn rules_of_others_stay_unless_they_claim_what_is_ours() {
        let ours = "ATTR{address}==\"52:54:00:00:00:0a\", NAME=\"eth0\"\n";
        let others = "# PCI device\nATTR{address}==\"00:00:00:00:00:01\", NAME=\"lan7\"\n\
            ATTR{address}==\"00:00:00:00:00:02\", NAME=\"eth0\"\n\
            ATTR{address}==\"52:54:00:00:00:0A\", NAME=\"eth5\"\n";
        let kept = "# Rules that were here before:\nATTR{address}==\"00:00:00:00:00:01\", NAME=\"lan7\"\n";
        let first = merged(ours, others).unwrap();
        assert_eq!(first, [ours, kept].concat());
        assert_eq!(merged(ours, &[MARK, &first].concat()).as_deref(), Some(&*first), "again");
        assert_eq!(merged("", &[MARK, &first].concat()).as_deref(), Some(kept), "ours go");
        assert_eq!(merged("", others), None, "nothing of ours is in it");
        assert_eq!(merged("", &[MARK, ours].concat()), None, "all of it goes");
        assert_eq!(merged("", ""), None);
    }
}
