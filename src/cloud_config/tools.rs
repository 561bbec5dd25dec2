//! What the modules read that hand over to another program: ansible, puppet,
//! snap(1), pro(1), subscription-manager(8).

use super::schema::{Key, Kind};

/// The keys, for `glowplug schema`.
pub static KEYS: &[Key] = &[
    Key::new("ansible", Kind::Map(ANSIBLE)),
    Key::new("puppet", Kind::Map(PUPPET)),
    Key::new("rh_subscription", Kind::Map(RH_SUBSCRIPTION)),
    Key::new("snap", Kind::Map(SNAP)),
    Key::new("ubuntu-advantage", Kind::Map(UBUNTU_PRO)).old("ubuntu_pro"),
    Key::new("ubuntu_advantage", Kind::Map(UBUNTU_PRO)).old("ubuntu_pro"),
    Key::new("ubuntu_pro", Kind::Map(UBUNTU_PRO)),
];

const WORDS: Kind = Kind::List(&Kind::Text);

static ANSIBLE: &[Key] = &[
    Key::new("ansible_config", Kind::Text),
    Key::new("galaxy", Kind::Map(&[Key::new("actions", Kind::List(&WORDS)).required()])),
    Key::new("install_method", Kind::OneOf(&["distro", "pip"])),
    Key::new("package_name", Kind::Text),
    Key::new("pull", Kind::Either(&[Kind::Map(PULL), Kind::List(&Kind::Map(PULL))])),
    Key::new("run_user", Kind::Text),
    Key::new(
        "setup_controller",
        Kind::Map(&[
            Key::new("repositories", Kind::List(&Kind::Map(REPOSITORY))),
            Key::new("run_ansible", Kind::List(&Kind::Map(PLAYBOOK))),
        ]),
    ),
];

static REPOSITORY: &[Key] =
    &[Key::new("path", Kind::Text).required(), Key::new("source", Kind::Text).required()];

/// Options of ansible-pull(1).
static PULL: &[Key] = &[
    Key::new("accept_host_key", Kind::Bool),
    Key::new("checkout", Kind::Text),
    Key::new("clean", Kind::Bool),
    Key::new("connection", Kind::Text),
    Key::new("diff", Kind::Bool),
    Key::new("full", Kind::Bool),
    Key::new("module_name", Kind::Text),
    Key::new("module_path", Kind::Text),
    Key::new("playbook_name", Kind::Text),
    Key::new("playbook_names", WORDS),
    Key::new("private_key", Kind::Text),
    Key::new("scp_extra_args", Kind::Text),
    Key::new("sftp_extra_args", Kind::Text),
    Key::new("skip_tags", Kind::Text),
    Key::new("sleep", Kind::Scalar),
    Key::new("ssh_common_args", Kind::Text),
    Key::new("tags", Kind::Text),
    Key::new("timeout", Kind::Scalar),
    Key::new("url", Kind::Text).required(),
    Key::new("vault_id", Kind::Text),
    Key::new("vault_password_file", Kind::Text),
];

/// Options of ansible-playbook(1).
static PLAYBOOK: &[Key] = &[
    Key::new("args", Kind::Text),
    Key::new("background", Kind::Number),
    Key::new("become_password_file", Kind::Text),
    Key::new("check", Kind::Bool),
    Key::new("connection", Kind::Text),
    Key::new("connection_password_file", Kind::Text),
    Key::new("diff", Kind::Bool),
    Key::new("extra_vars", Kind::Text),
    Key::new("forks", Kind::Number),
    Key::new("inventory", Kind::Text),
    Key::new("list_hosts", Kind::Bool),
    Key::new("module_name", Kind::Text),
    Key::new("module_path", Kind::Text),
    Key::new("playbook_dir", Kind::Text).required(),
    Key::new("playbook_name", Kind::Text).required(),
    Key::new("poll", Kind::Number),
    Key::new("private_key", Kind::Text),
    Key::new("scp_extra_args", Kind::Text),
    Key::new("sftp_extra_args", Kind::Text),
    Key::new("skip_tags", Kind::Text),
    Key::new("sleep", Kind::Scalar),
    Key::new("syntax_check", Kind::Bool),
    Key::new("tags", Kind::Text),
    Key::new("timeout", Kind::Number),
    Key::new("vault_id", Kind::Text),
    Key::new("vault_password_file", Kind::Text),
];

static PUPPET: &[Key] = &[
    Key::new("aio_install_url", Kind::Text),
    Key::new("cleanup", Kind::Bool),
    Key::new("collection", Kind::Text),
    Key::new(
        "conf",
        Kind::Map(&[
            Key::new("agent", SECTION),
            Key::new("ca_cert", Kind::Text),
            Key::new("main", SECTION),
            Key::new("server", SECTION),
            Key::new("user", SECTION),
        ]),
    ),
    Key::new("conf_file", Kind::Text),
    Key::new(
        "csr_attributes",
        Kind::Map(&[
            Key::new("custom_attributes", Kind::MapOf(&Kind::Any)),
            Key::new("extension_requests", Kind::MapOf(&Kind::Any)),
        ]),
    ),
    Key::new("csr_attributes_path", Kind::Text),
    Key::new("exec", Kind::Bool),
    Key::new("exec_args", Kind::Either(&[WORDS, Kind::Text])),
    Key::new("install", Kind::Bool),
    Key::new("install_type", Kind::OneOf(&["packages", "aio"])),
    Key::new("package_name", Kind::Text),
    Key::new("ssl_dir", Kind::Text),
    Key::new("start_service", Kind::Bool),
    Key::new("version", Kind::Scalar),
];

const SECTION: Kind = Kind::MapOf(&Kind::Either(&[Kind::Scalar, Kind::Bool]));

/// Newer versions spell them with `_`.
static RH_SUBSCRIPTION: &[Key] = &[
    Key::new("activation-key", Kind::Scalar),
    Key::new("activation_key", Kind::Scalar),
    Key::new("add-pool", WORDS),
    Key::new("add_pool", WORDS),
    Key::new("auto-attach", Kind::Bool),
    Key::new("auto_attach", Kind::Bool),
    Key::new("disable-repo", WORDS),
    Key::new("disable_repo", WORDS),
    Key::new("enable-repo", WORDS),
    Key::new("enable_repo", WORDS),
    Key::new("org", Kind::Scalar),
    Key::new("password", Kind::Scalar),
    Key::new("release_version", Kind::Scalar),
    Key::new("rhsm-baseurl", Kind::Text),
    Key::new("rhsm_baseurl", Kind::Text),
    Key::new("server-hostname", Kind::Text),
    Key::new("server_hostname", Kind::Text),
    Key::new("service-level", Kind::Text),
    Key::new("service_level", Kind::Text),
    Key::new("username", Kind::Scalar),
];

const COMMAND: Kind = Kind::Either(&[Kind::Text, WORDS]);

static SNAP: &[Key] = &[
    Key::new("assertions", Kind::Either(&[WORDS, Kind::MapOf(&Kind::Text)])),
    Key::new("commands", Kind::Either(&[Kind::List(&COMMAND), Kind::MapOf(&COMMAND)])),
];

static UBUNTU_PRO: &[Key] = &[
    Key::new("config", Kind::MapOf(&Kind::Scalar)),
    Key::new("enable", WORDS),
    Key::new("enable_beta", WORDS),
    Key::new("features", Kind::Map(&[Key::new("disable_auto_attach", Kind::Bool)])),
    Key::new("token", Kind::Text),
];
