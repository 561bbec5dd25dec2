//! Seeds unlike the sample: what it has and how it says it is not built in.

use crate::scene::{Scene, addresses, link, metadata, write_seed};

#[test]
fn a_plain_script_as_user_data() {
    let seed = write_seed(
        "script",
        &[
            ("meta_data.json", r#"{"uuid": "9b3f", "hostname": "kiln.internal", "public_keys": {}}"#),
            (
                "network_data.json",
                r#"{"links": [
                     {"id": "a", "name": "lan7", "type": "phy", "ethernet_mac_address": "0e:00:5e:00:53:07"},
                     {"id": "b", "name": "eth0", "type": "vif", "ethernet_mac_address": "0e:00:5e:00:53:08"},
                     {"id": "c", "name": "eth2", "type": "phy", "ethernet_mac_address": "0e:00:5e:00:53:09"}],
                    "networks": [
                     {"id": "n", "link": "a", "type": "ipv4", "ip_address": "10.9.8.7", "netmask": "255.255.252.0",
                      "gateway": "10.9.8.1"},
                     {"id": "m", "link": "c", "type": "ipv6", "ip_address": "2001:db8:7::9/56"}]}"#,
            ),
            ("user_data", "#!/bin/sh\nip -o -4 addr show dev lan7 > /srv-address\nexit 0\n"),
        ],
    );
    let mut scene = Scene::new("script", &[&seed]);
    let boot = scene.boot_seed(&seed);
    let contents = scene.contents();
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "kiln"));
    let names: Vec<&str> = ["07", "08", "09"]
        .iter()
        .map(|end| link(&boot, &format!("0e:00:5e:00:53:{end}")).name.as_str())
        .collect();
    assert_eq!(names, ["lan7", "eth0", "eth2"]);
    assert_eq!(addresses(link(&boot, "0e:00:5e:00:53:07")), ["10.9.8.7/22"]);
    assert_eq!(addresses(link(&boot, "0e:00:5e:00:53:09")), ["2001:db8:7::9/56"]);
    assert!(
        boot.routes.iter().any(|route| route.starts_with("default via 10.9.8.1 dev lan7")),
        "{:?}",
        boot.routes
    );
    assert!(contents.text("/srv-address").unwrap_or_default().contains("10.9.8.7/22"));
    assert!(!contents.entries.contains_key("/etc/init.d/S10hello"));
}

#[test]
fn a_plain_cloud_config_as_user_data() {
    let seed = write_seed(
        "plain",
        &[
            ("meta_data.json", r#"{"uuid": "77aa", "hostname": "by-metadata"}"#),
            (
                "user_data",
                "#cloud-config\n\
                 hostname: anvil\n\
                 write_files:\n\
                 - {path: /opt/deep/down/list.txt, content: \"a\\nb\\n\", permissions: '0711', owner: 'nobody:nogroup'}\n\
                 - path: /etc/init.d/S30early\n\
                 \x20 permissions: '0700'\n\
                 \x20 content: |\n\
                 \x20   #!/bin/sh\n\
                 \x20   cat /opt/deep/down/list.txt > /run/early\n\
                 runcmd:\n\
                 - [touch, /root/with space]\n",
            ),
        ],
    );
    let mut scene = Scene::new("plain", &[&seed]);
    let boot = scene.boot_seed(&seed);
    let contents = scene.contents();
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "anvil"));
    assert_eq!(metadata(&contents, "/opt/deep/down/list.txt"), (0o711, 65534, 65534));
    assert_eq!(contents.text("/opt/deep/down/list.txt").as_deref(), Some("a\nb\n"));
    assert_eq!(boot.run_files.get("/run/early").map(String::as_str), Some("a\nb\n"));
    assert!(contents.entries.contains_key("/root/with space"));
}

#[test]
fn a_template_and_a_json_patch_are_read_after_the_pivot() {
    let seed = write_seed(
        "template",
        &[
            ("meta_data.json", r#"{"uuid": "c0de", "hostname": "lathe"}"#),
            (
                "user_data",
                "Content-Type: multipart/mixed; boundary=B\nMIME-Version: 1.0\n\n\
                 --B\nContent-Type: text/jinja2\n\n\
                 ## template: jinja\n#cloud-config\n\
                 write_files:\n\
                 - {path: /etc/whoami, content: \"{{ v1.local_hostname }} is {{ v1.instance_id }}\\n\"}\n\
                 runcmd:\n- touch /root/template\n\
                 --B\nContent-Type: text/cloud-config-jsonp\n\n\
                 [{\"op\": \"add\", \"path\": \"/runcmd/-\", \"value\": \"touch /root/patch\"}]\n\
                 --B--\n",
            ),
        ],
    );
    let mut scene = Scene::new("template", &[&seed]);
    let boot = scene.boot_seed(&seed);
    scene.expect_told(&["left to the runner", "a template"]);
    let contents = scene.contents();
    assert_eq!((boot.status.as_str(), boot.hostname.as_str()), ("done", "lathe"));
    assert_eq!(contents.text("/etc/whoami").as_deref(), Some("lathe is c0de\n"));
    for file in ["/root/template", "/root/patch"] {
        assert!(contents.entries.contains_key(file), "{file}");
    }
}
