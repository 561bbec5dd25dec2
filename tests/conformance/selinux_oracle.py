"""What libselinux answers for paths made from the patterns of Debian's policy.

    selinux_oracle.py FOLDER SEED

FOLDER becomes a root with that policy, its package downloaded where FOLDER has
none yet. Then a line for each path: KIND, path, label or `<<none>>`, parted by
tabs.
"""
import bz2
import ctypes
import glob
import os
import random
import re._parser as parser
import stat
import struct
import subprocess
import sys

PACKAGE = "selinux-policy-default"
# Beside the policy's own lines: what a person may write.
LOCAL = """\
# local
/srv/one(/.*)?\tsystem_u:object_r:local_one_t:s0
  /srv/one/exact -- system_u:object_r:local_exact_t:s0
/srv/(two|three){1,2}/[^/]+\\.d -d system_u:object_r:local_two_t:s0
/srv/four/[]x^-]y?\t<<none>>
/etc/hostname -l system_u:object_r:local_link_t:s0
/five/a|/five/b[[:digit:]]|c system_u:object_r:local_five_t:s0
(/six/a|/six/b)|/six/c -d system_u:object_r:local_six_t:s0
/seven[^[:alpha:]_]+[]x[:upper:]]? system_u:object_r:local_seven_t:s0
"""
# Of the last lines above, which Python's own patterns do not read.
PATHS = """/five/a /five/ax /five/x/a /five/b1 /five/five/b1/x /five/b /five/abc /five/b1x /fiver/x/c /c /x/c /six/a /six/ax /six/c
/x/six/c /six/cx /six/b /seven1 /seven /seven-] /seven_x /seven.X /seven.a /sevena1x /seven:x""".split()
SUBS = "# local\n/opt/root /\n/data/home /home\n/data /srv\n/data /never\n/twice /lib64\n"
KINDS = {"--": stat.S_IFREG, "-d": stat.S_IFDIR, "-l": stat.S_IFLNK}


def module_contexts(path):
    """The file contexts in a policy package (libsepol's module_package)."""
    data = bz2.open(path).read()
    magic, _, count = struct.unpack("<III", data[:12])
    assert magic == 0xF97CFF8F, path
    starts = struct.unpack(f"<{count}I", data[12 : 12 + 4 * count]) + (len(data),)
    for start, end in zip(starts, starts[1:]):
        if data[start : start + 4] == struct.pack("<I", 0xF97CFF90):
            yield from data[start + 4 : end].decode().splitlines()


def make_root(folder):
    """Downloads the policy and writes its file_contexts as semodule splits them."""
    unfinished = f"{folder}-{os.getpid()}"
    os.makedirs(unfinished)
    subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=unfinished, check=True, stdout=sys.stderr)
    subprocess.run(["dpkg", "-x", *glob.glob(f"{unfinished}/*.deb"), unfinished], check=True)
    plain, homes = [], []
    for module in sorted(glob.glob(f"{unfinished}/usr/share/selinux/default/*.pp.bz2")):
        for line in module_contexts(module):
            (homes if "HOME_DIR" in line or "HOME_ROOT" in line or "USER" in line else plain).append(line)
    homes = "\n".join(homes)
    for name, value in {"HOME_DIR": "/home/[^/]+", "HOME_ROOT": "/home", "ROLE": "user",
                        "%{USERNAME}": "[^/]+", "%{USERID}": "[0-9]+"}.items():
        homes = homes.replace(name, value)
    files = f"{unfinished}/etc/selinux/default/contexts/files/file_contexts"
    for suffix, text in {"": "\n".join(plain), ".homedirs": homes}.items():
        with open(files + suffix, "w") as file:
            file.write(text + "\n")
    with open(f"{unfinished}/etc/selinux/config", "w") as file:
        file.write("SELINUX=enforcing\nSELINUXTYPE=default\n")
    os.rename(unfinished, folder)


def example(tree, rng):
    """A text that the parsed pattern matches."""
    text = ""
    for kind, value in tree:
        kind = str(kind)
        if kind == "LITERAL":
            text += chr(value)
        elif kind == "ANY":
            text += rng.choice("ab1-./")
        elif kind in ("IN", "NOT_LITERAL"):
            items = value if kind == "IN" else [("NEGATE", None), ("LITERAL", value)]
            wanted = [c for c in "ab19cstvx-_.]^~" + "".join(member(item) for item in items) if inside(c, items)]
            text += rng.choice(wanted)
        elif kind == "SUBPATTERN":
            text += example(value[3], rng)
        elif kind == "BRANCH":
            text += example(rng.choice(value[1]), rng)
        elif kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = value
            for _ in range(rng.randint(least, min(int(most), least + 2))):
                text += example(body, rng)
        elif kind != "AT":
            raise ValueError(kind)
    return text


def member(item):
    return chr(item[1]) if str(item[0]) == "LITERAL" else chr(item[1][0]) if str(item[0]) == "RANGE" else ""


def inside(char, items):
    negated = str(items[0][0]) == "NEGATE"
    found = any(
        ord(char) == value if str(kind) == "LITERAL" else value[0] <= ord(char) <= value[1]
        for kind, value in items
        if str(kind) != "NEGATE"
    )
    return found != negated


def questions(files, rng):
    """Paths and kinds: examples of every pattern, and what is near them."""
    prefixes = ["/opt/root", "/data", "/data/home", "/twice"]
    for path in PATHS:
        yield from ((path, kind) for kind in KINDS)
    for suffix in ["", ".homedirs", ".local"]:
        for line in open(files + suffix):
            fields = line.split()
            if not fields or fields[0].startswith("#"):
                continue
            path = example(parser.parse(fields[0]), rng)
            kind = fields[1] if len(fields) == 3 else "--"
            yield path, kind
            near = [path + "x", path[:-1], path.rsplit("/", 1)[0], path + "/y", path.replace(".", "-"),
                    rng.choice(prefixes) + path, path.replace("/usr/lib", "/lib64").replace("/usr/bin", "/bin")]
            yield rng.choice(near), rng.choice(list(KINDS))


def main():
    folder, seed = sys.argv[1:]
    if not os.path.exists(folder):
        make_root(folder)
    files = f"{folder}/etc/selinux/default/contexts/files/file_contexts"
    for suffix, text in {".local": LOCAL, ".subs": SUBS}.items():
        with open(files + suffix, "w") as file:
            file.write(text + "\n")
    selinux = ctypes.CDLL("libselinux.so.1")
    selinux.selabel_open.restype = ctypes.c_void_p
    selinux.selabel_lookup_raw.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]

    class Option(ctypes.Structure):
        _fields_ = [("type", ctypes.c_int), ("value", ctypes.c_char_p)]

    # SELABEL_OPT_PATH is 3, SELABEL_CTX_FILE 0
    handle = selinux.selabel_open(0, (Option * 1)(Option(3, files.encode())), 1)
    assert handle, "selabel_open"
    answer = ctypes.c_char_p()
    for path, kind in questions(files, random.Random(int(seed))):
        if kind not in KINDS or not path.startswith("/") or path == "/" or "//" in path or path.endswith("/"):
            continue
        found = selinux.selabel_lookup_raw(handle, ctypes.byref(answer), path.encode(), KINDS[kind]) == 0
        print(kind, path, answer.value.decode() if found else "<<none>>", sep="\t")


main()
