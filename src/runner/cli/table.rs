//! Every command with its options: help, shell completions and man pages are
//! made of this, and the command line is read by it. To add a command: its row
//! here, and its line in `cli::RUN`.

use super::verb::{Operand, Opt, Value, Verb};

const DIRECTORY: Value = Value::Directory("DIR");
const FILE: Value = Value::File("FILE");

/// The program.
pub(crate) static GLOWPLUG: Verb = Verb {
    name: "glowplug",
    summary: "first-boot provisioning",
    about: "\
Turns a generic image into this machine: its name, its network, its files, keys
and commands, from a cloud's seed. What the agent did before the pivot is taken
over and finished. Called as `cloud-init` it takes that program's command line.",
    options: &[
        Opt::flag("debug", 'd', "say more"),
        Opt::flag("force", ' ', "run even where something says not to"),
        Opt::flag("version", 'v', "print the version"),
    ],
    verbs: &[INIT, MODULES, STATUS, NET, DEVEL, PER, FEATURES, CLOUD_ID, COMPLETIONS, MAN],
    notes: &[
        ("Exit status", "1 for what could not be done, 2 for a command line that makes no sense."),
        (
            "Files",
            "\
/etc/cloud/cloud.cfg, /etc/cloud/cloud.cfg.d/*.cfg
                        the machine's own configuration
/var/lib/cloud          what is kept from boot to boot
/run/cloud-init, /run/glowplug
                        what is known of this boot
/var/log/cloud-init.log, /var/log/cloud-init-output.log",
        ),
    ],
    ..Verb::EMPTY
};

const INIT: Verb = Verb {
    name: "init",
    summary: "take the seed over and run the init modules",
    about: "\
Runs the init modules for the instance that the agent, or `init --local`, has
found. With --local it does what the agent does before the pivot, for a machine
whose initramfs has none: it finds the seed, names and configures the NICs and
applies the modules that need files alone; it belongs before every network
service. Where the agent has done that already, nothing is done again.",
    options: &[
        Opt::flag("local", 'l', "find the seed, configure the network"),
        Opt::value("seed", ' ', DIRECTORY, "with --local: a folder in place of a disc"),
        Opt::value("root", ' ', DIRECTORY, "with --local: what stands for /; only its files\nare changed"),
    ],
    notes: &[("Exit status", "The number of errors, 255 at most.")],
    ..Verb::EMPTY
};

const MODULES: Verb = Verb {
    name: "modules",
    summary: "run the modules of a stage",
    options: &[Opt::value(
        "mode",
        'm',
        Value::OneOf("MODE", &["init", "config", "final"]),
        "which: init, config (default) or final",
    )],
    notes: &[("Exit status", "The number of errors, 255 at most.")],
    ..Verb::EMPTY
};

const STATUS: Verb = Verb {
    name: "status",
    summary: "say how far this boot has come",
    options: &[
        Opt::value(
            "format",
            ' ',
            Value::OneOf("FORMAT", &["tabular", "json", "yaml"]),
            "tabular (default), json or yaml",
        ),
        Opt::flag("long", 'l', "say what was wrong, too"),
        Opt::flag("wait", 'w', "wait until it is done"),
    ],
    notes: &[("Exit status", "0 done, under way or switched off, 1 failed, 2 done with recoverable errors.")],
    ..Verb::EMPTY
};

const NET: Verb = Verb {
    name: "net",
    summary: "look at the running machine's network, and change it",
    about: "\
Links, addresses, routes and rules over netlink: no other program is needed.",
    verbs: &[NET_SHOW, NET_FLUSH, NET_PLAN, NET_APPLY],
    ..Verb::EMPTY
};

const NET_SHOW: Verb = Verb {
    name: "show",
    summary: "print links with their addresses, routes and rules",
    about: "\
Prints what the kernel has: links with MAC address, driver, state, MTU and
master, every address, each unicast route through one link (the local table
aside), and rules where there are others than the kernel's own.",
    options: &[Opt::value(
        "format",
        ' ',
        Value::OneOf("FORMAT", &["table", "json"]),
        "table (default) or json, all of it in one line",
    )],
    notes: &[("Example", "glowplug net show --format json | jq -r '.links[] | select(.up) | .name'")],
    ..Verb::EMPTY
};

const NET_FLUSH: Verb = Verb {
    name: "flush",
    summary: "take addresses and routes from a link",
    about: "\
Takes every address but the link's own (fe80::) and every route from a link; it
stays up or down, and in its bond or bridge, as it is.",
    operands: &[Operand::one(Value::Text("LINK"))],
    notes: &[("Exit status", "0, or 1 where that could not be done.")],
    ..Verb::EMPTY
};

/// Where a network is described.
const DESCRIBED: [Opt; 3] = [
    Opt::value("seed", ' ', DIRECTORY, "the tree of a seed, as a config drive has it"),
    Opt::value("network-data", 'p', FILE, "or a description alone, - for standard input"),
    Opt::value(
        "kind",
        'k',
        Value::OneOf("KIND", &["eni", "network_data.json", "yaml"]),
        "what FILE is; yaml: network config 1 or 2",
    ),
];

const NET_STATUS: (&str, &str) =
    ("Exit status", "0, or 1 where something of it can't be done: each is told, and the rest goes on.");

const NET_PLAN: Verb = Verb {
    name: "plan",
    summary: "print what `net apply` would do",
    about: "\
Prints every change that `glowplug net apply` would make, a line each, in order,
and makes none.",
    options: &DESCRIBED,
    notes: &[NET_STATUS, ("Example", "glowplug net plan --network-data /etc/netplan/lan.yaml --kind yaml")],
    ..Verb::EMPTY
};

const NET_APPLY: Verb = Verb {
    name: "apply",
    summary: "set what a seed or a description says, now",
    about: "\
Names the NICs, makes bonds, bridges and VLANs, and sets addresses, routes and
rules, as a boot does where the root has no network back end; what an earlier
description left on these links goes first. Each change made is printed.

Nothing of it outlasts a reboot, and a back end that runs may undo it. There is
no DHCP client: a link that wants a lease is brought up, and that is said.",
    options: &[
        DESCRIBED[0],
        DESCRIBED[1],
        DESCRIBED[2],
        Opt::value("root", ' ', DIRECTORY, "where etc/resolv.conf is written (default /)"),
    ],
    notes: &[NET_STATUS, ("Example", "glowplug net apply --seed /mnt/config-2")],
    ..Verb::EMPTY
};

const DEVEL: Verb = Verb {
    name: "devel",
    summary: "look at what will configure a machine, without touching one",
    verbs: &[DEVEL_YAML, DEVEL_USER_DATA, DEVEL_MAKE_MIME, DEVEL_NET_CONVERT],
    ..Verb::EMPTY
};

/// What `devel` says of its trees.
const TREE: (&str, &str) = (
    "Trees",
    "\
A date is the text it was written as, binary data is base64, a key that is no
string is the text of its value (true, null, 8, 1.5), and what is no number is
NaN, Infinity or -Infinity, as Python's json module writes them.",
);

const DEVEL_YAML: Verb = Verb {
    name: "yaml",
    summary: "print YAML as one line of JSON",
    about: "\
Reads YAML as glowplug and cloud-init do (YAML 1.1, one document) and prints its
tree. Without FILE, or for `-`, it reads standard input. What is wrong is said on
standard error as FILE:LINE:COLUMN: WHY; `warning:` before WHY marks what is
read, but perhaps not as it was meant.",
    operands: &[Operand::optional(FILE)],
    notes: &[
        TREE,
        ("Exit status", "0, or 1 for what can't be read."),
        ("Example", "glowplug devel yaml cloud.yaml | jq .write_files"),
    ],
    ..Verb::EMPTY
};

const DEVEL_USER_DATA: Verb = Verb {
    name: "user-data",
    summary: "print the parts of user-data and the cloud-config they merge to",
    about: "\
Takes user-data apart as a boot does and prints its parts and their cloud-config
as one line of JSON.",
    options: &[Opt::value(
        "instance-data",
        'i',
        FILE,
        "render templates with this instance-data.json\n(`glowplug query --all` prints a machine's)",
    )],
    operands: &[Operand::one(FILE)],
    notes: &[TREE, ("Exit status", "0, or 1 where nothing in it can be used.")],
    ..Verb::EMPTY
};

const DEVEL_MAKE_MIME: Verb = Verb {
    name: "make-mime",
    summary: "put files together into one user-data",
    options: &[
        Opt::value(
            "attach",
            'a',
            Value::Text("FILE:TYPE"),
            "attach FILE as TYPE, without `text/`: as\n`cloud-config` or `x-shellscript`",
        )
        .many(),
        Opt::flag("force", 'f', "take unknown types, too"),
        Opt::flag("list-types", 'l', "list the types and end"),
    ],
    notes: &[(
        "Example",
        "glowplug devel make-mime -a cloud.yaml:cloud-config -a up.sh:x-shellscript > user-data",
    )],
    ..Verb::EMPTY
};

const DEVEL_NET_CONVERT: Verb = Verb {
    name: "net-convert",
    summary: "write a network description for a back end",
    options: &[
        Opt::value("network-data", 'p', FILE, "the description (needed)").required(),
        Opt::value(
            "kind",
            'k',
            Value::OneOf("KIND", &["eni", "network_data.json", "yaml"]),
            "what it is (needed); yaml: network config 1 or 2",
        )
        .required(),
        Opt::value(
            "output-kind",
            'O',
            Value::OneOf("BACK-END", &["eni", "netplan", "networkd", "network-manager", "sysconfig"]),
            "whose files are to be written (needed)",
        )
        .required(),
        Opt::value("distro", 'D', Value::Text("DISTRO"), "for which (needed): debian, rhel, sles, ...")
            .required(),
        Opt::value("directory", 'd', DIRECTORY, "what stands for / (needed); made where missing").required(),
        Opt::value("mac", 'm', Value::Text("NAME,MAC"), "a NIC of the machine").many(),
        Opt::flag("debug", ' ', "say how the description was understood"),
    ],
    ..Verb::EMPTY
};

const PER: Verb = Verb {
    name: "per",
    summary: "run a command unless it has run before",
    about: "\
Runs COMMAND unless it has run before under NAME, and notes its exit status in
/var/lib/cloud. Called as `cloud-init-per` this is the whole program.",
    operands: &[
        Operand::one(Value::OneOf("FREQUENCY", &["once", "instance", "always"])),
        Operand::one(Value::Text("NAME")),
        Operand::many(Value::Text("COMMAND")),
    ],
    notes: &[
        ("Exit status", "COMMAND's; 0 where it has run before."),
        ("Example", "cloud-init-per once grow-data resize2fs /dev/vdb"),
    ],
    ..Verb::EMPTY
};

const FEATURES: Verb =
    Verb { name: "features", summary: "list what this program can do beside the ordinary", ..Verb::EMPTY };

const CLOUD_ID: Verb = Verb {
    name: "cloud-id",
    summary: "print the name of the cloud",
    options: &[
        Opt::flag("json", 'j', "print all that is known of it"),
        Opt::flag("long", 'l', "print region and cloud, too"),
        Opt::value("instance-data", 'i', FILE, "read this instance-data.json"),
    ],
    notes: &[("Exit status", "0 known, 1 unknown or failed, 2 switched off, 3 not known yet.")],
    ..Verb::EMPTY
};

const COMPLETIONS: Verb = Verb {
    name: "completions",
    summary: "print the completions of a shell",
    operands: &[Operand::one(Value::OneOf("SHELL", &["bash", "zsh", "fish"]))],
    notes: &[("Example", "glowplug completions bash > /usr/share/bash-completion/completions/glowplug")],
    ..Verb::EMPTY
};

const MAN: Verb = Verb {
    name: "man",
    summary: "print a man page, or write all of them",
    options: &[Opt::value("directory", 'd', DIRECTORY, "write every page into this directory")],
    operands: &[Operand::optional(Value::Text("COMMAND"))],
    notes: &[("Example", "glowplug man status | man -l -")],
    ..Verb::EMPTY
};
