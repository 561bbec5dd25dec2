use super::*;
use crate::network::parse::network_config;
use crate::syntax::yaml;

fn told(text: &str, back_end: &str) -> Vec<String> {
    let network = network_config(yaml::load(text).unwrap(), "x").network;
    lost(&network, back_end).iter().map(|lost| lost.error.to_string()).collect()
}

#[test]
fn what_a_back_end_has_no_setting_for_was_lost_in_silence() {
    let two = "{version: 2, ethernets: {a: {dhcp4: true, optional: true, dhcp4-overrides: {use-dns: false}, \
        addresses: [{10.0.0.1/8: {label: x, lifetime: 0}}]}}}";
    assert_eq!(
        told(two, "eni"),
        [
            "unable to keep label of link a: eni has no such setting",
            "unable to keep dhcp4-overrides.use-dns of link a: eni has no such setting"
        ]
    );
    assert_eq!(told(two, "sysconfig").len(), 3);
    assert_eq!((told(two, "networkd").len(), told(two, "netplan").len()), (0, 0));
    let both = "{version: 2, ethernets: {a: {dhcp4: true, dhcp6: true, dhcp6-overrides: {use-dns: false}}}}";
    let why = "unable to keep dhcp6-overrides of link a: netplan uses leases of both families alike, as \
        dhcp4-overrides says";
    assert_eq!((told(both, "netplan"), told(both, "networkd").len()), (vec![why.to_string()], 0));
    let several = "{version: 2, ethernets: {a: {match: {name: [en*, eth*]}, dhcp4: true}}}";
    assert_eq!(
        told(several, "netplan"),
        ["unable to keep all names that match link a: netplan takes one pattern, and gets en*"]
    );
    assert_eq!(
        told(several, "eni"),
        [
            "unable to configure NICs that come later for link a: eni has no patterns: each NIC that is there has its own settings"
        ]
    );
    assert_eq!((told(several, "live").len(), told(several, "networkd").len()), (1, 0));
    let by_hand =
        "{version: 2, ethernets: {a: {dhcp4: true, activation-mode: manual}, b: {activation-mode: off}}}";
    assert_eq!((told(by_hand, "eni").len(), told(by_hand, "live").len()), (1, 2));
    let one = "{version: 1, config: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8, \
        broadcast: 10.9.9.9, pointopoint: 10.0.0.2}]}]}";
    assert_eq!((told(one, "netplan").len(), told(one, "eni").len(), told(one, "networkd").len()), (2, 0, 0));
    for (back_end, _) in LACKS {
        let known = super::super::ALL.iter().any(|renderer| renderer.name == *back_end);
        assert!(known || *back_end == LIVE, "{back_end}");
    }
}

/// None of it counted, and status said done.
#[test]
fn what_makes_another_machine_matters_and_a_default_does_not() {
    let matter = |back_end: &str, setting: &str| {
        let text = ["{version: 2, ethernets: {a: {dhcp4: true, ", setting, "}}}"].concat();
        let network = network_config(yaml::load(&text).unwrap(), "x").network;
        let all = lost(&network, back_end);
        assert_eq!(all.len(), 1, "{setting}");
        all[0].matters
    };
    for (back_end, setting, matters) in [
        ("sysconfig", "optional: true", false),
        ("sysconfig", "critical: true", true),
        ("eni", "dhcp-identifier: mac", true),
        ("eni", "dhcp-identifier: duid", false),
        ("eni", "dhcp4-overrides: {use-dns: true}", false),
        ("eni", "dhcp4-overrides: {use-dns: false}", true),
        ("eni", "dhcp4-overrides: {hostname: x}", true),
        ("eni", "emit-lldp: false", false),
        ("eni", "emit-lldp: true", true),
        (LIVE, "link-local: [ipv6]", false),
        (LIVE, "link-local: []", true),
        ("eni", "ipv6-address-generation: eui64", false),
        ("eni", "ipv6-address-generation: stable-privacy", true),
        ("network-manager", "addresses: [{10.0.0.1/8: {label: x}}]", true),
    ] {
        assert_eq!(matter(back_end, setting), matters, "{back_end}: {setting}");
    }
    for (last, matters) in [("10.255.255.255", false), ("10.9.9.9", true)] {
        let text = format!(
            "{{version: 1, config: [{{type: physical, name: a, subnets: [{{type: static, address: 10.0.0.1/8, \
             broadcast: {last}, control: hotplug}}]}}]}}"
        );
        let network = network_config(yaml::load(&text).unwrap(), "x").network;
        let all: Vec<bool> = lost(&network, "netplan").iter().map(|lost| lost.matters).collect();
        assert_eq!(all, [matters, false]);
    }
}
