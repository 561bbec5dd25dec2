"""What Python's email package makes of messages.

Arguments are names of differences that are meant. Each is a function here
that changes the package until it does as glowplug does, so that all else must
be equal.

Reads questions from standard input, each a line with its kind and the length
in bytes of what follows. Writes a line for each; what Python can't read gives
"!" and the exception.
  message  the leaves as glowplug should see them, a tab, and the names of the
           differences without which the answer is another; a leaf is its type,
           its file name ("-" for none) and its content in hexadecimal
  base64, quoted-printable, gzip
           the content in hexadecimal
  deflate  of a stream at the start of the bytes: its length, and the content
           as a gzip file ends: checksum, length; then the content
"""

import base64
import email
import gzip
import quopri
import re
import struct
import sys
import zlib
from email import _policybase, base64mime, feedparser, header, message, quoprimime, utils

meant = set(sys.argv[1:])
BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f "
UUENCODE = ("x-uuencode", "uuencode", "uue", "x-uue")
# One that begins no codec, no white space and no capital: a code point that
# stands for another one.
OPAQUE = 0xF0000


def opaque(text):
    hide = lambda c: chr(ord(c) + OPAQUE) if 0x7F < ord(c) < 0xD800 or 0xDFFF < ord(c) <= 0xFFFF else c
    return "".join(map(hide, text))


def plain(text):
    return "".join(chr(ord(c) - OPAQUE) if ord(c) >= OPAQUE else c for c in text)


def replace(owner, name):
    """Puts a function in the place of one that is handed to it first."""

    def put(function):
        old = getattr(owner, name)
        setattr(owner, name, lambda *given: function(old, *given))

    return put


@replace(_policybase.Compat32, "_sanitize_header")
def fetch(old, self, name, value):
    if "header-bytes" not in meant:
        value = old(self, name, value)
    return opaque(value) if "ascii" in meant and isinstance(value, str) else value


@replace(message.Message, "get")
def get(old, self, name, failobj=None):
    value = old(self, name, failobj)
    if name.lower() == "content-transfer-encoding" and isinstance(value, str):
        if "encoding-blanks" in meant:
            value = value.strip(BLANKS)
        if "uuencode" in meant and value.lower() in UUENCODE:
            value = ""
    return value


@replace(message.Message, "get_content_type")
def get_content_type(old, self):
    value = old(self)
    if "delivery-status" in meant and value == "message/delivery-status":
        return "message/rfc822"
    return value


@replace(message.Message, "get_boundary")
def get_boundary(old, self, failobj=None):
    value = old(self, failobj)
    return value if value is None else plain(value)


@replace(feedparser.FeedParser, "_parse_headers")
def parse_headers(old, self, lines):
    if "envelope" in meant:
        # A line without a name is left out, and what continues it.
        drop = lambda n, line: ":" if n and line.startswith("From ") else line
        lines = [drop(n, line) for n, line in enumerate(lines)]
    old(self, lines)


@replace(utils, "decode_params")
def decode_params(old, params):
    if "raw-extended" in meant:
        names = {name.rstrip("*").rpartition("*")[0] or name[:-1] for name, _ in params[1:] if name.endswith("*")}
        octets = lambda value: plain(value).encode("utf-8", "surrogateescape").decode("latin-1")
        extended = lambda name: "*" in name and name.partition("*")[0] in names
        params = params[:1] + [(n, octets(v) if extended(n) else v) for n, v in params[1:]]
    return old(params)


@replace(utils, "collapse_rfc2231_value")
def collapse(old, value, errors="replace", fallback_charset="us-ascii"):
    if "charsets" in meant and isinstance(value, tuple) and value[0] is not None:
        value = (known_charset(value[0]),) + value[1:]
    return old(value, errors, fallback_charset)


def known_charset(name):
    return name if name.lower() in ("utf-8", "utf8", "us-ascii", "ascii") else "latin-1"


WORD = re.compile(header.ecre.pattern, header.ecre.flags | re.DOTALL)


def read_words(name):
    """Encoded words as email.header reads them, but in any place."""
    try:
        runs, plain_before = [], True
        pieces = WORD.split(name)
        for at in range(0, len(pieces), 4):
            before, word = pieces[at], pieces[at + 1 : at + 4]
            if before.strip(BLANKS) or (before and (at == 0 or not word)):
                runs.append((None, before.encode("utf-8", "surrogateescape")))
            if word:
                charset, encoding, text = word
                octets = text.encode("utf-8", "surrogateescape")
                if encoding in "qQ":
                    octets = quoprimime.header_decode(octets.decode("latin-1")).encode("latin-1")
                else:
                    octets = base64mime.decode((octets + b"==="[: -len(octets) % 4]).decode("latin-1"))
                if runs and runs[-1][0] == charset.lower():
                    octets = runs.pop()[1] + octets
                runs.append((charset.lower(), octets))
    except ValueError:
        return name
    decode = lambda charset, octets: octets.decode(known_charset(charset.split("*")[0]), "replace")
    return "".join(o.decode("utf-8", "replace") if c is None else decode(c, o) for c, o in runs)


def filename(leaf):
    name = leaf.get_filename()
    if name is None:
        return None
    name = plain(name)
    if "encoded-words" in meant and WORD.search(name):
        name = read_words(name).strip(BLANKS)
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def content(leaf):
    if "content-bytes" in meant and isinstance(leaf._payload, str):
        octets = leaf._payload.encode("utf-8", "surrogateescape")
        leaf._payload = octets.decode("ascii", "surrogateescape")
    return leaf.get_payload(decode=True)


def leaves(raw):
    whole = email.message_from_string(raw.decode("utf-8", "surrogateescape"))
    for leaf in whole.walk():
        if leaf.is_multipart() or leaf.get_content_maintype() == "multipart":
            continue
        name = filename(leaf)
        shown = "-" if name is None else "'" + name.encode("utf-8", "replace").hex()
        kind = plain(leaf.get_content_type()).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        yield "/".join([kind.encode("utf-8").hex(), shown, content(leaf).hex()])


def answer(raw):
    try:
        return " ".join(leaves(raw))
    except Exception as error:
        return "!" + type(error).__name__


def without(names, raw):
    kept = set(meant)
    meant.difference_update(names)
    found = answer(raw)
    meant.update(kept)
    return found


def inflated(raw):
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    found = stream.decompress(raw)
    if not stream.eof:
        raise EOFError
    end = struct.pack("<II", zlib.crc32(found), len(found))
    return "%d %s %s" % (len(raw) - len(stream.unused_data), end.hex(), found.hex())


DECODERS = {
    "base64": lambda raw: base64.b64decode(raw).hex(),
    "quoted-printable": lambda raw: quopri.decodestring(raw).hex(),
    "gzip": lambda raw: gzip.decompress(raw).hex(),
    "deflate": inflated,
}


def reply(kind, raw):
    if kind in DECODERS:
        try:
            return DECODERS[kind](raw)
        except Exception as error:
            return "!" + type(error).__name__
    found = answer(raw)
    differ = []
    if found != without(meant, raw):
        differ = [name for name in sorted(meant) if found != without({name}, raw)]
    return found + "\t" + " ".join(differ)


def main():
    read = sys.stdin.buffer
    while True:
        line = read.readline().split()
        if not line:
            return
        print(reply(line[0].decode(), read.read(int(line[1]))), flush=True)


main()
