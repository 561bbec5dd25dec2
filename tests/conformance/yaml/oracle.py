"""What PyYAML and cloud-init make of YAML documents.

Reads cases from standard input, each a line with its length in bytes and then
the bytes; writes a line for each: the tree in canonical form, a tab, and the
tree as cloud-init dumps it, quoted. A document that is refused gives "!" and
the reason.
"""

import datetime
import json
import struct
import sys
import warnings

import yaml
from cloudinit import safeyaml


class Stamp:
    """A date with the text it was written as."""

    def __init__(self, text, value):
        self.text = text
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Stamp) and self.value == other.value

    def __hash__(self):
        return hash(self.value)


class Loader(yaml.SafeLoader):
    def stamp(self, node):
        return Stamp(node.value, self.construct_yaml_timestamp(node))


Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.stamp)


def canonical(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "int %d" % value
    if isinstance(value, float):
        if value != value:
            return "float nan"
        return "float %016x" % struct.unpack(">Q", struct.pack(">d", value))
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bytes):
        return "bytes " + value.hex()
    if isinstance(value, Stamp):
        return "time " + quoted(value.text)
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(canonical(k) + ": " + canonical(v) for k, v in value.items()) + "}"
    raise TypeError("outside the subset: %s" % type(value).__name__)


def quoted(text):
    """Quoted in ASCII: all else by its code in hexadecimal."""
    plain = lambda c: " " <= c <= "~" and c not in '"\\'
    return '"' + "".join(c if plain(c) else "\\{%x}" % ord(c) for c in text) + '"'


def unshared(value):
    """A copy in which nothing stands twice: no anchors in the dump."""
    if isinstance(value, list):
        return [unshared(item) for item in value]
    if isinstance(value, dict):
        return {unshared(k): unshared(v) for k, v in value.items()}
    if isinstance(value, Stamp):
        old = value.value
        if isinstance(old, datetime.datetime):
            return old.replace()
        return datetime.date(old.year, old.month, old.day)
    return value


def answer(document):
    try:
        tree = yaml.load(document, Loader=Loader)
        return canonical(tree) + "\t" + quoted(safeyaml.dumps(unshared(tree)))
    except RecursionError:
        return "!recursion"
    except Exception as error:
        mark = getattr(error, "problem_mark", None)
        place = "%d:%d: " % (mark.line + 1, mark.column + 1) if mark else ""
        return "!" + place + " ".join(str(getattr(error, "problem", None) or error).split())


def main():
    warnings.simplefilter("ignore")
    read = sys.stdin.buffer
    while True:
        line = read.readline()
        if not line:
            return
        print(answer(read.read(int(line))))


main()
