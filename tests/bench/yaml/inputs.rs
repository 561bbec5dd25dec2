//! The four inputs, the same in every run.

/// A fixed sequence of numbers (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

const WORDS: [&str; 16] = [
    "server",
    "backend",
    "the",
    "of",
    "mount",
    "service",
    "a",
    "eth0",
    "default",
    "network-online",
    "cache",
    "is",
    "primary",
    "with",
    "/var/lib/app",
    "data",
];

/// A cloud-config as people write them, about 2 KB.
pub fn cloud_config() -> String {
    "\
#cloud-config
# Web server of the shop, two of them behind one address.
hostname: web-01
fqdn: web-01.shop.example.com
manage_etc_hosts: true
locale: en_US.UTF-8
timezone: Europe/Berlin

users:
  - default
  - name: deploy
    gecos: Deployment user
    groups: [adm, sudo, docker]
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL   # only for the playbooks
    ssh_authorized_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGt2hWlXNnQrVJ0nQ7yHqZcWm8T3nq2kq1Jm5cPz3aXv deploy@control
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMpQ1o9Yx4Z7sV0k8HfD2uWcT6bRgN5aEjLqX3vOi1yK backup@control

ssh_pwauth: false
disable_root: true
package_update: true
package_upgrade: false
packages:
- nginx
- postgresql-client
- jq
- unattended-upgrades

write_files:
- path: /etc/nginx/conf.d/shop.conf
  owner: root:root
  permissions: '0644'
  content: |
    server {
        listen 80 default_server;
        server_name \"shop.example.com\";
        location / {
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header Host $host;
        }
    }
- path: /etc/sysctl.d/60-shop.conf
  permissions: \"0600\"
  content: |
    net.core.somaxconn = 4096
    vm.swappiness = 10

ntp:
  enabled: true
  servers: [0.pool.ntp.org, 1.pool.ntp.org]

mounts:
  - [/dev/vdb, /srv, ext4, \"defaults,nofail\", \"0\", \"2\"]

runcmd:
  - [systemctl, enable, --now, nginx]
  - mkdir -p /srv/shop && chown deploy /srv/shop
  - 'curl -fsS https://control.example.com/register -d name=web-01'
  - |
    for unit in shop-api shop-worker; do
      systemctl enable --now $unit
    done

power_state:
  mode: reboot
  timeout: 30
  condition: true
final_message: >-
  The machine is up
  after $UPTIME seconds.
"
    .into()
}

/// A cloud-config with one file of 57 KB in base64.
pub fn base64_file() -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut text = cloud_config();
    text.push_str("bootcmd:\n- echo one\nfiles:\n- path: /opt/agent.tar.gz\n  encoding: b64\n  content: |\n");
    while text.len() < 60_000 {
        text.push_str("    ");
        for _ in 0..76 {
            text.push(char::from(DIGITS[dice.roll(64)]));
        }
        text.push('\n');
    }
    text.push_str("last: 1\n");
    text
}

/// 1 MB of small nodes in every way of writing them.
pub fn small_nodes() -> String {
    let mut dice = Dice(0x0123_4567_89ab_cdef);
    let mut text = String::from("hosts:\n");
    let mut number = 0;
    while text.len() < 1_000_000 {
        number += 1;
        let (word, other) = (dice.pick(&WORDS), dice.pick(&WORDS));
        let octet = dice.roll(255);
        text.push_str(&match dice.roll(6) {
            0 => format!("- name: host-{number}\n  id: {number}\n  address: 10.0.{octet}.7\n  up: true\n"),
            1 => format!("- name: host-{number}\n  tags: [{word}, {other}, x{octet}]\n  mtu: 1500\n"),
            2 => format!(
                "- name: \"host {number}\"\n  routes:\n  - {{to: 10.{octet}.0.0/16, via: 10.0.0.1}}\n"
            ),
            3 => format!(
                "- name: 'host-{number}'\n  match:\n    mac: \"52:54:00:12:34:56\"\n    index: {octet}\n"
            ),
            4 => format!("- - {word}\n  - {other} {octet}\n  - {number}\n"),
            _ => format!(
                "# {word} {other}\n- name: host-{number} # {word}\n  description: {word} {other} {octet}\n"
            ),
        });
    }
    text
}

/// 16 MB of files in literal blocks.
pub fn block_scalars() -> String {
    let mut dice = Dice(0xfeed_beef_dead_cafe);
    let mut text = String::from("#cloud-config\nwrite_files:\n");
    let mut number = 0;
    while text.len() < 16_000_000 {
        number += 1;
        text.push_str(&format!("- path: /srv/data/file-{number}.txt\n  permissions: '0644'\n  content: |\n"));
        for _ in 0..100 + dice.roll(1000) {
            text.push_str("    ");
            for _ in 0..4 + dice.roll(8) {
                text.push_str(dice.pick(&WORDS));
                text.push(' ');
            }
            text.push_str("end\n");
        }
    }
    text
}
