//! A NIC that is plugged in while the machine runs.

use crate::verbs::{META_DATA, Work, answers};

const NETWORK_DATA: &str = r#"{
 "links": [{"id": "a", "type": "phy", "name": "hot0", "ethernet_mac_address": "52:54:00:aa:00:01"}],
 "networks": [{"id": "n", "link": "a", "type": "ipv4", "ip_address": "10.9.0.2", "netmask": "255.255.255.0"}],
 "services": []
}"#;

const SETTINGS: &str = "\
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
datasource_list: [ConfigDrive, None]
system_info: {network: {renderers: [eni]}}
";

const SCRIPT: &str = r#"
hook='glowplug devel hotplug-hook -s net'
combined=/run/cloud-init/combined-cloud-config.json
ip link add plugged address 52:54:00:aa:00:01 type veth peer name other || exit 1
$hook query
$hook handle -d /devices/virtual/net/plugged -u add 2> /tmp/said; echo [$?]
cat /sys/class/net/hot0/address /srv/told
grep -A1 '^iface hot0' /etc/network/interfaces.d/50-cloud-init
$hook handle -d /devices/virtual/net/other -u add; echo [$?]
$hook handle -d /devices/virtual/net/nothing -u add; echo [$?]
$hook handle -d /devices/virtual/net/plugged -u remove; echo [$?]
for back_end in netplan networkd network-manager; do
    : > /srv/told
    renderers="{\"network\": {\"renderers\": [\"$back_end\"]}}"
    echo "system_info: $renderers" > /etc/cloud/cloud.cfg.d/99-zz.cfg
    echo "{\"updates\": {\"network\": {\"when\": [\"hotplug\"]}}, \"system_info\": $renderers}" > $combined
    $hook handle -d /devices/virtual/net/hot0 -u add 2> /tmp/said; echo "$back_end [$?]"
    cat /srv/told
    find /etc/network/interfaces.d /run/netplan /run/systemd/network /run/NetworkManager -name '*[0-9]*' -type f 2> /tmp/said
done
chmod 600 $combined
setpriv --reuid 65534 glowplug devel hotplug-hook -s net query; echo [$?]
echo '{"updates": {"network": {"when": ["boot"]}}}' > $combined
$hook query
$hook handle -d /devices/virtual/net/hot0 -u add; echo [$?]
rm $combined
$hook query; echo [$?]
$hook handle -d /devices/virtual/net/hot0 -u add; echo [$?]
"#;

#[test]
fn a_nic_that_is_plugged_in_is_named_and_brought_up_where_that_is_allowed() {
    let work = Work::new("hotplug");
    let seed = "boot1/seed/openstack/latest";
    work.put(&format!("{seed}/meta_data.json"), META_DATA);
    work.put(&format!("{seed}/network_data.json"), NETWORK_DATA);
    let user_data = "#cloud-config\nupdates: {network: {when: [boot-new-instance, hotplug]}}\n";
    work.put(&format!("{seed}/user_data"), user_data);
    work.put("boot1/root/etc/cloud/cloud.cfg.d/99-lists.cfg", SETTINGS);
    work.put("boot1/root/etc/network/interfaces", "source /etc/network/interfaces.d/*\n");
    let tell = "#!/bin/sh\necho ${0##*/} $* >> /srv/told\n";
    for name in ["ifup", "ifdown", "ifquery", "netplan", "nmcli"] {
        work.put_program(&format!("boot1/root/usr/sbin/{name}"), tell);
    }
    work.put_program("boot1/root/tmp/bin/networkctl", tell);
    for unit in ["NetworkManager.service", "systemd-networkd.service"] {
        work.put(&format!("boot1/root/etc/systemd/system/multi-user.target.wants/{unit}"), "");
    }
    work.install();
    let answers = answers(&work, SCRIPT);
    let plain = |line: &str| line.split_once("]: ").map_or(line, |(_, text)| text).to_owned();
    let lines: Vec<String> = answers.lines().map(plain).collect();
    let unknown = "the network is left alone, or its description has no such NIC";
    let expected = [
        "enabled",
        "[0]",
        "52:54:00:aa:00:01",
        "ifup hot0",
        "iface hot0 inet static",
        "    address 10.9.0.2/24",
        "found config drive /var/lib/cloud/seed/config_drive",
        &format!("unable to configure other: {unknown}"),
        "[1]",
        "unable to configure nothing: there is no such NIC",
        "[1]",
        "plugged is gone: its description is kept for when it comes again",
        "[0]",
        // The files of the back end before go.
        "netplan [0]",
        "netplan apply",
        "/run/netplan/50-cloud-init.yaml",
        "networkd [0]",
        "networkctl reload",
        "networkctl reconfigure hot0",
        "/run/systemd/network/10-cloud-init-hot0.network",
        "network-manager [0]",
        "nmcli connection reload",
        "nmcli device connect hot0",
        "/run/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf",
        "/run/NetworkManager/system-connections/cloud-init-hot0.nmconnection",
        "glowplug: unable to open /run/cloud-init/combined-cloud-config.json: Permission denied",
        "[1]",
        "disabled",
        "hot0 is left alone: updates.network.when does not have hotplug",
        "[0]",
        "Unable to determine hotplug state. No datasource detected",
        "[1]",
        "glowplug: unable to handle the event of hot0: no stage has run in this boot",
        "[1]",
    ];
    assert_eq!(lines, expected, "{answers}");
}
