"""Reads all that the hosts of the lab send each other until told to stop, then tells how many packets
of overlay networks that were, and in how many of all packets root's password stood: as it is, in
base64, or as HTTP/2 packs the header of a login."""

import base64
import signal
import socket
import struct

from vectors import arguments, say

ALL = 0x0003
PACKET_STATISTICS = 6
VXLAN = struct.pack("!H", 4789)
# RFC 7541, appendix B: code and length of what base64 is written with.
CODES = {
    5: dict(zip("012aceiost", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])),
    6: dict(zip("/3456789=A", range(0x18, 0x22))) | dict(zip("bdfghlmnpru", range(0x23, 0x2E))),
    7: dict(zip("BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", range(0x5D, 0x7C))),
    8: {"X": 0xFC, "Z": 0xFD},
    11: {"+": 0x7FB},
}


def packed(text):
    """Without the bits of the last byte that may be of something else."""
    bits = ""
    for letter in text:
        length, code = next((n, c[letter]) for n, c in CODES.items() if letter in c)
        bits += f"{code:0{length}b}"
    whole = len(bits) // 8
    return int(bits[: whole * 8], 2).to_bytes(whole, "big")


def needles(password):
    """In base64 the first and the last letter hang on what stands around it."""
    raw = password.encode()
    found = {raw}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        found.add(text[first:last])
    login = base64.b64encode(b"root:" + raw).decode()
    found.add(packed(login.rstrip("=")))
    return found


def main():
    args = arguments()
    # Telling where it was found must not end in the middle of a packet.
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    # Without an interface: the cables of all hosts.
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    sock.settimeout(0.2)
    wanted = needles(args.password)
    say(ready=True)
    overlay, found, where = 0, 0, set()
    while not stopped:
        try:
            packet, link = sock.recvfrom(1 << 17)
        except TimeoutError:
            continue
        # The loop of the machine itself is no network.
        if link[0] == "lo":
            continue
        # Ethernet, an IPv4 header without options, UDP.
        is_overlay = packet[23:24] == b"\x11" and packet[36:38] == VXLAN
        overlay += is_overlay
        if any(needle in packet for needle in wanted):
            found += 1
            where.add("overlay" if is_overlay else "other")
    _, lost = struct.unpack("II", sock.getsockopt(263, PACKET_STATISTICS, 8))
    say(overlay=overlay, found=found, where=sorted(where), lost=lost)


if __name__ == "__main__":
    main()
