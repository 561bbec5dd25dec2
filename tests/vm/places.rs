//! Seeds that come on no drive: in the firmware, on the kernel line, in folders
//! of the root. One machine boots from one after the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::scene::{Scene, addresses, link};
use crate::vm::report::Boot;

/// The NIC of a machine whose seed names none.
const MAC: &str = "52:54:00:12:34:56";

/// A network of version 2 for it.
const NETWORK: &str = "\
version: 2
ethernets:
  one:
    match: {macaddress: '52:54:00:12:34:56'}
    set-name: line0
    addresses: [192.0.2.110/24]
";

/// Cloud-config of the kernel line. It leaves the seeds of the next boots.
const LINE: &str = r#"write_files:
- path: /srv/seed/meta-data
  content: |
    instance-id: oem
    local-hostname: marble
- path: /srv/seed/user-data
  content: |
    #!/bin/sh
    mkdir -p /var/lib/cloud/seed/nocloud-net
    cd /var/lib/cloud/seed/nocloud-net
    echo instance-id: folder > meta-data
    echo '#cloud-config' > user-data
    echo 'hostname: slate' >> user-data
    cp /srv/network network-config
- path: /srv/network
  content: |
    version: 1
    config:
    - {type: physical, name: dir0, mac_address: '52:54:00:12:34:56',
       subnets: [{type: static, address: 192.0.2.111/24}]}
- path: /config-drive/openstack/latest/meta_data.json
  content: '{"uuid": "copy", "hostname": "basalt"}'
"#;

/// Cloud-config as one word of the kernel line: of more than 32 that it does
/// not know the kernel says that they are too many.
pub(crate) fn line(config: &str) -> String {
    let mut word = String::new();
    for byte in config.bytes() {
        match byte {
            b'\n' => word.push_str("\\n"),
            b' ' => word.push_str("%20"),
            b'"' => word.push_str("%22"),
            _ => word.push(char::from(byte)),
        }
    }
    format!("cc: {word} end_cc")
}

/// What a boot says of the NIC: its name and addresses.
fn nic(boot: &Boot) -> (&str, Vec<&str>) {
    let nic = link(boot, MAC);
    (&nic.name, addresses(nic))
}

#[test]
fn firmware_kernel_line_and_folders_of_the_root() {
    let mut scene = Scene::new("places", &[]);
    scene.firmware(&["type=1,serial=ds=nocloud;i=serial;h=granite"]);
    let network = STANDARD.encode(NETWORK);
    let boot = scene.boot_with(None, &format!("network-config={network} {}", line(LINE)));
    scene.expect_told(&["found DataSourceNoCloud [seed=dmi][dsmode=local]"]);
    scene.expect_told(&["instance serial is new"]);
    scene.expect_told(&["the network is described in network-config= of the kernel line"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "granite"), "{}", boot.status_output);
    assert_eq!(nic(&boot), ("line0", vec!["192.0.2.110/24"]));

    scene.firmware(&["type=11,value=by the maker,value=ds=nocloud;s=/srv/seed/"]);
    let boot = scene.boot(None);
    scene.expect_told(&["found DataSourceNoCloud [seed=dmi,/srv/seed/]"]);
    scene.expect_told(&["instance oem is new"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "marble"), "{}", boot.status_output);

    scene.firmware(&[]);
    let boot = scene.boot(None);
    scene.expect_told(&["found DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud-net]"]);
    scene.expect_told(&["instance folder is new"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "slate"), "{}", boot.status_output);
    assert_eq!(nic(&boot), ("dir0", vec!["192.0.2.111/24"]));

    let boot = scene.boot_with(None, "ci.ds=ConfigDrive");
    scene.expect_told(&["found config drive /config-drive"]);
    assert_eq!((&*boot.status, &*boot.hostname), ("done", "basalt"), "{}", boot.status_output);
}

/// What the configuration says of a machine that has no seed.
const NO_SEED: &str = "\
datasource_list: [None]
datasource:
  None:
    metadata: {local-hostname: chalk}
    userdata_raw: |
      #cloud-config
      write_files: [{path: /etc/motd, content: written}]
network:
  version: 1
  config:
  - {type: physical, name: none0, mac_address: '52:54:00:12:34:56',
     subnets: [{type: static, address: 192.0.2.112/24}]}
runcmd:
- echo ran >> /root/ran
";

#[test]
fn without_a_seed_the_configuration_counts_where_it_says_so() {
    let mut scene = Scene::new("no-seed", &[]);
    for boots in 1..=2 {
        let boot = scene.boot_with(None, &line(NO_SEED));
        scene.expect_told(&["the network is described in network: of cc: on the kernel line"]);
        assert_eq!((&*boot.status, &*boot.hostname), ("done", "chalk"), "{}", boot.status_output);
        assert_eq!(boot.status_exit, 0, "{}", boot.status_output);
        assert_eq!(nic(&boot), ("none0", vec!["192.0.2.112/24"]), "boot {boots}");
        assert_eq!(scene.text("/etc/motd").as_deref(), Some("written"));
        assert_eq!(scene.text("/root/ran").as_deref(), Some("ran\n"), "once for the instance");
    }
    scene.expect_told(&["instance iid-datasource-none of the last boot holds"]);
}
