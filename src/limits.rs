//! Every capacity and bound in one place, each with its reason.
//!
//! Whatever is on a seed is somebody else's. Past a bound an operation ends in
//! an error that names the object; the rest of the boot goes on.

/// Largest file read from a seed, in bytes. OpenStack stops user data at
/// 64 KiB, EC2 at 16 KiB; a person's ISO may hold more, a bomb holds no end.
pub const SEED_FILE: usize = 16 << 20;

/// All files kept from one seed together, in bytes: a machine of 256 MiB can
/// still hold them while it boots.
pub const SEED_TOTAL: usize = 64 << 20;

/// Largest metadata of a NoCloud seed, in bytes: a page of keys and names.
pub const META_DATA: usize = 1 << 20;

/// Largest OVF environment, in bytes; user-data is a property in it.
pub const XML_TEXT: usize = 4 << 20;

/// Properties taken from one OVF environment.
pub const OVF_PROPERTIES: usize = 1024;

/// Bytes of the firmware's table of structures: SMBIOS 2 has 64 KiB at most.
pub const SMBIOS: usize = 1 << 20;

/// XML: nesting of elements. An OVF environment has three levels.
pub const XML_DEPTH: usize = 64;

/// Files an OpenStack `meta_data.json` may inject.
pub const INJECTED_FILES: usize = 256;

/// Largest file of the root read while planning (passwd, fstab, cloud.cfg, …).
pub const ROOT_FILE: usize = 4 << 20;

/// Bytes of a log that are collected, those at its end: they are put together
/// in memory.
pub const COLLECTED: u64 = 64 << 20;

/// Largest file copied so as to add to it, in bytes: what a user may have put
/// there is no reason to fill a disk twice.
pub const COPIED: u64 = 64 << 20;

/// Largest journal of an instance, in bytes: a line for each action of its modules.
pub const JOURNAL: usize = 32 << 20;

/// Largest record of what a module planned by, in bytes: the files it read.
pub const PLAN_RECORD: usize = 64 << 20;

/// Bytes of one attribute under /sys or /proc.
pub const ATTRIBUTE: usize = 4096;

/// Bytes of /proc/cmdline: `COMMAND_LINE_SIZE` is 64 KiB at the most (s390).
pub const KERNEL_LINE: usize = 64 << 10;

/// Words of the kernel line that are reported as unusable.
pub const KERNEL_WORDS_REFUSED: usize = 8;

/// Bytes shown of such a word.
pub const KERNEL_WORD_SHOWN: usize = 80;

/// Bytes shown of the kernel line to somebody whose machine finds no root.
pub const KERNEL_LINE_SHOWN: usize = 1024;

/// Devices shown to them.
pub const DEVICES_SHOWN: usize = 32;

/// Bytes of a kernel module, packed or not: those of graphics have 30 MB.
pub const KERNEL_MODULE: usize = 64 << 20;

/// Largest runner the agent carries into a root, in bytes: it has two MiB.
pub const RUNNER: usize = 16 << 20;

/// Largest file compared with the one that is installed, in bytes: a program
/// with all its symbols.
pub const INSTALLED: usize = 256 << 20;

/// Names taken from one directory.
pub const DIRECTORY_ENTRIES: usize = 4096;

/// Bytes a gzip stream may expand to.
pub const EXPANDED: usize = 32 << 20;

/// Gzip or base64 layers around one piece of user data.
pub const ENCODING_LAYERS: usize = 4;

/// YAML: bytes of one document, as much as a file of a seed.
pub const YAML_TEXT: usize = SEED_FILE;

/// YAML: nesting of collections. Real cloud-configs reach 7.
pub const YAML_DEPTH: usize = 64;

/// YAML: nodes of one document after aliases and merges are followed.
pub const YAML_NODES: usize = 1 << 20;

/// YAML: anchors of one document.
pub const YAML_ANCHORS: usize = 1024;

/// YAML: keys brought in by `<<` in one document.
pub const YAML_MERGED_KEYS: usize = 10_000;

/// YAML: characters of a simple key (YAML 1.1 §7.4.2's bound, `PyYAML`'s too).
pub const YAML_KEY: usize = 1024;

/// YAML: warnings kept of one document: nobody reads more.
pub const YAML_WARNINGS: usize = 64;

/// YAML: digits of a decimal integer, Python's own bound.
pub const YAML_INTEGER: usize = 4300;

/// YAML: characters of an integer in another base than ten. Conversion is
/// quadratic; a SHA-512 in hexadecimal or binary still passes.
pub const YAML_BASED_INTEGER: usize = 640;

/// JSON: nesting of arrays and objects.
pub const JSON_DEPTH: usize = 64;

/// JSON: values of one document; with a key each takes 80 bytes of memory.
pub const JSON_VALUES: usize = 1 << 20;

/// MIME: parts of one message, all levels together.
pub const MIME_PARTS: usize = 1024;

/// MIME: nesting of multiparts.
pub const MIME_DEPTH: usize = 16;

/// User data: bytes of all its parts, every encoding undone: an archive's
/// aliases and the gzip of each part make much out of little.
pub const USER_DATA_TOTAL: usize = SEED_TOTAL;

/// User data: entries of mappings and items of lists looked at while its
/// cloud-configs are merged. A thousand parts that each add a few to a few
/// hundred stay far below.
pub const MERGE_WORK: usize = 32 << 20;

/// User data: bytes and values that one template or JSON patch may walk, copy
/// and write, each loop and each copy counted: as much as gzip may expand to.
pub const USER_DATA_WORK: usize = EXPANDED;

/// User data: URLs that user-data and vendor-data include, all levels together.
/// A list of roles has a dozen.
pub const INCLUDED_URLS: usize = 256;

/// User data: how deep it includes. A list of lists is two; one that includes
/// itself has no end.
pub const INCLUDED_DEPTH: usize = 8;

/// Templates: bytes of address space of the process that renders one. What a
/// template makes is bounded by [`USER_DATA_WORK`], but a list that holds itself
/// twice, forty times over, is small until it is written out.
pub const TEMPLATE_MEMORY: u64 = 256 << 20;

/// Templates: seconds that rendering one may take.
pub const TEMPLATE_SECONDS: u32 = 4;

/// NICs shown to who misses one.
pub const LINKS_SHOWN: usize = 8;

/// Links, networks or routes taken from one network description.
pub const NETWORK_ENTRIES: usize = 1024;

/// Parameters of one link: all that a bond and a bridge know together.
pub const LINK_PARAMETERS: usize = 64;

/// Files one interfaces file may include, all levels together: distributions
/// have a dozen, a file that includes itself has no end.
pub const INCLUDED_FILES: usize = 64;

/// How deep interfaces files include each other.
pub const INCLUDE_DEPTH: usize = 8;

/// Seconds the agent waits for the disc when `glowplug.wait` is not given.
pub const WAIT_SECONDS: u32 = 10;

/// Longest `glowplug.wait` honoured, in seconds. `glowplug-agent.service` is
/// ended a minute later.
pub const WAIT_SECONDS_MOST: u32 = 600;

/// Microseconds in which a device has to answer: an optical drive may have to
/// spin up first.
pub const DEVICE_ANSWER: u64 = 10_000_000;

/// Microseconds that slow devices may take together; behind it each has
/// [`DEVICE_LEAST`] alone.
pub const DEVICES_ANSWER: u64 = 30_000_000;

/// Microseconds that each device is given.
pub const DEVICE_LEAST: u64 = 1_000_000;

/// Microseconds in which the drive of a seed has to be mounted and read: a slow
/// one gives a megabyte a second.
pub const DRIVE_ANSWER: u64 = 30_000_000;

/// Bytes of log the agent keeps for the hand-off; past it, lines still reach
/// the console.
pub const LOG: usize = 256 << 10;

/// Seconds that what is at one URL may take, every try and redirect counted,
/// however steadily it comes: `init` runs before sshd(8).
pub const URL_SECONDS: u64 = 120;

/// Seconds that all exchanges with servers of one stage may take together: a
/// list of URLs is as slow as its servers are.
pub const FETCH_SECONDS: u64 = 300;

/// Interim answers (1xx) before one that counts; a server sends one or two.
pub const INTERIM_ANSWERS: usize = 16;

/// Bytes of a seed's text that one error quotes: who wrote it knows it by its
/// beginning.
pub const MESSAGE: usize = 2048;

/// SELinux: steps of one pattern of file_contexts. The longest of the policies
/// in use have some 200; with a path of `PATH_MAX` bytes these take a megabyte.
pub const PATTERN_STEPS: usize = 2048;

/// SELinux: nesting of groups in a pattern.
pub const PATTERN_DEPTH: usize = 16;

/// SELinux: patterns that are told to be outside the subset.
pub const PATTERNS_REFUSED: usize = 8;

/// Entries of a GPT that is changed; everybody makes 128.
pub const PARTITIONS: u32 = 1024;

/// Bytes of a logical sector: the kernel knows none that is larger than its pages.
pub const SECTOR: u64 = 64 << 10;

/// Nesting of directories followed when the initramfs is deleted.
pub const DIRECTORY_DEPTH: usize = 64;

/// Seconds a program waits for locks that others hold: on a first boot the
/// distribution's own timers update packages, too.
pub const LOCK_WAIT: u64 = 120;

/// Seconds after which a package manager that failed is not asked for one
/// package at a time: a name it does not know it tells at once.
pub const QUICK_FAILURE: u64 = 60;

/// Seconds for which lists of packages count as read anew.
pub const FRESH_LISTS: u64 = 3600;
