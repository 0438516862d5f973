#!/usr/bin/env python3
"""A month of a network of the public one's size, as `recent/` has it: a consensus an hour, and files of the server and
extra-info descriptors that came in it. Deterministic.

    pip install cryptography
    make.py GENERATE OUT [HOURS] [RELAYS] [FIRST]

GENERATE is the generator of single files whose relays and lines are used here. 720 hours of 8,000 relays take 4.5 GB. Each
hour an eleventh of the relays publish anew, so that a descriptor lives for eleven hours, and consensuses name the last one
of each relay. With FIRST only the hours from there on are written, the same bytes that a full run writes for them.
Signatures are random: they parse, they do not verify."""

import base64
import datetime
import os
import random
import sys

generate, out = sys.argv[1:3]
hours, relays, first = (int(it) for it in sys.argv[3:] + ["720", "8000", "0"][len(sys.argv) - 3 :])

sys.argv = [generate, out, "nothing"]
tools = {"__file__": generate, "__name__": "tools"}
exec(compile(open(generate).read(), generate, "exec"), tools)

START = datetime.datetime(2020, 1, 1)
HOUR = datetime.timedelta(hours=1)


class NoKey:
    """Signs with random bytes, which takes no time."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def sign(self, _):
        return self.random.randbytes(64)


class Relay:
    """What stays the same of a relay, and its last descriptor."""

    def __init__(self, number):
        self.relay = tools["relay"](number)
        self.relay.ssk = NoKey(number)
        self.random = random.Random(77 * number + 1)
        self.weight = tools["bwof"](self.relay)
        lines = tools["cons_entry"](self.relay, bytes(20), START, 1, False, random.Random(number)).splitlines()
        self.ours = lines[0].split(" ")
        self.rest = [line for line in lines[1:] if not line.startswith("w ")]

    def publish(self, time):
        """Both descriptors, published in the hour before a time."""
        published = time - datetime.timedelta(seconds=self.random.randrange(300, 3600))
        extra, sha1, sha256 = tools["extra"](self.relay, published, self.random)
        server, digest = tools["server"](self.relay, published, self.random, sha1, sha256)
        digest = base64.b64encode(digest).decode().rstrip("=")
        self.line = " ".join([*self.ours[:3], digest, tools["ts"](published), *self.ours[6:]])
        self.weight = max(1, int(self.weight * self.random.uniform(0.9, 1.1)))
        return server, extra

    def entry(self):
        """Its entry in a consensus."""
        return "\n".join([self.line, *self.rest[:-1], f"w Bandwidth={self.weight}", self.rest[-1], ""])


def write(folder, name, text):
    os.makedirs(os.path.join(out, folder), exist_ok=True)
    with open(os.path.join(out, folder, name), "w", encoding="utf-8", newline="") as file:
        file.write(text)


def descriptors(time, chosen):
    both = [relay.publish(time) for relay in chosen]
    if first and time < START + first * HOUR:
        return
    stamp = (time + datetime.timedelta(minutes=5)).strftime("%Y-%m-%d-%H-%M-%S")
    for at, (folder, kind) in enumerate([("server-descriptors", "server-descriptor"), ("extra-infos", "extra-info")]):
        text = "".join(f"@type {kind} 1.0\n{pair[at]}" for pair in both)
        write(f"relay-descriptors/{folder}", f"{stamp}-{folder}", text)


everyone = sorted((Relay(number) for number in range(relays)), key=lambda it: it.relay.fp)
everyday = random.Random(9)
each = relays * 700 // 8000
due = 0
for hour in range(-12, hours):
    time = START + hour * HOUR
    # In turns, so that each has published before the first consensus.
    descriptors(time, [everyone[(due + at) * 7 % relays] for at in range(each)])
    due += each
    if hour >= 0:
        listed = [relay.entry() for relay in everyone if everyday.random() < 0.98]
        if hour >= first:
            head = tools["chead"](time)
            write("relay-descriptors/consensuses", f"{time:%Y-%m-%d-%H-%M-%S}-consensus", head + "".join(listed) + tools["foot"])
