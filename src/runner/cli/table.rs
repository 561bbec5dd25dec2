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
        FILES,
        Opt::flag("debug", 'd', "say every action of a stage"),
        Opt::flag("force", ' ', "run the modules without an instance, too"),
        Opt::flag("version", 'v', "print the version"),
    ],
    verbs: &[
        INIT,
        MODULES,
        SINGLE,
        STATUS,
        QUERY,
        PLAN,
        SCHEMA,
        ANALYZE,
        CACHE,
        NET,
        CLEAN,
        COLLECT_LOGS,
        DEVEL,
        PER,
        FEATURES,
        CLOUD_ID,
        INSTALL,
        UNINSTALL,
        COMPLETIONS,
        MAN,
    ],
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

/// Further configuration for the modules.
const FILES: Opt = Opt::value("file", 'f', FILE, "further configuration, which wins over all").many();

const INIT: Verb = Verb {
    name: "init",
    summary: "take the seed over and run the init modules",
    about: "\
Runs the init modules for the instance that the agent, or `init --local`, has
found. With --local it does what the agent does before the pivot, for a machine
whose initramfs has none: it finds the seed, names and configures the NICs and
applies the modules that need files alone; it belongs before every network
service. Where the agent has done that already, nothing is done again. A machine
that has no seed is provisioned by /etc/cloud alone where that has None in its
datasource_list.",
    options: &[
        Opt::flag("local", 'l', "find the seed, configure the network"),
        Opt::value("seed", ' ', DIRECTORY, "with --local: a folder in place of a disc"),
        Opt::value("root", ' ', DIRECTORY, "what stands for /; with --local only its files\nare changed"),
        FILES,
    ],
    notes: &[
        OTHER_ROOT,
        ("Exit status", "0 done, 1 something asked for did not happen, 2 done with warnings."),
    ],
    ..Verb::EMPTY
};

/// What becomes of the machine that makes another root ready.
const OTHER_ROOT: (&str, &str) = (
    "Another root",
    "\
With --root, modules run as if that were the machine: changed to it, with
mounts and a host name of their own and an empty /run. The machine stays on,
whatever power_state says; what there is only once (swap, sysctl, the network)
is its own. The instance is the one that init --local --root made of a seed.",
);

const MODULES: Verb = Verb {
    name: "modules",
    summary: "run the modules of a stage",
    options: &[
        Opt::value(
            "mode",
            'm',
            Value::OneOf("MODE", &["init", "config", "final"]),
            "which: init, config (default) or final",
        ),
        Opt::value("root", ' ', DIRECTORY, "what stands for /"),
        FILES,
    ],
    notes: &[
        OTHER_ROOT,
        ("Exit status", "0 done, 1 something asked for did not happen, 2 done with warnings."),
    ],
    ..Verb::EMPTY
};

const SINGLE: Verb = Verb {
    name: "single",
    summary: "run one module",
    about: "\
Runs a module for the instance of this boot, outside of its stage. One that has
run as often as it is to run is not run again. What follows the options is given
to the module, as cloud.cfg's list of modules may do.",
    options: &[
        Opt::value("name", 'n', Value::Text("NAME"), "which").required(),
        Opt::value(
            "frequency",
            ' ',
            Value::OneOf("FREQUENCY", &["instance", "always", "once"]),
            "how often it is to run, in place of its own",
        ),
        Opt::flag("report", ' ', "taken for cloud-init's sake"),
        Opt::flag("force", ' ', "run without an instance, too"),
        FILES,
    ],
    operands: &[Operand::many(Value::Text("ARGUMENT"))],
    notes: &[
        ("Exit status", "0, or 1 where it failed."),
        ("Example", "glowplug single --name write_files --frequency always"),
    ],
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

/// Of installing and taking away.
const ROOT: Opt = Opt::value("root", ' ', DIRECTORY, "the root it is for (default /)");
const PRINT: Opt = Opt::flag("print", ' ', "print what would be done, change nothing");
const REBUILD: Opt = Opt::flag("rebuild", ' ', "pack every initramfs anew");

const INSTALL: Verb = Verb {
    name: "install",
    summary: "put into a root what provisions it when it boots",
    about: "\
Finds what a root uses (systemd, OpenRC, System V or BusyBox init; dracut,
initramfs-tools, mkinitcpio, mkinitfs) and puts the programs, the hooks of the
initramfs and what starts the stages in place. Each change is printed. Installed
twice is installed once; what somebody has changed since is not written over.

A root whose cloud-init is enabled is refused: one of --replace and --beside says
how the two are to share it.",
    options: &[
        ROOT,
        PRINT,
        Opt::flag(
            "replace",
            ' ',
            "keep its cloud-init from starting and answer to its\nnames; uninstall undoes that",
        ),
        Opt::flag("beside", ' ', "hand the seed to its cloud-init, which does the rest"),
        Opt::value("agent", ' ', FILE, "glowplug-agent (default: the one beside this program)"),
        Opt::flag("force", ' ', "write over what is there and not ours"),
        REBUILD,
    ],
    notes: &[
        (
            "Exit status",
            "0, or 1 where that could not be done: the root may be changed in part, and the
next try goes on from there.",
        ),
        ("Files", "/usr/lib/glowplug/manifest  what was put in place; `glowplug uninstall` reads it"),
        ("Example", "glowplug install --root /mnt --print"),
    ],
    ..Verb::EMPTY
};

const UNINSTALL: Verb = Verb {
    name: "uninstall",
    summary: "take away what `install` put into a root",
    about: "\
Takes away what is in the manifest, and starts the root's cloud-init again where
--replace had stopped it. What somebody has changed since stays and is named, and
so does all that glowplug has done to the machine.",
    options: &[ROOT, PRINT, REBUILD],
    notes: &[("Exit status", "0, or 1 where something stayed.")],
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
no DHCP client: a link that wants a lease is brought up, and that is said. What
resolv.conf was is kept below /var/lib/glowplug/replaced. In a network namespace
that is not the machine's own it is written only where --root says so.",
    options: &[
        DESCRIBED[0],
        DESCRIBED[1],
        DESCRIBED[2],
        Opt::value("root", ' ', DIRECTORY, "where etc/resolv.conf is written (default /)"),
    ],
    notes: &[NET_STATUS, ("Example", "glowplug net apply --seed /mnt/config-2")],
    ..Verb::EMPTY
};

const QUERY: Verb = Verb {
    name: "query",
    summary: "print what is known of the instance",
    about: "\
Prints a value of the instance data: KEY is a path with dots, `_` stands for any
character that is neither letter nor digit, and the keys of v1 are at the top,
too. Strings are printed as they are, anything else as JSON. Only root sees what
is secret.",
    options: &[
        Opt::flag("all", 'a', "print everything"),
        Opt::value("format", 'f', Value::Text("TEMPLATE"), "print a text with {{ KEY }} in it"),
        Opt::flag("list-keys", 'l', "print the keys below KEY, a line each"),
        Opt::value("instance-data", 'i', FILE, "read this instance-data.json"),
        Opt::value("user-data", 'u', FILE, "read user-data from this file"),
        Opt::value("vendor-data", 'v', FILE, "read vendor-data from this file"),
        Opt::flag("debug", 'd', "taken for cloud-init's sake"),
    ],
    operands: &[Operand::optional(Value::Text("KEY"))],
    notes: &[
        ("Exit status", "0, or 1 for what there is none of."),
        (
            "Examples",
            "\
glowplug query v1.instance_id
glowplug query --list-keys ds.meta_data
glowplug query --format '{{ v1.local_hostname }} in {{ v1.region }}'",
        ),
    ],
    ..Verb::EMPTY
};

const PLAN: Verb = Verb {
    name: "plan",
    summary: "print what a boot would do, and change nothing",
    about: "\
Finds the seed, reads it and prints every action of all stages in order: files
with mode, owner and size, links, names, addresses, programs. What a later stage
finds is the machine as it is now, since nothing is done.",
    options: &[
        Opt::value("seed", ' ', DIRECTORY, "a folder in place of a disc"),
        Opt::value("root", ' ', DIRECTORY, "what stands for /"),
        Opt::value("format", ' ', Value::OneOf("FORMAT", &["text", "json"]), "text (default) or json"),
    ],
    notes: &[
        ("Exit status", "0, or 1 where nothing would be provisioned."),
        ("Example", "glowplug plan --seed ./config-drive --root /mnt/image"),
    ],
    ..Verb::EMPTY
};

const SCHEMA: Verb = Verb {
    name: "schema",
    summary: "check a cloud-config",
    about: "\
Says with line and column what in a cloud-config nothing reads, what has a value
that will not be taken, and what reads differently from how it looks. User-data
of many parts is taken apart, and each of its cloud-configs is checked.",
    options: &[
        Opt::value("config-file", 'c', FILE, "the cloud-config, or user-data of any kind"),
        Opt::flag("system", ' ', "check this machine's own (for root)"),
        Opt::value(
            "docs",
            'd',
            Value::Text("MODULE"),
            "print when a module runs and what its keys may\nhold; a key stands for its modules, all for\nevery one",
        )
        .many(),
        Opt::flag("annotate", ' ', "print the text with the faults in it"),
        Opt::value(
            "schema-type",
            't',
            Value::OneOf("TYPE", &["cloud-config", "network-config"]),
            "what the file is: cloud-config (default) or\nnetwork-config: version 1 or 2, or network_data.json",
        ),
        Opt::value("instance-data", 'i', FILE, "render templates with this instance-data.json"),
    ],
    notes: &[
        ("Exit status", "0, or 1 where something is to be mended."),
        ("Example", "glowplug schema -c cloud.yaml --annotate"),
    ],
    ..Verb::EMPTY
};

const ANALYZE: Verb = Verb {
    name: "analyze",
    summary: "say where the time of this boot went",
    verbs: &[
        Verb {
            name: "show",
            summary: "print the steps of each stage in their order",
            options: &[
                TIMINGS[0],
                TIMINGS[1],
                Opt::value("format", 'f', Value::Text("FORMAT"), "how each step is printed; see below"),
            ],
            notes: &[(
                "Format",
                "\
%I%D @%Es +%ds, where nothing else is given.
%d %E %t  seconds: it took, from the stage's begin to its end, since 1970
%D %n     what it is called, the same with its stage
%I        the indent of a step in its stage
%e %r %o  finish, SUCCESS, glowplug",
            )],
            ..Verb::EMPTY
        },
        Verb {
            name: "blame",
            summary: "print the steps, the longest first",
            options: TIMINGS,
            ..Verb::EMPTY
        },
        Verb {
            name: "dump",
            summary: "print every beginning and end as JSON",
            options: TIMINGS,
            ..Verb::EMPTY
        },
        Verb {
            name: "boot",
            summary: "print when provisioning began and ended",
            options: TIMINGS,
            ..Verb::EMPTY
        },
    ],
    ..Verb::EMPTY
};

const TIMINGS: &[Opt] = &[
    Opt::value("infile", 'i', FILE, "timings in place of /run/glowplug/timings"),
    Opt::value("outfile", 'o', FILE, "write here in place of standard output"),
];

const CACHE: Verb = Verb {
    name: "cache",
    summary: "look at the instance cache, and change it",
    about: "\
The cache holds the instance as its seed gave it: it is used where no drive is
there any more, on the same machine. A drive that is there at the next boot is
read again and wins.",
    verbs: &[CACHE_SHOW, CACHE_GET, CACHE_SET],
    ..Verb::EMPTY
};

const CACHE_ROOT: Opt = Opt::value("root", ' ', DIRECTORY, "what stands for /");

const CACHE_SHOW: Verb =
    Verb { name: "show", summary: "print what it holds", options: &[CACHE_ROOT], ..Verb::EMPTY };

const CACHE_GET: Verb = Verb {
    name: "get",
    summary: "print the value of a key",
    options: &[CACHE_ROOT],
    operands: &[Operand::one(Value::Text("KEY"))],
    notes: &[CACHE_KEYS],
    ..Verb::EMPTY
};

const CACHE_SET: Verb = Verb {
    name: "set",
    summary: "change the value of a key",
    about: "\
Changes the cache, and what the rest of this boot works with. VALUE is a word,
@FILE or `-` for standard input; an empty one takes a file away. What makes no
sense for its key is refused.",
    options: &[CACHE_ROOT],
    operands: &[Operand::one(Value::Text("KEY")), Operand::one(Value::Text("VALUE"))],
    notes: &[
        CACHE_KEYS,
        (
            "Examples",
            "\
glowplug cache set local-hostname web1
glowplug cache set user-data @cloud.yaml",
        ),
    ],
    ..Verb::EMPTY
};

const CACHE_KEYS: (&str, &str) = (
    "Keys",
    "\
instance-id, datasource, detail, local-hostname, public-keys (a line each),
product-uuid, macs; the seed's files: user-data, meta-data, vendor-data,
network-data, or by their names: user_data, meta_data.json, ...",
);

const CLEAN: Verb = Verb {
    name: "clean",
    summary: "take away what provisioning left, for a new first boot",
    about: "\
Removes everything in /var/lib/cloud but the seed, and the status, timings and
hand-off of this boot in /run; then runs the programs in /etc/cloud/clean.d.",
    options: &[
        Opt::value(
            "configs",
            'c',
            Value::OneOf("KIND", &["all", "ssh_config", "network", "datasource", "fstab"]),
            "remove files of sshd or network back ends, or our\nlines of fstab, too; one or more",
        )
        .many(),
        Opt::flag("logs", 'l', "remove the logs, too"),
        Opt::flag("machine-id", ' ', "make /etc/machine-id uninitialized"),
        Opt::flag("reboot", 'r', "reboot when that is done"),
        Opt::flag("seed", 's', "remove the seed, too"),
        Opt::value("root", ' ', DIRECTORY, "what stands for /; no program is run then"),
    ],
    notes: &[("Exit status", "0, or 1 where something could not be removed.")],
    ..Verb::EMPTY
};

const COLLECT_LOGS: Verb = Verb {
    name: "collect-logs",
    summary: "put the logs into one archive",
    options: &[
        Opt::value("tarfile", 't', FILE, "the archive (default: cloud-init.tar.gz)"),
        Opt::flag("include-userdata", 'u', "with user-data, which may hold secrets"),
        Opt::flag(
            "redact-sensitive",
            'r',
            "taken for cloud-init's sake: nothing secret is\ncollected otherwise",
        ),
        Opt::flag("verbose", 'v', "taken for cloud-init's sake"),
    ],
    ..Verb::EMPTY
};

const DEVEL: Verb = Verb {
    name: "devel",
    summary: "look closer at what configures a machine",
    verbs: &[
        DEVEL_YAML,
        DEVEL_USER_DATA,
        DEVEL_MAKE_MIME,
        DEVEL_NET_CONVERT,
        DEVEL_RENDER,
        DEVEL_HOTPLUG_HOOK,
    ],
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

const DEVEL_RENDER: Verb = Verb {
    name: "render",
    summary: "print what a template of user-data comes to on this machine",
    options: &[
        Opt::value("instance-data", 'i', FILE, "render with this instance-data.json"),
        Opt::flag("debug", 'd', "taken for cloud-init's sake"),
    ],
    operands: &[Operand::one(FILE)],
    notes: &[("Exit status", "0, or 1 for what is no template or can't be rendered.")],
    ..Verb::EMPTY
};

const DEVEL_HOTPLUG_HOOK: Verb = Verb {
    name: "hotplug-hook",
    summary: "configure a NIC that was plugged in while the machine runs",
    about: "\
Handles an event of udev where the configuration of this boot allows it, with
`updates: {network: {when: [hotplug]}}`.",
    options: &[Opt::value(
        "subsystem",
        's',
        Value::OneOf("SUBSYSTEM", &["net"]),
        "whose event it is (needed): net",
    )
    .required()],
    verbs: &[HOTPLUG_QUERY, HOTPLUG_HANDLE],
    ..Verb::EMPTY
};

const HOTPLUG_QUERY: Verb = Verb {
    name: "query",
    summary: "print whether events are handled: enabled or disabled",
    notes: &[("Exit status", "0, or 1 where no stage has run in this boot, or who asks is not root.")],
    ..Verb::EMPTY
};

const HOTPLUG_HANDLE: Verb = Verb {
    name: "handle",
    summary: "name the NIC, write its configuration and bring it up",
    about: "\
Reads the seed anew, names the NIC as it is described there, writes the files of
the root's network back end and has that bring the NIC up; where there is none,
addresses are set at once. Of a NIC that is gone nothing is changed.",
    options: &[
        Opt::value("devpath", 'd', Value::Text("PATH"), "its path in /sys (needed)").required(),
        Opt::value(
            "udevaction",
            'u',
            Value::OneOf("ACTION", &["add", "remove"]),
            "what has happened (needed)",
        )
        .required(),
    ],
    notes: &[
        ("Exit status", "0, or 1 for a NIC that nothing describes or that can't be configured."),
        ("Example", "glowplug devel hotplug-hook -s net handle -d /devices/virtual/net/eth1 -u add"),
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
        Operand { optional: false, ..Operand::many(Value::Text("COMMAND")) },
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
