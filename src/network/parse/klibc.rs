//! What klibc's ipconfig left in the initramfs: /run/net-NAME.conf and
//! /run/net6-NAME.conf (usr/kinit/ipconfig/README.ipconfig in klibc), as
//! cloud-init 26.2 reads them.

use super::reader::Reader;
use super::{Parsed, eni};
use crate::network::model::SystemLink;
use crate::syntax::value::{Data, Value};
use crate::text::fill;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Options of interfaces(5) that are a variable of a family each.
static OPTIONS: [[&str; 2]; 3] = [["NETMASK", "netmask"], ["BROADCAST", "broadcast"], ["GATEWAY", "gateway"]];

/// Reads `files`, each its path and text; `present` tells the MAC addresses of
/// the NICs they name. Settings of one NIC from several files add up.
#[inline(never)]
pub fn parse(files: &[(&str, &str)], present: &[SystemLink]) -> Parsed {
    let mut reader = Reader::new("/run");
    let mut stanzas = String::new();
    for (path, text) in files {
        reader.enter_file(path);
        let variables = Variables { text };
        let Some(name) = variables.get("DEVICE", "").or_else(|| variables.get("DEVICE6", "")) else {
            reader.add(&Value::bare(Data::Null), "", &["it names no DEVICE"]);
            continue;
        };
        for family in ["IPV4", "IPV6"] {
            stanza(&mut reader, &mut stanzas, name, &variables, family, present);
        }
    }
    let mut parsed = eni::parse(&stanzas, "/run/net-*.conf", &|_, _| Vec::new());
    parsed.problems.append(&mut reader.into_problems());
    parsed
}

/// `NAME='value'`, a line each.
struct Variables<'t> {
    text: &'t str,
}

impl<'t> Variables<'t> {
    /// The variable whose name has these two parts, quotes taken off; empty is
    /// none.
    #[inline(never)]
    fn get(&self, stem: &str, name: &str) -> Option<&'t str> {
        let find =
            |line: &'t str| line.trim_ascii().strip_prefix(stem)?.strip_prefix(name)?.strip_prefix('=');
        let value = self.text.lines().rev().find_map(find)?;
        let value = value.trim_ascii().trim_matches(['\'', '"']);
        (!value.is_empty()).then_some(value)
    }
}

/// How a family gets its address, as interfaces(5) says it; without `auto` it
/// is not brought up, as the initramfs did that. `PROTO` is of IPv4 and stands
/// for IPv6 where `IPV6PROTO` does not.
#[inline(never)]
fn stanza(
    reader: &mut Reader<'_>,
    out: &mut String,
    name: &str,
    variables: &Variables<'_>,
    family: &str,
    present: &[SystemLink],
) {
    let Some(address) = variables.get(family, "ADDR") else { return };
    let lease = if variables.get("filename", "").is_some() { "dhcp" } else { "none" };
    let words = [(family, "PROTO"), ("PROTO", ""), ("IPV6PROTO", "")];
    let (inet, method) =
        match words.iter().find_map(|(stem, word)| variables.get(stem, word)).unwrap_or(lease) {
            "none" | "static" | "off" if family == "IPV6" => ("inet6", "static"),
            "none" | "static" | "off" => ("inet", "static"),
            "dhcp" => ("inet", "dhcp"),
            "dhcp6" => ("inet6", "dhcp"),
            kind => return reader.add(&Value::bare(Data::Null), "", &["PROTO ", kind, " is unknown"]),
        };
    out.push_str(&fill("iface {} {} {}\n", &[name, inet, method]));
    let mut option = |name: &str, value: &str| out.push_str(&fill(" {} {}\n", &[name, value]));
    if let Some(mac) = present.iter().find(|nic| nic.name == name).and_then(|nic| nic.mac) {
        option("hwaddress", &mac.to_string());
    }
    if method == "static" {
        option("address", address);
    }
    for [variable, word] in OPTIONS {
        if let Some(value) = variables.get(family, variable) {
            option(word, value);
        }
    }
    // Zeros are no server; and domains of no family stand beside servers.
    let mut servers = String::new();
    for variable in ["DNS0", "DNS1"] {
        if let Some(server) = variables.get(family, variable)
            && !server.trim_matches([':', '.', '0']).is_empty()
        {
            servers.push(' ');
            servers.push_str(server);
        }
    }
    if servers.is_empty() {
        return;
    }
    option("dns-nameservers", &servers);
    if let Some(domains) = variables.get("DOMAINSEARCH", "") {
        option("dns-search", &domains.replace(',', " "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::{Control, Mac};

    const BOTH: &str = "DEVICE='ens3'\nPROTO='dhcp'\nIPV4ADDR='192.0.2.7'\nIPV4BROADCAST='192.0.2.255'\n\
        IPV4NETMASK='255.255.255.0'\nIPV4GATEWAY='192.0.2.1'\nIPV4DNS0='192.0.2.53'\nIPV4DNS1='192.0.2.54'\n\
        HOSTNAME='x'\nDNSDOMAIN='a.example'\nDOMAINSEARCH='a.example,b.example'\nUPTIME='3'\n";

    fn present() -> Vec<SystemLink> {
        let mut link = crate::network::model::SystemLink::default();
        (link.name, link.mac) = ("ens3".into(), Mac::parse("52:54:00:00:00:0a"));
        vec![link]
    }

    #[test]
    fn files_of_one_nic_add_up() {
        let second =
            "DEVICE6=ens3\nIPV6PROTO='none'\nIPV6ADDR='2001:db8::7'\nIPV6NETMASK='64'\nIPV6DNS0='::'\n";
        let parsed = parse(&[("/run/net-ens3.conf", BOTH), ("/run/net6-ens3.conf", second)], &present());
        assert_eq!((parsed.network.links.len(), parsed.problems.len()), (1, 0), "{:?}", parsed.problems);
        let link = &parsed.network.links[0];
        assert_eq!((link.name.as_deref(), link.mac), (Some("ens3"), Mac::parse("52:54:00:00:00:0a")));
        assert_eq!(link.subnets.len(), 2);
        assert!(link.subnets[0].method.is_dhcp4() && link.subnets[0].control == Control::Manual);
        let dns = &link.subnets[0].dns;
        assert_eq!((dns.servers.len(), dns.search.len()), (2, 2));
        assert_eq!(link.subnets[1].address().unwrap().to_string(), "2001:db8::7/64");
        assert!(link.subnets[1].dns.is_empty(), "zeros are no server");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_file() {
        let files =
            [("/run/net-a.conf", "PROTO=dhcp\n"), ("/run/net-b.conf", "DEVICE=b\nPROTO=x\nIPV4ADDR=1\n")];
        let told: Vec<String> = parse(&files, &[]).problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "unable to read /run/net-a.conf: it names no DEVICE",
                "unable to read /run/net-b.conf: PROTO x is unknown"
            ]
        );
    }
}
