#!/usr/bin/env python3
"""damage.py RECORD ELECTION-ID RECEIPTS - damages copies in named ways; verify.py must name the check that sees each."""
import json
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify  # noqa: E402
from formats import Reader  # noqa: E402

RECORD, ELECTION, RECEIPTS = sys.argv[1:]


class Copy:
    def __init__(self, folder):
        self.folder = folder

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data)

    def flip(self, name, at):
        data = bytearray(self.read(name))
        data[at] ^= 1
        self.write(name, bytes(data))

    def swap(self, name, start, size):
        """Exchange two neighbouring pieces."""
        d = self.read(name)
        self.write(name, d[:start] + d[start + size:start + 2 * size] + d[start:start + size] + d[start + 2 * size:])

    def remove(self, name):
        os.remove(os.path.join(self.folder, name))


def bundle(log):
    """The last bundle of entries of a log of the worked example, which has only one."""
    folder = "%s/tile/entries/000.p" % log
    (width,) = os.listdir(os.path.join(RECORD, folder))
    return "%s/%s" % (folder, width), int(width)


def edit_entries(log, change):
    def damage(c):
        name, width = bundle(log)
        r = Reader(c.read(name))
        entries = [r.vec(2) for _ in range(width)]
        change(entries)
        c.write(name, b"".join(len(e).to_bytes(2, "big") + e for e in entries))
    return damage


def swap_ballots(entries):
    entries[1], entries[2] = entries[2], entries[1]


def drop_phase(entries):
    del entries[[i for i, e in enumerate(entries) if b'"kind": "phase"' in e][-2]]


def edit(name, pattern, change):
    """Change what the first group of the pattern finds in a text."""
    def damage(c):
        data = c.read(name).decode()
        m = re.search(pattern, data, re.S)
        assert m, "nothing to damage in " + name
        c.write(name, (data[:m.start(1)] + change(m[1]) + data[m.end(1):]).encode())
    return damage


def other_digit(text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def more(text):
    return str(int(text) + 1)


def copy(to, source):
    return lambda c: c.write(to, c.read(source))


with open(os.path.join(RECORD, "manifest.json"), encoding="utf-8") as f:
    MANIFEST = json.load(f)
with open(os.path.join(RECORD, "call.json"), encoding="utf-8") as f:
    AUTHORITY = json.load(f)["authorizers"]["list"][0]["key"].split("+")[0]
G1, G2 = ["%s-%s" % (MANIFEST["contests"][0]["id"], s["entity"]) for s in MANIFEST["styles"]][:2]
T1, T3 = sorted(n[:2] for n in os.listdir(os.path.join(RECORD, "decryption", G1)) if n.endswith(".note"))[:2]
M1, D1 = "mix/%s/" % G1, "decryption/%s/" % G1
POINT = 5 + 2 * 38  # bytes of a point in a byte tree

CASES = [
    ("a bit of the roll's first key", "V06", lambda c: c.flip("roll", 70)),
    ("two ballots change places", "V15", edit_entries("ballots", swap_ballots)),
    ("a phase entry is left out", "V11", edit_entries("events", drop_phase)),
    ("the signature of the events' checkpoint", "V11", edit("events/checkpoint", "events ([A-Za-z0-9+/]{60})", lambda s: s[::-1])),
    ("two decryption factors change places", "V30",
     lambda c: c.swap(D1 + T3 + "/nizkp/proofs/DecryptionFactors01.bt", 5, POINT)),
    ("a decryption for another key", "V29", copy(D1 + T1 + "/nizkp/FullPublicKey.bt", D1 + T3 + "/nizkp/FullPublicKey.bt")),
    ("a trustee's note is another's", "V31", copy(D1 + T1 + ".note", D1 + T3 + ".note")),
    ("two mixed ciphertexts change places", "V27", lambda c: c.swap(M1 + "nizkp/proofs/Ciphertexts01.bt", 10, POINT)),
    ("a reply of a proof of shuffle", "V27", lambda c: c.flip(M1 + "nizkp/proofs/PoSReply02.bt", 40)),
    ("the mix is of another session", "V26", edit(M1 + "protInfo.xml", "<thres>([0-9]+)<", more)),
    ("the mix begins with other ciphertexts", "V25", copy(M1 + "nizkp/Ciphertexts.bt", M1 + "nizkp/ShuffledCiphertexts.bt")),
    ("a mixer's note is missing", "V28", lambda c: c.remove(M1 + "02.note")),
    ("a vote of votes.csv", "V32", edit("votes.csv", ",([A-Z_]+)\n$", lambda v: "PAN" if v != "PAN" else "PRI")),
    ("a number of an act", "V33", edit("acts/count-%s.json" % MANIFEST["contests"][0]["id"], '"votes": ([0-9]+)', more)),
    ("a number of an act's text", "V33", edit("acts/count-%s.txt" % G1, "TOTAL +([0-9]+)", more)),
    ("a ballot in the file of encrypted votes", "V22", lambda c: c.flip("encrypted-votes.bin", 700)),
    ("an answer of the authority", "V19", lambda c: c.flip("authorizations/" + AUTHORITY, -1)),
    ("a confirmation", "V20", lambda c: c.flip("confirmations", -1)),
    ("a share key of the transcript", "V03", edit("key/transcript.json", '"share_keys": .*?"([0-9a-f]{66})"', other_digit)),
    ("a custodian of the cards", "V04", edit("key/cards.json", '"custodian": "([^"]*)"', lambda s: s + " bis")),
    ("the manifest's closing hour", "V05", edit("manifest.json", '"closes": "([0-9]{4})', more)),
    ("a file of the zero report", "V09", edit("zero-report.json", "(Correcto)", lambda s: "Con cambios")),
    ("the opening", "V10", edit("opening.json", '"dictamen": "([0-9a-f]{64})"', other_digit)),
    ("the closing act", "V23", edit("acts/closing.txt", "en la urna: ([0-9]+)", more)),
    ("the call's note is missing", "V02", lambda c: c.remove("call.json.note")),
    ("an empty folder", "V01", lambda c: os.makedirs(os.path.join(c.folder, "acts/nobody"))),
    ("a file too many", "V01", lambda c: c.write("acts/count.txt", b"")),
    ("a line of a hash list", "V37", lambda c: c.flip("hashes.sha512", 3)),
    ("the hand-over act", "V38", edit("acts/handover.txt", "juego ([0-9])", more)),
]


def place(r, kind, edge=None, phase=None):
    return next(i for i, e in enumerate(r.events) if e.kind == kind and (
        phase is None or (e.facts["phase"], e.facts["edge"]) == (phase, edge)))


def suspended(r, size=None):
    """As if the box had been suspended by the clock when it opened, with or without its head."""
    i = place(r, "phase", "begin", "4")
    r.events[i].kind, r.events[i].facts = "suspend", {"cause": "clock"}
    if size is not None:
        head = r.events[i - 1].facts
        r.events[i + 1].kind, r.events[i + 1].facts = "heartbeat", {"size": head["size"], "root": head["root"], "authorizations": "0"}


def facts(kind, **new):
    def forge(r):
        for e in r.events:
            if e.kind == kind and "size" in e.facts or kind not in ("phase", "heartbeat") and e.kind == kind:
                e.facts = {**e.facts, **new}
    return forge


def full(r):
    """One ballot in the box from the opening on."""
    data = read_bundle("ballots")[0]
    root = verify.root_of([verify.leaf_hash(data)]).hex()
    for e in r.events:
        if e.facts.get("size") == "0":
            e.facts = {**e.facts, "size": "1", "root": root}


def read_bundle(log):
    name, width = bundle(log)
    with open(os.path.join(RECORD, name), "rb") as f:
        reader = Reader(f.read())
    return [reader.vec(2) for _ in range(width)]


def dark(r):
    for e in r.events[place(r, "phase", "end", "3"):]:
        e.time += 7200


def used_twice(r):
    i = place(r, "station")
    r.events.insert(i + 1, r.events[i])


FORGED = [
    ("a signed entry used twice", "V13", used_twice),
    ("phases without a head of the box", "V14", facts("phase", size="")),
    ("more ballots than authorizations", "V14", facts("heartbeat", authorizations="0")),
    ("a size with a zero before it", "V14", facts("heartbeat", size="00")),
    ("two hours without a heartbeat", "V14", dark),
    ("a ballot in the box before it opened", "V14", full),
    ("a box that grew while suspended", "V14", lambda r: suspended(r, 0)),
    ("a suspension without its head", "V14", suspended),
    ("a close entry with another checkpoint", "V15", facts("close", checkpoint="urna.example/ballots\n0\n\n")),
    ("a phase that is no digit", "V12", facts("phase", phase="1x")),
    ("a line feed in a reason", "V12", facts("comparison", motive="m\nACTA")),
]


class Shorter(verify.Record):
    """A record whose log has not its last ballot."""

    def __setattr__(self, name, value):
        super().__setattr__(name, value[:-1] if name == "ballot_hashes" else value)


def main():
    bad = 0
    for name, number, forge in FORGED:  # done to what was read, as by one who holds the log's key
        result = verify.run(verify.Record(RECORD, ELECTION, []), forge)
        seen = [n for n, (_, verdict, _) in result.items() if verdict != "pass"]
        bad += number not in seen
        print("%-7s %-45s %s" % ("ok" if number in seen else "MISSED", name, " ".join(seen[:6])), flush=True)
    for name, number, change in CASES:
        with tempfile.TemporaryDirectory() as t:
            folder = os.path.join(t, "record")
            shutil.copytree(RECORD, folder)
            change(Copy(folder))
            result = verify.run(verify.Record(folder, ELECTION, []))
        seen = [n for n, (_, verdict, _) in result.items() if verdict != "pass"]
        bad += number not in seen
        print("%-7s %-45s %s" % ("ok" if number in seen else "MISSED", name, " ".join(seen[:6])), flush=True)
    other = "0" * 64
    with tempfile.TemporaryDirectory() as t:
        shutil.copytree(RECEIPTS, t, dirs_exist_ok=True)
        Copy(t).flip("2", 60)
        for name, number, r in [
                ("another election id is pinned", "V10", verify.Record(RECORD, other, [])),
                ("another log key is pinned", "V02", verify.Record(RECORD, ELECTION, ["urna.example/ballots+00000000+AA=="])),
                ("receipts of a log with a ballot more", "V40", Shorter(RECORD, ELECTION, [], RECEIPTS)),
                ("a receipt with a false path, set aside", None, verify.Record(RECORD, ELECTION, [], t))]:
            seen = [n for n, (_, verdict, _) in verify.run(r).items() if verdict != "pass"] or [None]
            bad += number not in seen
            print("%-7s %-45s %s" % ("ok" if number in seen else "MISSED", name, " ".join(filter(None, seen[:6]))), flush=True)
    print("%d cases, %d missed" % (len(CASES) + len(FORGED) + 4, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
