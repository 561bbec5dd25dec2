#!/usr/bin/python3
"""Answers router solicitations on every link with an advertisement that says
"there is DHCPv6" and offers nothing else, and writes what links ask for into a
file: `MAC rs`, `MAC dhcp4`, `MAC dhcp6`, `MAC dhcp6-information`, each once.
MACs are those of the frames."""

import socket
import struct
import sys

ETHER_IPV4, ETHER_IPV6 = 0x0800, 0x86DD
ROUTER = bytes.fromhex("02ffffffff01")
# fe80::1
SOURCE = bytes.fromhex("fe80" + "00" * 13 + "01")
ALL_NODES = bytes.fromhex("ff02" + "00" * 13 + "01")
# Hop limit 64; managed and other configuration; lifetime 0: no default router.
ADVERTISEMENT = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0xC0, 0, 0, 0)


def checksum(payload):
    """Of ICMPv6 (RFC 4443 §2.3)."""
    whole = SOURCE + ALL_NODES + struct.pack("!II", len(payload), 58) + payload
    total = sum(struct.unpack("!%dH" % (len(whole) // 2), whole))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advertisement():
    payload = ADVERTISEMENT[:2] + struct.pack("!H", checksum(ADVERTISEMENT)) + ADVERTISEMENT[4:]
    header = struct.pack("!IHBB", 6 << 28, len(payload), 58, 255) + SOURCE + ALL_NODES
    ether = bytes.fromhex("333300000001") + ROUTER + struct.pack("!H", ETHER_IPV6)
    return ether + header + payload


def asks(frame):
    """What a frame asks for, if anything."""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[14:]
    if kind == ETHER_IPV4 and packet[9] == 17:
        ports = struct.unpack("!HH", packet[(packet[0] & 15) * 4:][:4])
        return "dhcp4" if ports == (68, 67) else None
    if kind == ETHER_IPV6 and packet[6] == 58 and packet[40] == 133:
        return "rs"
    if kind == ETHER_IPV6 and packet[6] == 17 and struct.unpack("!H", packet[42:44])[0] == 547:
        return "dhcp6-information" if packet[48] == 11 else "dhcp6"
    return None


def main():
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    known = set()
    while True:
        frame, address = sniffer.recvfrom(2048)
        # Frames of ours come back (PACKET_OUTGOING).
        if address[2] == 4 or len(frame) < 60 - 18:
            continue
        try:
            asked = asks(frame)
        except (IndexError, struct.error):
            continue
        if asked is None:
            continue
        if asked == "rs":
            sniffer.sendto(advertisement(), (address[0], 0))
        line = "%s %s\n" % (frame[6:12].hex(":"), asked)
        if line not in known:
            known.add(line)
            with open(sys.argv[1], "a", encoding="ascii") as out:
                out.write(line)


main()
