#!/usr/bin/env python3
"""damage.py RECORD ELECTION-ID RECEIPTS - damages copies in named ways; verify.py must name the check that sees each."""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify  # noqa: E402
from formats import Reader  # noqa: E402

RECORD, ELECTION, RECEIPTS = sys.argv[1:]
ENTRIES = "ballots/tile/entries/000.p/7"


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

    def replace(self, name, old, new):
        data = self.read(name)
        assert data.count(old) >= 1, "nothing to damage in " + name
        self.write(name, data.replace(old, new, 1))

    def swap(self, name, start, size):
        """Exchange two neighbouring pieces."""
        d = self.read(name)
        self.write(name, d[:start] + d[start + size:start + 2 * size] + d[start:start + size] + d[start + 2 * size:])

    def remove(self, name):
        os.remove(os.path.join(self.folder, name))


def swap_ballots(c):
    r = Reader(c.read(ENTRIES))
    b = [r.vec(2) for _ in range(7)]
    b[1], b[2] = b[2], b[1]
    c.write(ENTRIES, b"".join(len(x).to_bytes(2, "big") + x for x in b))


def drop_phase(c):
    name = "events/tile/entries/000.p/31"
    r = Reader(c.read(name))
    e = [r.vec(2) for _ in range(31)]
    del e[27]
    c.write(name, b"".join(len(x).to_bytes(2, "big") + x for x in e))


POINT = 5 + 2 * 38  # bytes of a point in a byte tree
CASES = [
    ("a bit of the roll's first key", "V06", lambda c: c.flip("roll", 70)),
    ("two ballots change places", "V15", swap_ballots),
    ("a phase entry is left out", "V11", drop_phase),
    ("the signature of the events' checkpoint", "V11", lambda c: c.flip("events/checkpoint", -5)),
    ("two decryption factors change places", "V30",
     lambda c: c.swap("decryption/pre-01/03/nizkp/proofs/DecryptionFactors01.bt", 5, POINT)),
    ("a decryption for another key", "V29",
     lambda c: c.write("decryption/pre-17/01/nizkp/FullPublicKey.bt", c.read("decryption/pre-17/03/nizkp/FullPublicKey.bt"))),
    ("a trustee's note is another's", "V31",
     lambda c: c.write("decryption/pre-17/01.note", c.read("decryption/pre-17/03.note"))),
    ("two mixed ciphertexts change places", "V27", lambda c: c.swap("mix/pre-01/nizkp/proofs/Ciphertexts01.bt", 10, POINT)),
    ("a reply of a proof of shuffle", "V27", lambda c: c.flip("mix/pre-17/nizkp/proofs/PoSReply02.bt", 40)),
    ("the mix is of another session", "V26", lambda c: c.replace("mix/pre-01/protInfo.xml", b"<thres>2", b"<thres>1")),
    ("the mix begins with other ciphertexts", "V25",
     lambda c: c.write("mix/pre-01/nizkp/Ciphertexts.bt", c.read("mix/pre-01/nizkp/ShuffledCiphertexts.bt"))),
    ("a mixer's note is missing", "V28", lambda c: c.remove("mix/pre-01/02.note")),
    ("a vote of votes.csv", "V32", lambda c: c.replace("votes.csv", b"pre-17,MC", b"pre-17,PT")),
    ("a number of an act", "V33", lambda c: c.replace("acts/count-pre.json", b'"votes": 3', b'"votes": 4')),
    ("a number of an act's text", "V33", lambda c: c.replace("acts/count-pre-01.txt", b" 2  DOS", b" 3  TRES")),
    ("a ballot in the file of encrypted votes", "V22", lambda c: c.flip("encrypted-votes.bin", 700)),
    ("an answer of the authority", "V19", lambda c: c.flip("authorizations/autoridad", 700)),
    ("a confirmation", "V20", lambda c: c.flip("confirmations", 60)),
    ("a share key of the transcript", "V03", lambda c: c.replace("key/transcript.json", b'"029f6f', b'"039f6f')),
    ("a custodian of the cards", "V04", lambda c: c.replace("key/cards.json", b"Custodia 1", b"Custodia 9")),
    ("the manifest's closing hour", "V05", lambda c: c.replace("manifest.json", b"13:48:27Z", b"13:58:27Z")),
    ("a file of the zero report", "V09", lambda c: c.replace("zero-report.json", b"Correcto", b"Con cambios")),
    ("the opening", "V10", lambda c: c.replace("opening.json", b"f2582e", b"f2582f")),
    ("the closing act", "V23", lambda c: c.replace("acts/closing.txt", b"7 (SIETE)", b"8 (OCHO)")),
    ("the call's note is missing", "V02", lambda c: c.remove("call.json.note")),
    ("a file too many", "V01", lambda c: c.write("acts/count-pre-02.txt", b"")),
    ("a line of a hash list", "V37", lambda c: c.flip("hashes.sha512", 3)),
    ("the hand-over act", "V38", lambda c: c.replace("acts/handover.txt", b"juego 1", b"juego 3")),
]


def main():
    bad = 0
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
                ("a receipt of another ballot", "V40", verify.Record(RECORD, ELECTION, [], t))]:
            seen = [n for n, (_, verdict, _) in verify.run(r).items() if verdict != "pass"]
            bad += number not in seen
            print("%-7s %-45s %s" % ("ok" if number in seen else "MISSED", name, " ".join(seen[:6])), flush=True)
    print("%d cases, %d missed" % (len(CASES) + 3, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
