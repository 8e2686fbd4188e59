#!/usr/bin/env python3
"""stations.py FOLDER - records forged by an operator who has every key but the trustees', shown to stations; tests/check_station.

FOLDER is a finished election of tests/demo --file-keys, with the records of its moments in at-PHASE. Where witnesses "cosign", their
keys are used too, so that the one check in question stands alone. One line a case."""
import base64
import fcntl
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "independent"))
from formats import Key, Reader, json_write, leaf_hash, root_of, tile_names  # noqa: E402
from group import sha256  # noqa: E402

W = sys.argv[1]
D, OUT = W + "/forged", W + "/out"
ENV = dict(os.environ, SOFTHSM2_CONF=os.path.abspath(W + "/softhsm2.conf"))
ID = hashlib.sha256(open(W + "/record/opening.json", "rb").read()).hexdigest()
WITNESS = {k.name: k for k in (Key(w["key"]) for w in json.load(open(W + "/record/call.json"))["witnesses"]["list"])}
bad = 0


def told(name, good, text=""):
    global bad
    bad += not good
    print("%-7s %s%s" % ("ok" if good else "MISSED", name, "" if good else "\n" + text[-3000:]), flush=True)


def run(*words, stdin=""):
    p = subprocess.run(words, env=ENV, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    return p.returncode, p.stdout


# ---- signing ------------------------------------------------------------------------------

def signature(name, who, text, kind=1, when=0):
    """A line of a signed note by a key file of the election; kind 4: a witness's cosignature."""
    stem = who.split("/")[-1]
    with open(W + "/message", "wb") as f:
        f.write(("cosignature/v1\ntime %d\n%s" % (when, text) if kind == 4 else text).encode())
    passfile = W + "/keys/%s.pass" % (stem if os.path.exists(W + "/keys/%s.pass" % stem) else "service")
    sig = subprocess.check_output(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", W + "/keys/%s.key" % stem, "-passin", "file:" + passfile,
                                   "-in", W + "/message"])
    key = WITNESS[who] if kind == 4 else Key(open(W + "/keys/%s.key.pub" % stem).read().strip())
    return "— %s %s\n" % (name, base64.b64encode(key.id + (when.to_bytes(8, "big") if kind == 4 else b"") + sig).decode())


class Forged:
    """A copy of a record, to be changed and signed again."""

    def __init__(self, moment):
        shutil.rmtree(D, ignore_errors=True)
        shutil.copytree(W + "/at-" + moment, D)
        self.call = sha256(self.get("call.json")).hex()

    @staticmethod
    def get(name):
        with open(D + "/" + name, "rb") as f:
            return f.read()

    @staticmethod
    def put(name, data):
        os.makedirs(os.path.dirname(D + "/" + name), exist_ok=True)
        with open(D + "/" + name, "wb") as f:
            f.write(data)

    def note(self, purpose, data, *who):
        text = "urna/v1/document\npurpose %s\ncall %s\nsha256 %s\n" % (purpose, self.call, sha256(data).hex())
        return (text + "\n" + "".join(signature(w, w, text) for w in who)).encode()

    def log(self, log):
        entries, size = [], int(self.get(log + "/checkpoint").split(b"\n")[1])
        for name, level, _, width in tile_names(size):
            if level < 0:
                r = Reader(self.get(log + "/" + name))
                entries += [r.vec(2) for _ in range(width)]
        return entries

    def relog(self, log, entries, cosign=True):
        """Write the log and sign its head with its own key; the answer is the checkpoint without the witnesses."""
        shutil.rmtree(D + "/%s/tile" % log)
        hashes = [leaf_hash(e) for e in entries]
        for name, level, first, width in tile_names(len(entries)):
            if level < 0:
                self.put(log + "/" + name, b"".join(len(e).to_bytes(2, "big") + e for e in entries[first:first + width]))
            else:
                step = 1 << 8 * level
                self.put(log + "/" + name, b"".join(root_of(hashes[i * step:(i + 1) * step]) for i in range(first, first + width)))
        text = "urna.example/%s\n%d\n%s\n" % (log, len(entries), base64.b64encode(root_of(hashes)).decode())
        own = text + "\n" + signature("urna.example/" + log, log, text)
        witnesses = "".join(signature("testigo-%d" % n, "testigo-%d" % n, text, 4, int(time.time())) for n in (1, 2) if cosign)
        self.put(log + "/checkpoint", (own + witnesses).encode())
        self.root = root_of(hashes)
        return own

    def document(self, entry):
        e = json.loads(entry)
        return json.loads(e["document"]) if "document" in e else e

    def signed(self, kind, facts, when, who):
        d = json_write({"urna": "event", "version": 1, "scope": ID, "serial": os.urandom(16).hex(), "kind": kind, "facts": facts})
        return self.entry(d, self.note("event", d, who), when)

    @staticmethod
    def entry(document, note, when):
        return json_write({"urna": "entry", "version": 1, "scope": ID, "time": when, "document": document.decode(), "note": note.decode()})

    def until(self, kind):
        """The entries of events up to the last of this kind."""
        entries = self.log("events")
        return entries[:max(i for i, e in enumerate(entries) if self.document(e)["kind"] == kind) + 1]

    def facts(self, entries, kind, change, who=None):
        """Change the facts of every entry of a kind."""
        for i, b in enumerate(entries):
            e, d = json.loads(b), self.document(b)
            if d["kind"] != kind:
                continue
            f = change(dict(d["facts"]))
            if who is not None:
                entries[i] = self.signed(kind, f, e["time"], who)
            else:
                e["facts"] = f
                entries[i] = json_write(e)
        return entries

    def box(self, ballots, cosign):
        """Another box under the logs' keys, and everything that the operator can sign anew for it."""
        own = self.relog("ballots", ballots, cosign)
        root, size = self.root, len(ballots)
        file = b"\1" + bytes.fromhex(ID) + size.to_bytes(8, "big") + b"".join(len(b).to_bytes(4, "big") + b for b in ballots)
        self.put("encrypted-votes.bin", file)

        def head(f):
            if int(f.get("size", "0")) > 0:
                k = min(int(f["size"]), size)
                f["size"], f["root"] = str(k), root_of([leaf_hash(b) for b in ballots[:k]]).hex()
            return f

        def close(f):
            f.update(size=str(size), root=root.hex(), checkpoint=own)
            for a in ("sha256", "sha512", "sha3-256"):
                f[a] = hashlib.new(a.replace("-", "_"), file).hexdigest()
            return f
        entries = self.log("events")
        for kind in ("phase", "heartbeat"):
            entries = self.facts(entries, kind, head)
        entries = self.facts(entries, "close", close)
        entries = self.facts(entries, "comparison", lambda f: {"sha256": hashlib.sha256(file).hexdigest(), "root": root.hex()}, "operador")
        self.relog("events", entries, cosign)
        run("build/bin/urna", "close", "--record", D)


# ---- stations --------------------------------------------------------------------------------

NO_PIN = ["--pass-file", "/nonexistent/pass"]  # whoever asks for it has gone too far


def by(name):
    return ["--key", W + "/keys/%s.key" % name, "--pass-file", W + "/keys/%s.pass" % name]


def station(trustee, card, *more, election=ID, record=D, **with_):
    shutil.rmtree(OUT, ignore_errors=True)
    pin = ["--pin-file", W + "/private/pin-%d-%d" % (trustee, card)]
    return run("build/bin/urna", "decrypt", "run", "--record", record, "--out", OUT, *(["--election-id", election] if election else []),
               "--label", "tarjeta-%d-%d" % (trustee, card), *pin, *more, **with_)


def factors():
    return glob.glob(OUT + "/decryption/*/*/nizkp/proofs/DecryptionFactors01.bt")


def refused(name, checks, text, code, deep="/nonexistent"):
    lines = {x[:3]: x for x in text.split("\n") if " FAIL " in x or " ABSENT " in x}
    good = code == 1 and "No key was used" in text and all(c in lines for c in checks) and deep not in text and not factors()
    told(name + ": " + " ".join(sorted(lines)), good, text)


def trustee_refuses(name, *checks):
    code, text = station(2, 1, "--key", W + "/keys/custodio-2.key", *NO_PIN)
    refused("a trustee, " + name, checks, text, code)


def mixer_refuses(name, *checks):
    shutil.rmtree(OUT, ignore_errors=True)
    code, text = run("build/bin/urna", "mix", "--record", D, "--election-id", ID, "--out", OUT, "--key", W + "/keys/mezclador-1.key", *NO_PIN)
    refused("a mixer, " + name, checks, text, code)


def operator_refuses(name, *checks):
    code, text = run("build/bin/urna", "decrypt", "compare", "--record", D, "--election-id", ID, "--socket", "/nonexistent/socket", "--key",
                     W + "/keys/operador.key", *NO_PIN)
    refused("the comparison, " + name, checks, text, code)


def mix(r, mixer, position):
    """A mixer apart from the net: its files and its signed entry are carried over."""
    shutil.rmtree(OUT, ignore_errors=True)
    code, text = run("build/bin/urna", "mix", "--record", D, "--election-id", ID, "--out", OUT, "--quiet", *by("mezclador-%d" % mixer))
    if code != 0:
        return told("mix %d" % position, False, text)
    shutil.copytree(OUT + "/mix", D + "/mix", dirs_exist_ok=True)
    parts = [open(OUT + "/entries/mix-%02d.json%s" % (position, x), "rb").read() for x in ("", ".note")]
    entries = r.log("events")
    r.relog("events", entries + [r.entry(*parts, json.loads(entries[-1])["time"])])


def remixed(*mixers):
    """The real box mixed once more, by these; everything cosigned."""
    r = Forged("mix")
    shutil.rmtree(D + "/mix")
    r.relog("events", r.until("comparison"))
    for position, m in enumerate(mixers, 1):
        mix(r, m, position)
    return r


def notes_of(r, mixer, position):
    """Notes of one mixer for a position of every group: what it would sign."""
    for d in glob.glob(D + "/mix/*"):
        base = d[len(D) + 1:]
        last = int(r.get(base + "/nizkp/proofs/activethreshold"))
        lists = [r.get(base + "/nizkp/Ciphertexts.bt")] + [r.get(base + "/nizkp/proofs/Ciphertexts%02d.bt" % i) for i in range(1, last)]
        lists.append(r.get(base + "/nizkp/ShuffledCiphertexts.bt"))
        statement = json_write({"urna": "mix", "sid": "E" + ID[:40], "auxsid": r.get(base + "/nizkp/auxsid").decode(), "mixer": "mezclador-%d" % mixer,
                                "position": position, "input": sha256(lists[position - 1]).hex(), "output": sha256(lists[position]).hex()})
        r.put(base + "/%02d.note" % position, r.note("mix", statement, "mezclador-%d" % mixer))


# ---- the phases of --until ---------------------------------------------------------------------

phases = ["key", "opening", "closing", "mix", "count", "handover"]
for i, phase in enumerate(phases):
    v = ["build/bin/urna-verify", "record", "--until"]
    pin = [] if phase == "key" else ["--election-id", ID]
    code, text = run(*v, phase, W + "/at-" + phase, *pin)
    told("the record of %s verifies until %s" % (phase, phase), code == 0, text)
    if i + 1 < len(phases):
        code, text = run(*v, phases[i + 1], W + "/at-" + phase)
        told("and not until %s" % phases[i + 1], code == 1, text)
    code, text = run(*v, phase, W + "/record", "--election-id", ID)
    told("the finished record verifies until %s" % phase, code == 0, text)
code, text = run("build/bin/urna-verify", "record", "--until", "opening", "--receipts", W + "/receipts", W + "/at-opening")
told("receipts need a closed box", code == 1 and "V40" in "".join(x[:3] for x in text.split("\n") if " ABSENT " in x), text)

for moment, sentence, want in (("opening", "its box is not closed", 1), ("closing", "in the head that was counted", 0)):
    code, text = run("build/bin/urna-verify", "receipt", W + "/receipts/0", "--ballot", W + "/receipts/0.ballot", "--record", W + "/at-" + moment)
    told("a receipt held against the record of %s" % moment, code == want and sentence in text, text)

# ---- what is refused before anything else ---------------------------------------------------------

r = Forged("mix")
other = ("0" if ID[0] != "0" else "1") + ID[1:]
K = ["--key", W + "/keys/custodio-2.key", *NO_PIN]
for what, code_text in (("another election id", station(2, 1, *K, election=other)), ("another id, typed", station(2, 1, *K, election=None, stdin=other + "\n")),
                        ("no id", station(2, 1, *K, election=None)), ("half an id", station(2, 1, *K, election=ID[:40]))):
    code, text = code_text
    told("a trustee, " + what + ": before anything else", code == 1 and " pass " not in text and "/nonexistent" not in text
         and ("this record is of the election" in text if "another" in what else "an election id" in text), text)
code, text = station(2, 1, *K, "--log-key", open(W + "/keys/operador.key.pub").read().strip())
refused("a trustee, another log key", ["V02"], text, code)

# ---- forged boxes and mixes -----------------------------------------------------------------------

r.relog("events", r.log("events"), cosign=False)
trustee_refuses("the head of events without its witnesses", "V39")
r = Forged("mix")
shutil.copy(D + "/ballots/checkpoint", W + "/saved")
r.put("ballots/checkpoint", "".join(x for x in open(W + "/saved").readlines() if not x.startswith("— testigo")).encode())
trustee_refuses("the head of ballots without its witnesses", "V39")
ballots = r.log("ballots")
r.box(ballots[3:4], cosign=False)
trustee_refuses("a forked log and a box of one voter's ballot", "V28", "V39")
r = Forged("mix")
r.box(ballots[3:4], cosign=True)
trustee_refuses("the same, cosigned", "V28")
r = Forged("mix")
shutil.rmtree(D + "/mix")
r.relog("events", r.until("comparison"))
r.box(ballots[3:4], cosign=False)
mixer_refuses("a box of one voter's ballot", "V24", "V39")
r = Forged("mix")
r.box(ballots + ballots[-1:], cosign=True)
trustee_refuses("a ballot more than voters", "V18", "V21")
r = Forged("mix")
entries = r.log("events")
announced = {r.document(e)["facts"]["set"] for e in entries if r.document(e)["kind"] == "authorizers"}
r.relog("events", r.facts(entries, "authorizers", lambda f: dict(f, set=min({"7", "11", "13"} - announced))))
trustee_refuses("tokens of a set that nobody announced", "V17")
r = Forged("mix")
b = bytearray(r.get("authorizations/partido-1"))
b[-1] ^= 1
r.put("authorizations/partido-1", bytes(b))
trustee_refuses("another list of an authorizer", "V19")
r = Forged("mix")
r.put("acts/start-of-decryption.json.note", r.note("start-of-decryption", r.get("acts/start-of-decryption.json"), "operador"))
trustee_refuses("a start act that the notary did not sign", "V24")
for f in glob.glob(D + "/acts/start-of-decryption*"):
    os.remove(f)
trustee_refuses("no start act", "V24")
mixer_refuses("no start act", "V24")
r = Forged("mix")
for f in glob.glob(D + "/mix/*/*.note"):
    os.remove(f)
trustee_refuses("mixes without their mixers' notes", "V28")
r = Forged("mix")
f = glob.glob(D + "/mix/*/nizkp/proofs/PoSReply01.bt")[0]
b = bytearray(open(f, "rb").read())
b[-1] ^= 1
open(f, "wb").write(bytes(b))
trustee_refuses("a false proof of shuffle", "V27")
r = Forged("closing")
b = bytearray(r.get("encrypted-votes.bin"))
b[-1] ^= 1
r.put("encrypted-votes.bin", bytes(b))
operator_refuses("another file of encrypted votes", "V22")

r = remixed(1, 2)
trustee_refuses("the required mixer left out", "V28")
r = remixed(3, 1)
entries = r.log("events")
first = r.document(entries[-2])["facts"]
second = r.document(entries[-1])["facts"]
when = json.loads(entries[-1])["time"]
r.relog("events", entries[:-1] + [r.signed("mix", dict(second, outputs=first["outputs"]), when, "mezclador-1")])
trustee_refuses("an entry that names other outputs", "V28")
r.relog("events", entries[:-1] + [r.signed("mix", dict(second, mixer="mezclador-3"), when, "mezclador-3")])
notes_of(r, 3, 2)
trustee_refuses("one mixer twice, all of it signed", "V28")
for f in glob.glob(D + "/mix/*/*.note"):
    os.remove(f)
r.relog("events", r.log("events"), cosign=False)
trustee_refuses("one mixer twice, without notes and witnesses", "V28", "V39")

# ---- too early: a step before its turn is no damaged record --------------------------------------------------

COMMON = ["--record", D, "--election-id", ID, "--socket", "/nonexistent/socket"]
for name, moment, words, next_step in (
        ("a comparison while the box is open", "opening", ["decrypt", "compare", *COMMON, "--key", W + "/keys/operador.key"], "urna close"),
        ("a mix before the comparison", "closing", ["mix", *COMMON, "--key", W + "/keys/mezclador-1.key"], "urna decrypt compare"),
        ("factors before the comparison", "closing", ["decrypt", "run", *COMMON, "--label", "x", "--key", W + "/keys/custodio-2.key"], "urna decrypt compare"),
        ("a seal while nothing is decrypted", "mix", ["preserve", *COMMON, "--key", W + "/keys/operador.key"], "urna decrypt run"),
        ("a start that is signed while the box is open", "opening", ["notary", "sign", "start", "--record", D, "--key", W + "/keys/notaria.key"], "urna close"),
        ("a closing act while the box is open", "opening", ["close", "--record", D], "urna close"),
        ("a closing act before the opening", "key", ["close", "--record", D], "urna open"),
        ("a count while nothing is mixed", "closing", ["act", "count", "--record", D, "--socket", "/x", "--key", W + "/keys/operador.key"], "urna decrypt compare"),
        ("a count while nothing is decrypted", "mix", ["act", "count", "--record", D, "--socket", "/x", "--key", W + "/keys/operador.key"], "urna decrypt run")):
    Forged(moment)
    code, text = run("build/bin/urna", *words, *(NO_PIN if "--key" in words else []))
    told(name + ": the next step is named", code == 1 and "yet" in text and next_step in text and "does not hold" not in text and "/nonexistent" not in text
         and "No such file" not in text, text)
r = Forged("mix")
r.relog("events", r.until("comparison"))
code, text = station(2, 1, "--key", W + "/keys/custodio-2.key", *NO_PIN)
told("factors before the mixers: the next step is named", code == 1 and "0 of at least" in text and "urna mix" in text, text)
r = Forged("closing")
for f in glob.glob(D + "/acts/closing.*"):
    os.remove(f)
code, text = run("build/bin/urna", "decrypt", "compare", *COMMON, "--key", W + "/keys/operador.key", *NO_PIN)
told("a comparison without the closing act: refused, and what makes it is named", code == 1 and "V23" in text and "next: urna close" in text, text)

# ---- the card's memory ----------------------------------------------------------------------------------

code, text = station(1, 1, *by("custodio-1"), record=W + "/at-mix")
same = factors() and all(open(f, "rb").read() == open(W + "/record/" + f[len(OUT) + 1:], "rb").read() for f in factors())
told("the same list again (after a crash): the card serves, the factors are the same", code == 0 and same and "VERIFIED until mix" in text, text)
told("the entries lie signed beside them", sorted(os.listdir(OUT + "/entries")) == ["factors-01.json", "factors-01.json.note", "station-01.json", "station-01.json.note"])
r = remixed(3, 1)
code, text = station(1, 1, *by("custodio-1"))
told("another mix of the same box, all checks pass: the card that served refuses", code == 1 and "has served another mixed output of this box" in text
     and "VERIFIED until mix" in text and not factors(), text)

# ---- a trustee that mixes too (the call: custodio-2 is of one body with mezclador-2, which did not mix here) ---------

code, text = station(2, 1, *by("custodio-2"), "--quiet")
told("a trustee whose own mixer did not mix: refused before the card", code == 1 and "mezclador-2, of your own body" in text and not factors(), text)
code, text = station(4, 2, *by("custodio-4"), "--quiet", "--waive-own-mix")
told("one without a mixer has nothing to waive", code == 1 and "nothing to waive" in text and not factors(), text)
code, text = station(2, 2, *by("custodio-2"), "--quiet", "--waive-own-mix", record=W + "/at-mix")
told("nor one whose mixer mixed", code == 1 and "nothing to waive" in text and not factors(), text)
code, text = station(2, 2, *by("custodio-2"), "--quiet", record=W + "/at-mix")
told("which opens without a waiver", code == 0 and len(factors()) > 0 and "waiver" not in open(OUT + "/entries/station-02.json").read(), text)
call = json.load(open(W + "/record/call.json", encoding="utf-8"))
for what, change, sentence in (("a mixer that the call has not", {"mixer": "mezclador-9"}, "is no mixer of this call"),
                               ("a mixer's person that does not name it", {"person": "mezclador-2", "mixer": None}, "must name it")):
    one = json.loads(json.dumps(call))
    one["trustees"]["list"][1] = {k: v for k, v in dict(one["trustees"]["list"][1], **change).items() if v is not None}
    json.dump(one, open(W + "/bad-call.json", "w", encoding="utf-8"))
    code, text = run("build/bin/urna", "call", "check", W + "/bad-call.json")
    told("a call whose trustee is of " + what + " is refused", code == 1 and sentence in text, text)
base = r.log("events")
opened = []
for trustee, card, more in ((2, 1, ["--waive-own-mix"]), (4, 1, []), (5, 2, [])):
    code, text = station(trustee, card, *by("custodio-%d" % trustee), "--quiet", *more)
    told("trustee %d opens the other mix%s" % (trustee, ", waiving its own" if more else ""), code == 0 and len(factors()) > 0, text)
    shutil.copytree(OUT + "/decryption", D + "/decryption", dirs_exist_ok=True)
    opened += [[open(OUT + "/entries/%s-%02d.json%s" % (kind, trustee, x), "rb").read() for x in ("", ".note")] for kind in ("station", "factors")]
when = json.loads(base[-1])["time"]
r.relog("events", base + [r.entry(*parts, when) for parts in opened])


def notes_check():
    text = run("build/bin/urna-verify", "record", "--until", "count", "--election-id", ID, D)[1]
    return [x for x in text.split("\n") if x.startswith("V31")][0]


told("the waiver is in the verifier's report", " pass " in notes_check() and "did without its own mixer mezclador-2" in notes_check(), notes_check())
facts = json.loads(opened[0][0])["facts"]
told("and in the signed entry", facts["waiver"] == "mezclador-2")
told("in no other trustee's", all("waiver" not in json.loads(p[0])["facts"] for p in opened[1:]))
for what, other in (("none", {k: v for k, v in facts.items() if k != "waiver"}), ("another mixer's", dict(facts, waiver="mezclador-1"))):
    r.relog("events", base + [r.signed("station", other, when, "custodio-2")] + [r.entry(*parts, when) for parts in opened[1:]])
    told("a station entry with %s waiver: V31 fails" % what, " FAIL " in notes_check() and "has not mixed" in notes_check(), notes_check())
r.relog("events", base)
shutil.rmtree(D + "/decryption")
code, text = station(2, 1, *by("custodio-2"), "--quiet", record=W + "/at-mix")
told("and then refuses the first mix", code == 1 and "has served another mixed output" in text and not factors(), text)

# ---- a mixing that broke off ------------------------------------------------------------------------------

r.relog("events", r.log("events")[:-1])  # both mixes' files, one entry
for attempt in (1, 2):
    code, text = run("build/bin/urna", "mix", "--record", D, "--election-id", ID, "--quiet", "--socket", W + "/no-socket", *by("mezclador-1"))
    told("a mixing without its entry is begun anew", code == 1 and "group 1 of 1" in text and "connect" in text, text)
parts = glob.glob(D + "/mix/*/nizkp/proofs/activethreshold")
told("and stands at its position", all(open(p).read() == "2" for p in parts))
code, text = run("build/bin/urna", "decrypt", "run", "--record", D, "--election-id", ID, "--label", "x", *by("custodio-2"))
told("neither --socket nor --out: refused", code == 1 and "--out" in text, text)
code, text = run("build/bin/urna", "decrypt", "run", "--record", D, "--election-id", ID, "--label", "x", "--out", OUT, "--what", *by("custodio-2"))
told("an option nobody knows: refused", code == 2, text)

# ---- one at a time ------------------------------------------------------------------------------------------

at_count = ["--record", D, "--election-id", ID, "--quiet"]
preserve = ["build/bin/urna", "preserve", *at_count, "--socket", W + "/no-socket"]
mixing = ["build/bin/urna", "mix", *at_count, "--key", W + "/keys/mezclador-1.key", *NO_PIN]
opening = ["build/bin/urna", "decrypt", "run", *at_count, "--label", "tarjeta-2-1", "--key", W + "/keys/custodio-2.key", *NO_PIN]
r = Forged("count")
folder = os.open(D, os.O_RDONLY)
for name, words, how, want in (
        ("a mixer", [*mixing, "--socket", W + "/no-socket"], fcntl.LOCK_EX, True), ("a trustee", [*opening, "--socket", W + "/no-socket"], fcntl.LOCK_EX, True),
        ("the seal", [*preserve, *by("operador")], fcntl.LOCK_EX, True), ("a mixer, beside one who only reads", [*mixing, "--socket", W + "/no-socket"], fcntl.LOCK_SH, True),
        ("a trustee apart from the net, who only reads,", [*opening, "--out", OUT], fcntl.LOCK_EX, True),
        ("a trustee apart, beside another who only reads,", [*opening, "--out", OUT], fcntl.LOCK_SH, False)):
    fcntl.flock(folder, how)
    code, text = run(*words)
    fcntl.flock(folder, fcntl.LOCK_UN)
    told("%s: %s" % (name, "another works on the folder" if want else "goes on"), code == 1 and ("another urna works on this folder" in text) == want, text)
os.close(folder)

# ---- what cannot be put right is checked before it is sealed ------------------------------------------------


def tree():
    return {f: sha256(open(f, "rb").read()) for f in glob.glob(D + "/**", recursive=True) if os.path.isfile(f)}


def says(text, sentences):
    """Each sentence, or where it is a number the failure of that check."""
    failing = {x[:3] for x in text.split("\n") if " FAIL " in x or " ABSENT " in x}
    return all(s in failing or (len(s) > 3 and s in text) for s in sentences)


def not_sealed(name, *sentences):
    before = tree()
    code, text = run(*preserve, "--key", W + "/keys/operador.key", *NO_PIN)
    told("not sealed: " + name, code == 1 and says(text, sentences) and "/nonexistent" not in text and tree() == before, text)


def flip(name):
    b = bytearray(Forged.get(name))
    b[len(b) // 2] ^= 1
    Forged.put(name, b)


for strays in (["acts/closing.txt~"], ["acts/closing.txt~", "mix/nota.txt", "documents/" + "0" * 64]):
    for s in strays:
        r.put(s, b"")
    not_sealed("a record with %d strange files" % len(strays), "V01", "not of the record:\n" + "\n".join(sorted(strays)) + "\n", "Take out of the folder")
for s in strays:
    os.remove(D + "/" + s)
for name, check in (("votes.csv", "V32"), ("dictamen.json", "V08"), ("acts/count-summary.txt", "V33")):
    kept = r.get(name)
    flip(name)
    not_sealed("a changed " + name, check)
    r.put(name, kept)
for s in ("hashes.old", "acts/handover.txt"):
    r.put(s, b"")
    not_sealed("a record with " + s, s + " is not of a record that is to be sealed")
    os.remove(D + "/" + s)
code, text = run(*preserve, *by("operador"))
told("and the good one comes as far as the service", code == 1 and "connect" in text, text)
Forged("handover")
code, text = run(*preserve, *by("operador"))
told("a sealed one is not sealed again", code == 1 and "is sealed already" in text, text)

# ---- the notary signs what the record gives -------------------------------------------------------------------


def notary(what, answer="", *more):
    return run("build/bin/urna", "notary", "sign", what, "--record", D, *(more or by("notaria")), stdin=answer)


def not_signed(name, moment, what, change, *sentences):
    r = Forged(moment)
    change(r)
    code, text = notary(what, "s\u00ed\n", "--key", W + "/keys/notaria.key", *NO_PIN)
    told("the notary does not sign: " + name, code == 1 and says(text, sentences) and "/nonexistent" not in text and "Firmar" not in text, text)


def reopened(r, zero):
    """Another zero report, the opening that names it, and its act."""
    o = json.loads(r.get("opening.json"))
    before, o["zero_report"] = o["zero_report"], sha256(zero).hex()
    r.put("zero-report.json", zero)
    r.put("opening.json", json_write(o))
    for f in ("acts/opening.json", "acts/opening.txt"):
        text = r.get(f).replace(before.encode(), o["zero_report"].encode())
        r.put(f, text.replace(ID.encode(), sha256(json_write(o)).hex().encode()))


for what, moment, act in (("key-act", "key", "key"), ("opening", "opening", "opening"), ("start", "mix", "start-of-decryption"), ("handover", "handover", "handover")):
    file = "opening.json" if what == "opening" else "acts/%s.json" % act
    for f in (file, "acts/%s.txt" % act):
        not_signed("%s, changed" % f, moment, what, lambda r, f=f: r.put(f, r.get(f).replace(b"a", b"e", 1)), f + " is not what the record gives")
    Forged(moment)
    code, text = notary(what, "no\n")
    told("%s: its text is shown, and no is no" % what, code == 1 and open(D + "/acts/%s.txt" % act, encoding="utf-8").read() in text and "no se firm" in text, text)
    os.remove(D + "/" + file + ".note")
    code, text = notary(what, "S\u00cd\n")
    told("and what is true is signed", code == 0 and b"notaria" in Forged.get(file + ".note"), text)
not_signed("an opening over a false zero report", "opening", "opening", lambda r: reopened(r, r.get("zero-report.json").replace(b"Correcto", b"Con cambios", 1)), "zero-report.json")
not_signed("a start over a changed file of votes", "mix", "start", lambda r: flip("encrypted-votes.bin"), "V22")
not_signed("a start before the comparison", "closing", "start", lambda r: None, "the comparison of article 36 comes first")
not_signed("a hand-over of a record that was changed after its seal", "handover", "handover", lambda r: flip("votes.csv"), "V32")
not_signed("a hand-over before the seal", "count", "handover", lambda r: None, "is not sealed")
for answer, want in (("s", 0), ("Si", 0), ("s\u00ed", 0), (" YES ", 0), ("y", 0), ("sin", 1), ("no", 1), ("", 1)):
    code, text = notary("call", answer + "\n")
    told("the answer \"%s\" %s" % (answer, "is no" if want else "is yes"), code == want, text)

# ---- who draws up, amends; and what is said where something is missing -------------------------------------------


def urna(name, words, key, good, *sentences, without=()):
    """One command on D; with another outcome than good nothing in the folder changes."""
    before = tree()
    code, text = run("build/bin/urna", *words, "--record", D, *(by(key) if key else []))
    told(name, (code == 0) == good and all(s in text for s in sentences) and not any(s in text for s in without) and (good or tree() == before), text)
    return text


reasons = ["--acuerdo", "INE/CG1/2026", "--motive", "ensayo", "--proposer", "Consejo General"]
order, second, third = (["--out", W + "/order-%d.json" % i] for i in range(3))
Forged("opening")
for f in glob.glob(W + "/order-*"):
    os.remove(f)
urna("an extension to an hour that is none", ["amend", "extend", "--closes", "18:36", *reasons, *order], "operador", False, "an hour like")
urna("an extension to an hour that has passed", ["amend", "extend", "--closes", "2026-01-01T00:00:00Z", *reasons, *order], "operador", False, "has passed")
urna("an exclusion beyond the roll", ["amend", "exclude", "--index", "99", *reasons, *order], "registro", False, "the roll has 12 voters")
urna("an exclusion of no index", ["amend", "exclude", "--index", "x", *reasons, *order], "registro", False, "the roll has 12 voters")
told("and no order was written", glob.glob(W + "/order-*") == [])
urna("an extension to an hour that is to come", ["amend", "extend", "--closes", "2099-01-01T00:00:00Z", *reasons, *order], "operador", True, "extend needs 2 of", "urna amend sign")
urna("an exclusion of one on the roll", ["amend", "exclude", "--index", "11", *reasons, *second], "registro", True, "urna amend sign")
urna("a resumption after the clock, which the operator lifts alone", ["amend", "resume", "--cause", "clock", "--motive", "reloj", *third], "operador", True,
     "urna amend submit", without=["amend sign", "needs"])
urna("an amendment there is not", ["amend", "shorten"], None, False, 'there is no "shorten"')
urna("a second hash of the transcript", ["event", "submit", "--kind", "key", "--fact", "transcript=" + "0" * 64, "--socket", W + "/no-socket"], "operador", False,
     "leave it out", without=["stands twice"])
urna("a socket where nobody listens is named", ["event", "submit", "--kind", "incident", "--fact", "what=x", "--socket", W + "/no-socket"], "operador", False, W + "/no-socket")
urna("an opening under the notary's key", ["open", "--socket", W + "/no-socket"], "notaria", False, "the notary's key", "urna notary sign")
urna("an opening under the operator's, whose hours are past", ["open", "--socket", W + "/no-socket"], "operador", False, "the closing hour", "is past")
draft = json.load(open(W + "/private/draft.json", encoding="utf-8"))
draft["grace_seconds"] += 1
draft["opens"], draft["closes"] = "2096-01-01T00:00:00Z", "2096-01-02T00:00:00Z"
json.dump(draft, open(W + "/draft.json", "w", encoding="utf-8"))
urna("a manifest in the place of a signed one: the note to remove is named", ["manifest", "seal", "--draft", W + "/draft.json"], "operador", False,
     "remove " + D + "/manifest.json.note")
Forged("key")
urna("a key act under the notary's key", ["act", "key"], "notaria", False, "the notary's key", "urna notary sign")
urna("a key act under the operator's", ["act", "key"], "operador", True, "next: urna notary sign key-act", "--kind key")
kept = json.loads(Forged.get("key/cards.json"))
os.remove(D + "/key/cards.json")
urna("a key act before anybody wrote who keeps the cards", ["act", "key"], "operador", False, "urna ceremony cards")
text = run("build/bin/urna", "ceremony", "cards", "--record", D)[1]
form = json.loads(text[:text.index("\n}") + 2])
told("the form of the cards has them all, with the same members", [list(c) for c in form["cards"]] == [list(c) for c in kept["cards"]] and
     [c["serial"] for c in form["cards"]] == [c["serial"] for c in kept["cards"]] and "of trustee 1 (custodio-1), set 1" in text, text)
Forged.put("key/cards.json", text[:text.index("\n}") + 2].encode())
urna("a form that nobody filled in", ["act", "key"], "operador", False, "key/cards.json")
print("%d not as expected" % bad)
sys.exit(bad != 0)
