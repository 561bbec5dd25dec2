//! Seeds with a place `<>` for each text that goes into a format; what is
//! between the brackets is harmless there, else anything is. Texts that are
//! somebody's own lines by what they are (scripts, whole files, templates) have
//! no place. A name is that of the module, and of the roots that it is for.

/// Name and cloud-config.
pub(crate) const SEEDS: &[(&str, &str)] = &[
    (
        "users_groups",
        "users: [{name: <>, gecos: <>, homedir: </home/zz9>, shell: </bin/zz9>, primary_group: <g3zz9>, \
      groups: [<g1zz9>, <g2zz9>], expiredate: <2030-01-01>, inactive: <5>, uid: <1500>, selinux_user: <staff_u>}]\n",
    ),
    (
        "users_groups",
        "users: [{name: bob, sudo: [<ALL=(ALL) NOPASSWD: /bin/zz9>, <ALL=(zz9) ALL>], \
      doas: [<permit nopass bob as zz9>]}]\n",
    ),
    ("users_groups", "users: [{name: <>, sudo: 'ALL=(ALL) ALL', doas: ['permit bob']}]\n"),
    (
        "users_groups",
        "users: [{name: bob, passwd: <$6$zz9$x>, ssh_authorized_keys: [<ssh-rsa AAAAzz9 c>]}]\n",
    ),
    (
        "users_groups",
        "users: [{name: bob, hashed_passwd: <$6$zz9$x>}, {name: old, plain_text_passwd: <>, lock_passwd: false}]\n",
    ),
    ("users_groups", "groups: [<g1zz9>, {<g2zz9>: [old, <old>]}]\nusers: []\n"),
    ("users_groups", "users: {<>: {gecos: <>, groups: [<g1zz9>]}}\n"),
    (
        "ssh debian fedora",
        "user: {name: old}\nssh_authorized_keys: [<ssh-rsa AAAAzz9 c>, <ssh-rsa BBBB zz9>]\n",
    ),
    ("ssh debian fedora", "user: {name: <old>}\nssh_authorized_keys: [ssh-rsa AAAA c]\n"),
    (
        "set_passwords",
        "chpasswd: {users: [{name: <old>, password: <$6$zz9$x>}, {name: old, password: <>, type: text}, \
      {name: <old>, type: RANDOM}], list: [<old:zz9>]}\n",
    ),
    ("set_passwords", "user: {name: <old>}\npassword: <>\nssh_pwauth: <yes>\n"),
    (
        "ssh_import_id debian fedora opensuse-leap arch",
        "users: [{name: old, ssh_import_id: [<>, <gh:zz9>]}]\n",
    ),
    ("mounts", "mounts: [[<vdb1>, </mnt/zz9>, <ext4>, <defaults>, <0>, <2>], [/dev/vdb, /mnt]]\n"),
    ("mounts", "mounts: [[/dev/vdb, /mnt]]\nmount_default_fields: [null, null, <zz9>, <zz9>, <0>, <2>]\n"),
    ("mounts", "swap: {filename: </zz9>, size: 1048576}\n"),
    ("set_hostname", "hostname: <zz9>\nfqdn: <zz9.example.org>\n"),
    ("update_etc_hosts", "manage_etc_hosts: localhost\nhostname: <zz9>\nfqdn: <zz9.example.org>\n"),
    ("update_etc_hosts", "manage_etc_hosts: true\nhostname: <zz9>\n"),
    (
        "resolv_conf",
        "manage_resolv_conf: true\nresolv_conf: {nameservers: [<10.0.0.1>, <>], searchdomains: [<>, <zz9.org>], \
      domain: <>, sortlist: [<>], options: {<>: true, <zz8>: <>, rotate: true}}\n",
    ),
    ("-timezone", "timezone: <Europe/Berlin>\n"),
    ("-locale", "locale: <de_DE.UTF-8>\n"),
    ("-keyboard", "keyboard: {layout: <us>, model: <pc105>, variant: <zz9>, options: <zz9>}\n"),
    ("-ntp", "ntp: {servers: [<>, a.b], pools: [<>, a.b], peers: [<>], allow: [<10.0.0.0/8>]}\n"),
    ("-ntp", "ntp: {ntp_client: chrony, servers: [<>, a.b], config: {service_name: <>}}\n"),
    ("-ntp", "ntp: {ntp_client: systemd-timesyncd, servers: [<>, a.b], pools: [<>, a.b]}\n"),
    (
        "-ntp",
        "ntp: {ntp_client: ntp, servers: [<>, a.b], pools: [<>, a.b], peers: [<>], allow: [<10.0.0.0/8>]}\n",
    ),
    (
        "-ntp",
        "ntp: {ntp_client: zz9, servers: [a], config: {check_exe: <>, confpath: /etc/x, service_name: s, \
      template: x, packages: [<>, p]}}\n",
    ),
    (
        "rsyslog",
        "rsyslog: {configs: [{content: '*.* /x', filename: <zz9.conf>}], remotes: {<>: <10.0.0.1>, y: <*.* @@zz9:514>}, \
      packages: [<>], install_rsyslog: true, check_exe: nothing}\n",
    ),
    (
        "apt_configure debian",
        "apt: {proxy: <http://zz9/>, http_proxy: <http://zz9/>, ftp_proxy: <http://zz9/>, https_proxy: <http://zz9/>}\n",
    ),
    (
        "apt_configure debian",
        "apt: {primary: [{arches: [default], uri: <http://zz9/>}], security: [{arches: [default], uri: <http://zz9/>}]}\n",
    ),
    (
        "apt_configure debian",
        "apt: {sources: {<zz9.list>: {source: 'deb [signed-by=$KEY_FILE] http://a/ b c', keyid: <ABCD>, \
      keyserver: <zz9>}, y: {source: 'deb http://a/ b c', filename: <zz9.list>}}}\n",
    ),
    ("apt_configure debian", "apt: {sources: {p: {source: 'ppa:zz9/x'}}, disable_suites: [<zz9>]}\n"),
    (
        "yum_add_repo fedora",
        "yum_repos: {<>: {baseurl: <http://zz9/>, name: <>, <kzz9>: <>, exclude: [<>, b]}}\n",
    ),
    (
        "zypper_add_repo opensuse-leap",
        "zypper: {repos: [{id: <>, baseurl: <http://zz9/>, name: <>, <kzz9>: <>, x: [<>, b]}], \
      config: {<zz9>: <>, y: [<>, b]}}\n",
    ),
    (
        "apk_configure alpine",
        "apk_repos: {alpine_repo: {base_url: <http://zz9/>, version: <v3.20>, community_enabled: true}, \
      local_repo_base_url: <http://zz9/>}\n",
    ),
    (
        "package_update_upgrade_install debian fedora opensuse-leap arch alpine",
        "packages: [<>, [<>, <1.0>], p]\n",
    ),
    ("-growpart", "growpart: {devices: [<>, /dev/vdb1]}\n"),
    (
        "-disk_setup",
        "disk_setup: {<vdb>: {table_type: gpt, layout: true}}\nfs_setup: [{device: </dev/vdb1>, filesystem: <ext4>, \
      label: <>}]\n",
    ),
    ("-phone_home", "phone_home: {url: <http://zz9/>, post: all}\n"),
    ("-power_state_change", "power_state: {mode: <reboot>, delay: <+5>, message: <>}\n"),
    ("runcmd", "runcmd: [[<>, <>], [echo, <>]]\n"),
    ("ca_certs", "ca_certs: {trusted: [x]}\n"),
    ("-bootcmd", "bootcmd: [[<>, <>], [echo, <>]]\n"),
    (
        "seed_random",
        "random_seed: {file: /var/x, data: x, encoding: <raw>, command: [<>, <>], command_required: true}\n",
    ),
    ("write_files", "write_files: [{path: /etc/x, owner: <root:root>, permissions: <0640>, content: x}]\n"),
    (
        "-write_files",
        "write_files: [{path: /etc/x, source: {uri: <http://zz9/>, headers: {<kzz9>: <>}}, content: x}]\n",
    ),
    (
        "write_files_deferred",
        "write_files: [{path: /etc/x, owner: <old:old>, permissions: <0640>, content: x, defer: true}]\n",
    ),
    (
        "-wireguard",
        "wireguard: {interfaces: [{name: <wgzz9>, config_path: /etc/wireguard/x.conf, content: x}], \
      readinessprobe: [<zz9>]}\n",
    ),
    ("-apt_pipelining debian", "apt_pipelining: <5>\n"),
    ("-ssh_authkey_fingerprints", "authkey_hash: <sha256>\nusers: [{name: old}]\n"),
    ("-snap", "snap: {assertions: [x], commands: [[snap, install, hello], {<zz9>: [snap, refresh]}]}\n"),
    (
        "-ubuntu_pro",
        "ubuntu_pro: {token: <zz9>, enable: [<esm-infra>], config: {http_proxy: <http://zz9/>, \
      ua_data_url: <http://zz9/>}, features: {<zz9>: <zz8>}}\n",
    ),
    (
        "-rh_subscription",
        "rh_subscription: {username: <zz9>, password: <>, org: <zz9>, service-level: <self-support>, \
      add-pool: [<zz9>], enable-repo: [<zz9>], disable-repo: [<zz8>], server-hostname: <zz9>}\n",
    ),
    (
        "-puppet",
        "puppet: {package_name: <zz9>, version: <1>, exec: true, exec_args: [--test], \
      conf: {<main>: {<server>: <zz9>}, ca_cert: x}, csr_attributes: {custom_attributes: {<zz9>: <>}}}\n",
    ),
    (
        "-puppet",
        "puppet: {install_type: aio, cleanup: false, aio_install_url: <http://zz9/>, collection: <zz9>, version: <1>}\n",
    ),
    (
        "-ansible",
        "ansible: {package_name: <ansible-core>, run_user: <old>, install_method: <distro>, \
      galaxy: {actions: [[ansible-galaxy, install, x]]}, \
      pull: {url: <http://zz9/>, playbook_name: <zz9.yml>, checkout: <zz9>, tags: <zz9>}}\n",
    ),
    ("-keys_to_console", "ssh_fp_console_blacklist: [<>]\nssh_key_console_blacklist: [<>]\n"),
    ("-final_message", "final_message: hello\n"),
];
