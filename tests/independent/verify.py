#!/usr/bin/env python3
"""verify.py RECORD --election-id HEX [--log-key VKEY ...] [--receipts FOLDER]

Verifies the record of an Urna election: every check of spec/record.md, by number. A second implementation, written
from spec/; where spec/ was not enough, it was mended first. Exit 0: verified, 1: not verified, 2: could not run."""
import argparse
import calendar
import hashlib
import itertools
import math
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from formats import *  # noqa: E402,F403
from group import *  # noqa: E402,F403
from sessions import *  # noqa: E402,F403
import acts  # noqa: E402

ID = "[a-z0-9]{1,16}"
EMBLEM = "[A-Z0-9]{1,16}"
HEX32 = "[0-9a-f]{64}"
CHECKS = []


class Absent(Exception):
    """What a check needs is not there, or an earlier check did not establish it."""


def check(number, name):
    return lambda f: CHECKS.append((number, name, f)) or f


class Record:
    """The files, and what the checks have established so far (an attribute that is not there: Absent)."""

    def __init__(self, folder, election, log_keys, receipts=None):
        self.folder, self.pinned, self.log_keys, self.receipts = folder, election, log_keys, receipts
        self.names, self.empty = set(), []
        for where, folders, files in os.walk(folder):
            if not folders and not files:
                self.empty.append(os.path.relpath(where, folder))
            for f in files + [d for d in folders if os.path.islink(os.path.join(where, d))]:
                self.names.add(os.path.relpath(os.path.join(where, f), folder))

    def __getattr__(self, name):
        raise Absent("needs an earlier check (%s)" % name)

    def get(self, name):
        if name not in self.names:
            raise Absent("no file " + name)
        path = os.path.join(self.folder, name)
        need(os.path.isfile(path) and not os.path.islink(path), name + " is no plain file")
        with open(path, "rb") as f:
            return f.read()

    def signed(self, purpose, data, note, parties):
        """Demand a detached signature by each of the parties."""
        text, signers = note_open(note, parties)
        want = "urna/v1/document\npurpose %s\ncall %s\nsha256 %s\n" % (purpose, self.C.hex(), hash_hex(data))
        need(text == want, "the note is of another document: " + purpose)
        for p in parties:
            need(p.name in signers, "%s not signed by %s" % (purpose, p.name))

    def notary_at(self, index):
        """The notary's key before this entry of events."""
        return self.parties[index][0]

    def signed_file(self, purpose, name, parties):
        data = self.get(name)
        self.signed(purpose, data, self.get(name + ".note"), parties)
        return data


# ---- before the opening -----------------------------------------------------------

def url_good(u):
    return re.fullmatch("https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?", u)


def party(obj, kind=1, optional=()):
    fields(obj, ["person", "key"], optional)
    need(url_good(obj.get("url", "http://none")), "url")
    key = Key(obj["key"])
    need(key.type == kind, "key of another type: " + key.name)
    return key


@check("V02", "call")
def v02(r):
    data = r.get("call.json")
    r.C = sha256(data)
    c = json_read(data, "call")
    fields(c, ["urna", "version:i", "kind", "process", "ambito", "fundamento", "acuerdos:l", "origins:o", "ebitlenro:i",
               "maximum_voters:i", "replaceable_percent:i", "roll_destroyed_on", "cards:o", "trustees:o", "logs:o",
               "authorizers:o", "registrar:o", "notary:o", "operator:o", "auditor:o", "replacement_signer:o",
               "mixers:o", "witnesses:o", "amend:l"])
    need(c["kind"] in ("election", "simulacro"), "kind")
    need(c["ebitlenro"] in (128, 256), "ebitlenro")
    fields(c["origins"], ["account", "box"])
    scheme = "https" if c["kind"] == "election" else "https?"
    need(all(re.fullmatch(scheme + "://[a-z0-9.-]+(:[0-9]{1,5})?", o) for o in c["origins"].values())
         and c["origins"]["account"] != c["origins"]["box"], "origins")
    fields(c["cards"], ["tries_in_hardware:b"])
    for a in c["acuerdos"]:
        fields(a, ["id", "date", "subject"])
    need(c["acuerdos"], "no acuerdo")
    trustees = [party(p, 1, ["mixer"]) for p in c["trustees"]["list"]]
    authorizers = [party(p, 1, ["url"]) for p in c["authorizers"]["list"]]
    mixers = [party(p) for p in c["mixers"]["list"]]
    witnesses = [party(p, 4, ["url"]) for p in c["witnesses"]["list"]]
    single = {w: party(c[w]) for w in ("registrar", "notary", "operator", "auditor", "replacement_signer")}
    logs = {w: Key(c["logs"][w]) for w in ("ballots", "events")}
    everybody = trustees + authorizers + mixers + witnesses + list(single.values()) + list(logs.values())
    need(len({k.key for k in everybody}) == len({k.name for k in everybody}) == len(everybody), "keys and names differ")
    k, t = len(trustees), c["trustees"]["threshold"]
    need(2 <= t <= k <= 25, "threshold")
    need(len(authorizers) <= 8 and c["authorizers"]["quorum"] <= len(authorizers) < 2 * c["authorizers"]["quorum"],
         "quorum of authorizers")
    need(1 <= c["mixers"]["minimum"] <= len(mixers) and set(c["mixers"]["required"]) <= {m.name for m in mixers}, "mixers")
    need(c["witnesses"]["quorum"] <= len(witnesses), "quorum of witnesses")
    persons = {p["person"] for p in c["mixers"]["list"]}
    r.own_mixer = {k.name: p["mixer"] for k, p in zip(trustees, c["trustees"]["list"]) if "mixer" in p}
    need(set(r.own_mixer.values()) <= {m.name for m in mixers}, "a trustee's mixer is none")
    need(all("mixer" in p or p["person"] not in persons for p in c["trustees"]["list"]), "a trustee does not name its own mixer")
    by_name = {p.name: p for p in everybody}
    for a in c["amend"]:
        fields(a, ["kind", "keys:l", "quorum:i"])
        need(1 <= a["quorum"] <= len(a["keys"]) == len(set(a["keys"])) and set(a["keys"]) <= set(by_name), "amend")
    r.call, r.trustees, r.t, r.authorizers, r.mixers, r.witnesses = c, trustees, t, authorizers, mixers, witnesses
    r.quorum, r.by_name, r.logs, r.party = c["authorizers"]["quorum"], by_name, logs, single
    r.signed_file("call", "call.json", [single["operator"], single["notary"]])
    for text in r.log_keys:
        need(text in (logs["ballots"].text, logs["events"].text), "a pinned log key is not the call's")
    return c["kind"]


@check("V03", "ceremony")
def v03(r):
    data = r.signed_file("key-transcript", "key/transcript.json", r.trustees)
    tr = fields(json_read(data, "key-transcript"), ["urna", "version:i", "call:h", "attempt:i", "round1:l", "round2:l",
                                                    "joint_key", "share_keys:l", "cards:l"])
    k = len(r.trustees)
    need(tr["call"] == r.C.hex() and len(tr["round1"]) == len(tr["round2"]) == k, "another call or number of trustees")

    def message(m, n, index, names):
        fields(m, ["text", "note"])
        text = m["text"].encode()
        r.signed("ceremony-round%d" % n, text, m["note"].encode(), [r.trustees[index - 1]])
        d = fields(json_read(text), ["urna", "call:h", "attempt:i", "index:i"] + names)
        need(d["urna"] == "ceremony-round%d" % n and d["call"] == r.C.hex() and d["attempt"] == tr["attempt"]
             and d["index"] == index, "message of another call, attempt or trustee")
        return d
    first = [message(m, 1, j + 1, ["transport:h", "commitment:h"]) for j, m in enumerate(tr["round1"])]
    all_first = hash_hex(b"".join(sha256(m["text"].encode()) for m in tr["round1"]))
    polynomials = []
    for j, m in enumerate(tr["round2"], 1):
        d = message(m, 2, j, ["round1:h", "points:l", "possession"])
        raw = [bytes.fromhex(p) for p in d["points"]]
        need(len(raw) == r.t and d["round1"] == all_first, "points, or the hash of round 1")
        signed = [r.C, tr["attempt"].to_bytes(4, "big"), bytes([j, r.t])] + raw
        proof = bytes.fromhex(d["possession"])
        need(schnorr_verify(raw[0][1:], tagged("possession", *signed), proof), "proof of possession of %d" % j)
        need(tagged("ceremony-commit", *signed, proof).hex() == first[j - 1]["commitment"], "commitment of %d" % j)
        polynomials.append([point_read(p) for p in raw])
    need(len({p[0] for p in polynomials}) == k, "two constant points alike")
    sums = [add(*(p[i] for p in polynomials)) for i in range(r.t)]
    r.Y = sums[0]
    r.share_keys = [msm(*((l ** i, s) for i, s in enumerate(sums))) for l in range(1, k + 1)]
    need(point_write(r.Y).hex() == tr["joint_key"], "joint key")
    need([point_write(y).hex() for y in r.share_keys] == tr["share_keys"], "share keys")
    for c in tr["cards"]:
        fields(c, ["trustee:i", "set:i", "label", "serial"])
        need(1 <= c["trustee"] <= k, "card of nobody")
    need(len({c["serial"] for c in tr["cards"]}) == len(tr["cards"]), "a card twice")
    r.transcript, r.transcript_hash = tr, hash_hex(data)


@check("V04", "key-act")
def v04(r):
    d = fields(json_read(r.get("key/cards.json"), "cards"), ["urna", "version:i", "cards:l"])
    for c in d["cards"]:
        fields(c, ["serial", "custodian", "acuerdo", "designated", "envelope"])
    r.cards = d["cards"]
    acts.compare(r, "key", acts.key(r))
    data = r.signed_file("key-act", "acts/key.json", [r.party["operator"], r.party["notary"]])
    keys = [e for e in r.events if e.kind == "key"]
    need(len(keys) == 1 and keys[0].facts.get("transcript") == r.transcript_hash
         and keys[0].facts.get("act") == hash_hex(data), "the key entry")


def lines_of(c):
    """Every valid marking of a contest, in order."""
    if c["type"] == "consulta":
        return ["SI", "NO", "NULO"]
    shared = {p for m in c["common"] for p in m["parties"]}
    lines = [p["id"] for p in c["parties"] if p["id"] not in shared]
    for co in c["coalitions"]:
        for size in range(len(co["parties"]), 1, -1):
            members = [p["id"] for p in c["parties"] if p["id"] in co["parties"]]
            lines += ["_".join(s) for s in itertools.combinations(members, size)]
    lines += [m["id"] for m in c["common"]] + [i["id"] for i in c["independents"]]
    return lines + (["CANDIDATO_NO_REGISTRADO"] if c["unregistered"] else []) + ["VOTOS_NULOS"]


BOUNDS = [("", "grace_seconds", 0, 3600), ("", "heartbeat_seconds", 1, 86400), ("", "replacement_delay_seconds", 0, 2592000),
          ("", "small_group", 0, 1000), ("public_head", "seconds", 1, 86400), ("public_head", "ballots", 1, 10**6),
          ("public_head", "at_most_seconds", 1, 86400), ("codes", "digits", 6, 8), ("codes", "seconds", 30, 3600),
          ("codes", "attempts", 1, 20), ("codes", "lock_seconds", 1, 900)]


def emblems(c):
    """Parties, coalitions, common candidacies and independents of a contest are in form and do not overlap."""
    need(re.fullmatch(ID, c["type"]), "type of a contest")
    if c["type"] == "consulta":
        return
    own = {}
    for p in c["parties"]:
        fields(p, ["id", "name"], ["candidate"])
        need(re.fullmatch(EMBLEM, p["id"]) and p["id"] not in own, "a party's id")
        own[p["id"]] = p.get("candidate")
    taken = []
    for x in c["coalitions"] + c["common"]:
        fields(x, (["id"] if x in c["common"] else []) + ["name", "parties:l", "candidate"])
        need(len(x["parties"]) >= 2 and set(x["parties"]) <= set(own), "members")
        need(x in c["common"] or not any(own[p] for p in x["parties"]), "a member with a candidate of its own")
        taken += x["parties"]
    need(len(set(taken)) == len(taken), "a party in two candidacies")
    for i in c["independents"]:
        fields(i, ["id", "name"])
    need(all(re.fullmatch(EMBLEM, x["id"]) for x in c["common"] + c["independents"]), "an id")


@check("V05", "manifest")
def v05(r):
    data = r.signed_file("manifest", "manifest.json", [r.party["operator"]])
    m = fields(json_read(data, "manifest"), [
        "urna", "version:i", "call:h", "acuerdo", "opens", "closes", "grace_seconds:i", "public_head:o",
        "heartbeat_seconds:i", "replacement_delay_seconds:i", "codes:o", "small_group:i", "entities:l", "contests:l",
        "styles:l", "roll:h", "authorizers:l"])
    need(m["call"] == r.C.hex(), "another call")
    fields(m["public_head"], ["seconds:i", "ballots:i", "at_most_seconds:i"])
    fields(m["codes"], ["digits:i", "seconds:i", "attempts:i", "lock_seconds:i"])
    for where, name, least, most in BOUNDS:
        need(least <= (m[where][name] if where else m[name]) <= most, name + " out of bounds")
    need(m["public_head"]["at_most_seconds"] >= m["public_head"]["seconds"], "public_head")
    need(0 < time_read(m["closes"]) - time_read(m["opens"]) < 50000 * m["heartbeat_seconds"], "closes before it opens, or too many heartbeats")
    entities = {}
    for e in m["entities"]:
        fields(e, ["id", "name"])
        need(re.fullmatch(ID, e["id"]) and e["id"] not in entities, "entity")
        entities[e["id"]] = e["name"]
    contests = {}
    for c in m["contests"]:
        base = ["id", "type", "name", "acuerdo", "ambito", "lines:l"]
        if c.get("type") != "consulta":
            base += ["parties:l", "coalitions:l", "common:l", "independents:l", "unregistered:b"]
        fields(c, base, ["entity"])
        need(re.fullmatch(ID, c["id"]) and c["id"] not in contests and c["id"] != "summary", "contest")
        need(c["ambito"] in ("federal", "local") and ("entity" in c) == (c["ambito"] == "local"), "ambito")
        need("entity" not in c or c["entity"] in entities, "entity of a contest")
        emblems(c)
        need(c["lines"] == lines_of(c) and len(set(c["lines"])) == len(c["lines"]), "lines of " + c["id"])
        contests[c["id"]] = c
    styles = []
    for s in m["styles"]:
        fields(s, ["entity", "contests:l"], ["district"])
        need(s["entity"] in entities and re.fullmatch(ID, s.get("district", "0")), "entity or district of a style")
        need(s["contests"] and s["contests"] == [c for c in contests if c in s["contests"]], "contests of a style")
        for c in s["contests"]:  # known ones, in the manifest's order
            need(contests[c].get("entity", s["entity"]) == s["entity"], "a local contest elsewhere")
        styles.append(s)
    need(len({(s["entity"], s.get("district")) for s in styles}) == len(styles), "a style twice")
    r.manifest, r.contests, r.styles, r.entities, r.manifest_hash = m, contests, styles, entities, hash_hex(data)
    r.styles_hash = sha256("".join(" ".join([s["entity"], s.get("district", "")] + s["contests"]) + "\n"
                                   for s in styles).encode())
    r.groups = []
    for c in m["contests"]:
        for n, s in enumerate(styles, 1):
            if c["id"] in s["contests"]:
                folder = "-".join([c["id"], s["entity"]] + ([s["district"]] if "district" in s else []))
                r.groups.append(Group(len(r.groups) + 1, folder, c, n, s))
    if r.call["kind"] == "election":
        designations(r)


def designations(r):
    """Each custodian was named at least two calendar months before the opening (cut to the month's last day)."""
    y, m, d = map(int, r.manifest["opens"][:10].split("-"))
    y, m = (y, m - 2) if m > 2 else (y - 1, m + 10)
    limit = "%04d-%02d-%02d" % (y, m, min(d, calendar.monthrange(y, m)[1]))
    for c in r.cards:
        need(c["designated"] <= limit, "a custodian was designated less than two months before the opening")


class Group:
    def __init__(self, number, folder, contest, style, s):
        self.number, self.folder, self.contest, self.style = number, folder, contest, style
        self.entity, self.district = s["entity"], s.get("district")
        self.position = s["contests"].index(contest["id"])


@check("V06", "roll")
def v06(r):
    data = r.signed_file("roll", "roll", [r.party["registrar"]])
    need(hash_hex(data) == r.manifest["roll"], "not the manifest's roll")
    rd = Reader(data)
    need(rd.u(1) == 1 and rd.take(32) == r.C and rd.take(32) == r.styles_hash, "roll of another call or manifest")
    rows = [(rd.take(32), rd.u(2), rd.take(32)) for _ in range(rd.u(4))]
    rd.done()
    need(len(rows) <= r.call["maximum_voters"], "more than the call's maximum")
    need(len({k for k, _, _ in rows}) == len(rows), "a key twice")
    for key, style, _ in rows:
        lift_x(int.from_bytes(key, "big"))
        need(1 <= style <= len(r.styles), "style of nobody")
    r.roll = rows


@check("V07", "authorizer-keys")
def v07(r):
    need(len(r.manifest["authorizers"]) == len(r.authorizers), "number of authorizers")
    moduli = []
    for a, h in zip(r.authorizers, r.manifest["authorizers"]):
        data = r.signed_file("authorizer", "authorizers/%s.json" % a.name, [a])
        need(hash_hex(data) == h, "not the manifest's keys")
        d = fields(json_read(data, "authorizer-keys"), ["urna", "version:i", "call:h", "name", "keys:l"])
        need(d["call"] == r.C.hex() and d["name"] == a.name and len(d["keys"]) == len(r.styles), "keys of another")
        own = []
        for n, k in enumerate(d["keys"], 1):
            fields(k, ["style:i", "modulus"])
            need(k["style"] == n and re.fullmatch("[0-9a-f]{768}", k["modulus"]), "modulus")
            own.append(int(k["modulus"], 16))
            need(own[-1].bit_length() == 3072 and own[-1] % 2 == 1, "a modulus is not of 3072 bits, or even")
        moduli.append(own)
    everything = sum(moduli, [])
    need(len(set(everything)) == len(everything), "a modulus twice")
    r.moduli = moduli


@check("V08", "dictamen")
def v08(r):
    data = r.signed_file("dictamen", "dictamen.json", [r.party["auditor"]])
    d = fields(json_read(data, "dictamen"), ["urna", "version:i", "call:h", "files:l"])
    need(d["call"] == r.C.hex(), "another call")
    need(1 <= len(d["files"]) <= 1000, "number of files")
    for f in d["files"]:
        fields(f, ["name", "sha256:h"])
        need(len(f["name"].encode()) <= 200, "a name too long")
    need(len({f["name"] for f in d["files"]}) == len(d["files"]), "a file twice")
    r.dictamen, r.dictamen_hash = d, hash_hex(data)


@check("V09", "zero-report")
def v09(r):
    data = r.get("zero-report.json")
    z = json_read(data, "zero-report")
    opening = next((i for i, e in enumerate(r.events) if e.kind == "opening"), None)
    need(opening is not None, "no opening entry")
    size = fields(z.get("events"), ["size:i", "root:h"])["size"]
    need(size <= opening and root_of(r.event_hashes[:size]).hex() == z["events"]["root"], "the head of events")
    want = {"urna": "zero-report", "version": 1, "call": r.C.hex(), "manifest": r.manifest_hash, "ballots": 0,
            "authorizations": 0, "confirmations": 0, "outbox": 0, "events": z["events"],
            "groups": [dict(contest=g.contest["id"], entity=g.entity, **({"district": g.district} if g.district else {}), votes=0) for g in r.groups],
            "files": [{"name": f["name"], "verdict": "Correcto"} for f in r.dictamen["files"]]}
    need(data == json_write(want), "not what it must be")
    r.zero_hash = hash_hex(data)


@check("V10", "opening")
def v10(r):
    data = r.get("opening.json")
    r.E = sha256(data)
    need(r.E.hex() == r.pinned, "the election id is another: " + r.E.hex())
    o = fields(json_read(data, "opening"), ["urna", "version:i", "call:h", "transcript:h", "manifest:h", "roll:h",
                                            "dictamen:h", "zero_report:h"])
    for name, file in [("call", "call.json"), ("transcript", "key/transcript.json"), ("manifest", "manifest.json"),
                       ("roll", "roll"), ("dictamen", "dictamen.json"), ("zero_report", "zero-report.json")]:
        need(o[name] == hash_hex(r.get(file)), "hash of " + file)
    r.signed_file("opening", "opening.json", [r.party["operator"], r.party["notary"]])
    acts.compare(r, "opening", acts.opening(r, o))
    entry = [e for e in r.events if e.kind == "opening"]
    need(len(entry) == 1 and entry[0].facts == {"opening": r.E.hex(), "opens": r.manifest["opens"],
                                                "closes": r.manifest["closes"]}, "the opening entry")


# ---- the logs ---------------------------------------------------------------------

def read_log(r, log):
    """Entries and leaf hashes of a log, after its tree was recomputed."""
    size, root, _ = checkpoint_open(r.get(log + "/checkpoint"), [r.logs[log]])
    entries, names = [], set()
    for name, level, first, width in tile_names(size):
        names.add(log + "/" + name)
        data = r.get(log + "/" + name)
        if level < 0:
            rd = Reader(data)
            entries += [rd.vec(2) for _ in range(width)]
            rd.done()
            hashes = levels = [leaf_hash(e) for e in entries]
        else:
            step = 1 << 8 * level
            need(data == b"".join(root_of(hashes[i * step:(i + 1) * step]) for i in range(first, first + width)), name)
    extra = {n for n in r.names if n.startswith(log + "/tile/")} - names
    need(not extra, "tiles too many")
    hashes = [leaf_hash(e) for e in entries]
    need(root_of(hashes) == root, "the tree has another root")
    return entries, hashes, root


DISTURBS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Event:
    """An entry of events."""

    def __init__(self, r, data):
        e = json_read(data, "entry")
        need(data == json_write(e), "not the canonical bytes")
        self.note = self.document = None
        if "document" in e:
            fields(e, ["urna", "version:i", "scope:h", "time", "document", "note"])
            self.document, self.note = e["document"].encode(), e["note"].encode()
            d = fields(json_read(self.document, "event"), ["urna", "version:i", "scope:h", "serial", "kind", "facts:o"])
            need(re.fullmatch("[0-9a-f]{32}", d["serial"]), "no serial number")
            need(d["scope"] == e["scope"], "document of another scope")
        else:
            d = fields(e, ["urna", "version:i", "scope:h", "time", "kind", "facts:o"])
        need(all(isinstance(v, str) for v in d["facts"].values()), "facts are texts")
        need(len(d["facts"]) <= 24 and all(len(k.encode()) <= 31 and len(v.encode()) <= 2047
                                           for k, v in d["facts"].items()), "too many facts, or too long")
        self.scope, self.time, self.kind, self.facts = e["scope"], time_read(e["time"]), d["kind"], d["facts"]
        self.when = e["time"]

    def plain(self):
        """No fact but the close entry's checkpoint changes how a text looks that it is printed in."""
        texts = list(self.facts) + [v for k, v in self.facts.items() if (self.kind, k) != ("close", "checkpoint")]
        return not any(DISTURBS.search(t) for t in texts)

    def amends(self):
        return self.kind == "replace-credential" or self.kind in AMENDMENTS and not self.by_clock()

    def by_clock(self):
        return self.kind in ("suspend", "resume") and self.facts.get("cause") == "clock"


@check("V11", "events-log")
def v11(r):
    entries, r.event_hashes, root = read_log(r, "events")
    need(all(0 < len(e) <= 65535 for e in entries), "length of an entry")
    r.events = [Event(r, e) for e in entries]


SERVICE = {"phase", "opening", "authorizers", "heartbeat", "close"}
AMENDMENTS = {"suspend", "resume", "extend", "cancel", "exclude", "include", "replace-notary", "replace-witness",
              "mixer-waiver"}


class Progress:
    """What has happened so far, entry by entry (spec/documents.md, Events)."""

    def __init__(self, r):
        self.begun, self.ended, self.done, self.suspended = set(), set(), set(), set()
        self.closes, self.lists, self.quorum = None, set(), r.quorum
        self.others = [a.name for a in r.authorizers[1:]]

    def phase(self, n, begin):
        if begin:
            need(n not in self.begun and all(i in self.ended for i in range(1, n) if (n, i) != (4, 3)), "out of order")
        else:
            need(n in self.begun and n not in self.ended, "ends without having begun")
        for at, what in (((1, False), "key"), ((3, True), "opening"), ((4, True), "opening"), ((5, False), "close"),
                         ((6, False), "count")):
            need((n, begin) != at or what in self.done, "nothing done: " + what)
        (self.begun if begin else self.ended).add(n)

    def running(self, n):
        return n in self.begun and n not in self.ended

    def apply(self, e):
        k, did = e.kind, self.done
        voting, counting = "opening" in did and "close" not in did, "comparison" in did and "count" not in did
        need("seal" not in did and (k == "incident" or "cancel" not in did), "after the end")
        reasons = ("motive",) if k == "replace-credential" else ("acuerdo", "motive", "proposer")
        need(not e.amends() or all(e.facts.get(n) for n in reasons), "its reasons")
        once = k not in did
        if k == "phase":
            need(e.facts.get("phase") in list("1234567") and e.facts.get("edge") in ("begin", "end"), "no phase")
            self.phase(int(e.facts["phase"]), e.facts["edge"] == "begin")
        elif k in ("authorizers", "heartbeat", "cancel", "exclude", "include", "replace-credential"):
            need(voting, "only from opening to close")
        elif k in ("suspend", "resume"):
            clock = e.facts.get("cause") == "clock"
            need(voting and (clock in self.suspended) == (k == "resume"), "not suspended, or twice")
            self.suspended ^= {clock}
        elif k == "extend":
            need(voting and e.time < self.closes < time_read(e.facts["closes"]), "after the hour, or to an earlier one")
            self.closes = time_read(e.facts["closes"])
        elif k == "list":
            need("close" in did and "comparison" not in did, "only between close and comparison")
            who = e.facts["authorizer"]
            need(who in self.others and who not in self.lists and re.fullmatch(HEX32, e.facts["sha256"]), "a list")
            self.lists.add(who)
        elif k == "mixer-waiver":
            need("close" in did and "factors" not in did, "only between close and the first factors")
        elif k == "replace-notary":
            need("opening" in did, "only after the opening")
        elif k in ("mix", "mixer-failed", "station", "factors"):
            need(counting and (k != "factors" or "mix" in did), "only from comparison to count; factors after a mix")
        elif k == "opening":
            self.closes = time_read(e.facts["closes"])
            need(self.running(2) and once, "only once, in II")
        elif k == "seal":
            need("count" in did and 7 in self.ended, "before VII has ended")
            need(1 <= len(e.facts.get("machine", "").encode()) <= 127, "the machine of the seal")
        elif k in ("key", "close", "comparison", "count"):
            need(self.running({"key": 1, "close": 5, "comparison": 6, "count": 6}[k]) and once, "only once, in its phase")
            need(k not in ("comparison", "count") or {"comparison": "close", "count": "comparison"}[k] in did, "too early")
            need(k != "comparison" or len(self.lists) + 1 >= self.quorum, "fewer lists than the quorum")
        else:
            need(k in ("incident", "replace-witness"), "unknown kind")
        did.add(k)


@check("V12", "phases")
def v12(r):
    p, last, scope = Progress(r), 0, r.C.hex()
    for i, e in enumerate(r.events):
        scope = r.E.hex() if e.kind == "opening" else scope
        need(e.time >= last and e.scope == scope, "entry %d: its time or its scope" % i)
        need(e.plain(), "entry %d: a fact with a control or direction character" % i)
        last = e.time
        try:
            p.apply(e)
        except Bad as b:
            raise Bad("entry %d (%s): %s" % (i, e.kind, b))
    replacements(r)
    r.rows, r.barred = amended_roll(r)
    need(p.begun == p.ended == set(range(1, 8)) and "seal" in p.done, "phases or entries are missing")
    hours(r, p.closes)
    return len(r.events)


def replacements(r):
    """r.parties[i]: the call's notary, witnesses and required mixers as they stand before entry i (and at the end)."""
    notary, witnesses = r.party["notary"], {w.name: w for w in r.witnesses}
    required, rules = set(r.call["mixers"]["required"]), {a["kind"]: list(a["keys"]) for a in r.call["amend"]}
    others = [k for n, k in r.by_name.items() if k is not notary and n not in witnesses]
    r.parties = []
    for e in r.events:
        r.parties.append((notary, dict(witnesses), set(required), {k: list(v) for k, v in rules.items()}))
        if e.kind == "mixer-waiver":
            need(e.facts.get("mixer") in required, "a waiver for a mixer that is not required")
            required.discard(e.facts["mixer"])
        if e.kind not in ("replace-notary", "replace-witness"):
            continue
        need(0 < len(e.facts.get("person", "").encode()) < 128 and len(e.facts.get("url", "").encode()) < 200
             and (not e.facts.get("url") or url_good(e.facts["url"])),
             e.kind + ": person or url")
        new = Key(e.facts["key"])
        need(new.type == (1 if e.kind == "replace-notary" else 4), e.kind + ": key of another type")
        if e.kind == "replace-notary":
            rules = {k: [new.name if n == notary.name else n for n in v] for k, v in rules.items()}
            notary = new
        else:
            need(witnesses.pop(e.facts.get("old"), None), "replace-witness of nobody")
            need(new.name not in witnesses, "a witness twice")
            witnesses[new.name] = new
        everybody = others + [notary] + list(witnesses.values())
        need(len({k.key for k in everybody}) == len({k.name for k in everybody}) == len(everybody),
             e.kind + ": a name or key of another")
    r.parties.append((notary, witnesses, required, rules))


def hours(r, closes):
    """Voting did not begin or end before its hour; after a step of the clock the log's times prove nothing."""
    first = {("3", "begin"): time_read(r.manifest["opens"]), ("3", "end"): closes}
    for e in r.events:
        if e.kind == "suspend" and e.facts.get("cause") == "clock":
            return
        at = first.get((e.facts.get("phase"), e.facts.get("edge")), 0) if e.kind == "phase" else 0
        at = closes + r.manifest["grace_seconds"] if e.kind == "close" else at
        need(e.time + 30 >= at, "before its hour: %s, %s" % (e.facts.get("phase", e.kind), e.when))


@check("V13", "entry-signatures")
def v13(r):
    documents = [e.document for e in r.events if e.note is not None]
    need(len(set(documents)) == len(documents), "one signed document stands twice")
    for e in r.events:
        k, f = e.kind, e.facts
        if k in SERVICE or (k == "incident" and e.note is None):
            need(e.note is None, k + " is the service's")
            continue
        if k == "suspend" and (e.note is None or f.get("cause") == "clock"):
            need(e.note is None and f.get("cause") == "clock", "a suspension by order is signed, one by the clock is not")
            continue
        need(e.note is not None, k + " is not signed")
        if k in AMENDMENTS and not e.by_clock():
            continue  # V34
        if k == "replace-credential":
            who = ["registrar", "replacement_signer"]
        elif k == "mix":
            who = [f.get("mixer")]
            need(who[0] in {m.name for m in r.mixers}, "no mixer")
        elif k == "list":
            who = [f.get("authorizer")]
            need(who[0] in {a.name for a in r.authorizers}, "no authorizer")
        elif k in ("station", "factors"):
            who = [f.get("trustee")]
            need(who[0] in {t.name for t in r.trustees}, "no trustee")
        else:
            who = ["operator"]
        r.signed("event", e.document, e.note, [r.party.get(w) or r.by_name[w] for w in who])


@check("V14", "heads")
def v14(r):
    opened, size, last, active, frozen, voting, most = False, 0, None, set(), False, False, 0
    longest, late, before = r.manifest["heartbeat_seconds"] + min(r.manifest["heartbeat_seconds"], 60), 0, None
    for i, e in enumerate(r.events):
        at, clock = None, e.facts.get("cause") == "clock"
        if e.kind == "phase":
            at = e.facts.get("phase"), e.facts.get("edge")
        need(before is None or before.kind != "suspend" or e.kind == "heartbeat", "entry %d: no head after the suspension" % i)
        need(e.kind != "resume" or before.kind == "heartbeat", "entry %d: no head before the resumption" % i)
        if e.kind in ("suspend", "resume"):
            active = active | {clock} if e.kind == "suspend" else active - {clock}
        frozen = frozen and bool(active)
        if e.note is None and (opened and e.kind in ("phase", "heartbeat", "close") or "size" in e.facts):
            text = e.facts.get("size", "")
            need(re.fullmatch("0|[1-9][0-9]*", text), "entry %d names no head" % i)
            need(size <= int(text) <= len(r.ballot_hashes), "entry %d: a head shrinks, or is of more than all ballots" % i)
            need(not frozen or int(text) == size, "entry %d: the box grew while it was suspended" % i)
            size, frozen = int(text), bool(active)
            need(root_of(r.ballot_hashes[:size]).hex() == e.facts.get("root"), "entry %d: a head is no prefix of ballots" % i)
            if e.kind == "heartbeat":
                need(re.fullmatch("0|[1-9][0-9]*", e.facts.get("authorizations", "")), "entry %d: authorizations" % i)
                most = max(most, int(e.facts["authorizations"]))
                need(size <= most or e.facts.get("registry"), "entry %d: more ballots than authorizations" % i)
            need(size == 0 or at not in (("2", "end"), ("3", "begin"), ("4", "begin")), "the box was not empty when it opened")
            if voting and True not in active and e.time - last > longest:
                need(e.facts.get("late"), "entry %d: %d s without a head" % (i, e.time - last))
                late += 1
            last = e.time
        opened |= e.kind == "opening"
        voting = (voting or at == ("3", "begin")) and at != ("3", "end")
        before = e
    return "%d came late" % late if late else None


def close_entry(r):
    return next(e for e in r.events if e.kind == "close")


@check("V15", "ballots-log")
def v15(r):
    r.raw_ballots, r.ballot_hashes, r.root = read_log(r, "ballots")
    c = close_entry(r)
    need(c.facts["size"] == str(len(r.raw_ballots)) and c.facts["root"] == r.root.hex(), "not the close entry's head")
    size, root, _ = checkpoint_open(c.facts["checkpoint"].encode(), [r.logs["ballots"]])
    need((size, root) == (len(r.raw_ballots), r.root), "the checkpoint in the close entry")
    need(c.facts["checkpoint"].partition("\n\n")[2].count("\n") == 1, "more than the log's signature in the close entry")


# ---- ballots, lists, sums -----------------------------------------------------------

class Ballot:
    def __init__(self, r, data):
        rd = Reader(data)
        need(rd.take(32) == r.E, "another election")
        self.style, self.key = rd.u(2), rd.take(32)
        need(1 <= self.style <= len(r.styles), "no such style")
        self.tokens = [(rd.u(1), rd.take(384)) for _ in range(rd.u(1))]
        self.contests = [(rd.take(33), rd.take(33), rd.take(64)) for _ in range(rd.u(1))]
        body = rd.data[:rd.at]
        signature = rd.take(64)
        rd.done()
        need(len(self.contests) == len(r.styles[self.style - 1]["contests"]), "number of contests")
        self.votes = [(point_read(c1), point_read(c2)) for c1, c2, _ in self.contests]
        need(len({c1[1:] for c1, _, _ in self.contests}) == len(self.contests), "x(c1) twice")
        lift_x(int.from_bytes(self.key, "big"))
        for n, (c1, c2, proof) in enumerate(self.contests, 1):
            h = tagged("ballot-proof", r.E, self.style.to_bytes(2, "big"), bytes([n]), self.key, c1, c2)
            need(schnorr_verify(c1[1:], h, proof), "proof of contest %d" % n)
        need(schnorr_verify(self.key, tagged("ballot", body), signature), "signature")


@check("V16", "ballots")
def v16(r):
    ballots = []
    for i, data in enumerate(r.raw_ballots):
        try:
            ballots.append(Ballot(r, data))
        except Bad as e:
            raise Bad("ballot %d: %s" % (i, e))
    r.ballots = ballots
    return len(ballots)


@check("V17", "tokens")
def v17(r):
    announced = [e.facts["set"] for e in r.events if e.kind == "authorizers"]
    need(all(re.fullmatch("[1-9][0-9]*", s) for s in announced), "the announced sets")
    announced = [int(s) for s in announced]
    need(all(bin(s).count("1") == r.quorum and s & 1 and s >> len(r.authorizers) == 0 for s in announced),
         "a set that is not t authorizers, the authority among them")
    for i, b in enumerate(r.ballots):
        need([a for a, _ in b.tokens] == sorted({a for a, _ in b.tokens}), "authorizers out of order")
        need(sum(1 << a - 1 for a, _ in b.tokens if a) in announced, "ballot %d: a set never announced" % i)
        h = tagged("token", r.E, b.style.to_bytes(2, "big"), b.key)
        for a, sig in b.tokens:
            need(rsa_verify(r.moduli[a - 1][b.style - 1], h, sig), "ballot %d: token of authorizer %d" % (i, a))
    by = [sum(1 << a - 1 for a, _ in b.tokens) for b in r.ballots]
    return "; ".join("set %d: %d ballots" % (s, by.count(s)) for s in sorted(set(announced)))


@check("V18", "one-time-keys")
def v18(r):
    need(len({b.key for b in r.ballots}) == len(r.ballots), "a one-time key twice")


def amended_roll(r):
    """Per index: style and the keys that may have signed; and who was excluded before voting began, for good."""
    rows, out, barred, replaced, voting = [[style, [key]] for key, style, _ in r.roll], set(), set(), 0, False
    for e in r.events:
        f = e.facts
        voting |= e.kind == "phase" and f["phase"] == "3"
        if e.kind not in ("include", "exclude", "replace-credential"):
            continue
        need(re.fullmatch("0|[1-9][0-9]{0,8}", f["index"]), "no roll index")
        i = int(f["index"])
        if e.kind == "include" and i == len(rows):
            style = int(f["style"])
            need(re.fullmatch(HEX32, f["row"]) and 1 <= style <= len(r.styles), "include: row or style")
            need(len(rows) < r.call["maximum_voters"], "more than the call's maximum")
            rows.append([style, [fresh_key(f, rows)]])
            continue
        need(i < len(rows), "an amendment of nobody")
        if e.kind == "replace-credential":
            need(len(rows[i][1]) == 1, "replaced twice")
            need(time_read(f["from"]) >= e.time + r.manifest["replacement_delay_seconds"], "replaced too soon")
            replaced += 1
            need(replaced <= -(-len(rows) * r.call["replaceable_percent"] // 100), "more replaced than the call allows")
            rows[i][1].append(fresh_key(f, rows))
            continue
        need((i in out) == (e.kind == "include"), "excluded twice, or included without having been excluded")
        out ^= {i}
        if e.kind == "include":
            barred.discard(i)
        elif not voting:
            barred.add(i)
    return rows, barred


def fresh_key(facts, rows):
    key = bytes.fromhex(facts["key"])
    need(len(key) == 32 and all(key not in keys for _, keys in rows), "a key that another row has had")
    lift_x(int.from_bytes(key, "big"))
    return key


def read_list(r, a, data, barred, seen):
    """Authorizer a's list: adds its requests to seen[index], a dictionary of request -> (blinded, who answered)."""
    rd, n = Reader(data), len(r.authorizers)
    need(rd.u(1) == 1 and rd.take(32) == r.E and rd.u(1) == a and rd.u(1) == n and rd.u(4) == len(r.rows),
         "list of another election, authorizer or roll")
    for i, (style, keys) in enumerate(r.rows):
        present = rd.u(1)
        need(present <= 1, "neither 0 nor 1")
        if not present:
            continue
        need(i not in barred, "request %d: excluded before voting began" % i)
        request, sig, mask = rd.vec(2), rd.take(64), rd.u(1)
        answers = {b: rd.take(384) for b in range(1, 9) if mask >> b - 1 & 1}
        need(1 in answers and a in answers and mask >> n == 0, "request %d: whose answers" % i)
        q = Reader(request)
        need(q.take(32) == r.E and q.u(4) == i and q.u(2) == style and q.u(1) == n, "request %d of another" % i)
        blinded = [q.take(384) for _ in range(n)]
        q.take(32)
        q.done()
        need(any(schnorr_verify(k, tagged("authorization", request), sig) for k in keys), "request %d: credential" % i)
        for b, answer in answers.items():
            modulus, s = r.moduli[b - 1][style - 1], int.from_bytes(answer, "big")
            need(s < modulus and pow(s, RSA_E, modulus) == int.from_bytes(blinded[b - 1], "big"),
                 "request %d: answer of authorizer %d" % (i, b))
        seen[i].setdefault(request, (blinded, set()))[1].update(answers)
    rd.done()


@check("V19", "authorizations")
def v19(r):
    seen = [{} for _ in r.rows]
    r.list_hashes = {1: close_entry(r).facts["authorizations"]}
    for e in r.events:
        if e.kind == "list":
            r.list_hashes[[p.name for p in r.authorizers].index(e.facts["authorizer"]) + 1] = e.facts["sha256"]
    need(len(r.list_hashes) >= r.quorum, "fewer lists than the quorum")
    for a, h in r.list_hashes.items():
        who = r.authorizers[a - 1]
        data = r.signed_file("authorizations", "authorizations/" + who.name, [who])
        need(hash_hex(data) == h, "events names another list of " + who.name)
        read_list(r, a, data, r.barred, seen)
        if a == 1:
            r.first_authorized = [bool(q) for q in seen]  # every row has the authority's true answer
    r.requests = seen
    return sum(bool(q) for q in seen)


@check("V20", "confirmations")
def v20(r):
    data = r.get("confirmations")
    need(close_entry(r).facts["confirmations"] == hash_hex(data), "the close entry names others")
    rd = Reader(data)
    need(rd.u(1) == 1 and rd.take(32) == r.E and rd.u(4) == len(r.rows), "of another election")
    confirmed, unauthorized = [], []
    for i, (_, keys) in enumerate(r.rows):
        present = rd.u(1)
        need(present <= 1, "neither 0 nor 1")
        if present:
            sig, h = rd.take(64), tagged("confirmation", r.E, i.to_bytes(4, "big"))
            need(any(schnorr_verify(k, h, sig) for k in keys), "confirmation %d" % i)
            if not r.first_authorized[i]:
                unauthorized.append(i)
        confirmed.append(present and r.first_authorized[i])
    rd.done()
    r.confirmed = confirmed
    if unauthorized:
        return "confirmed, but not in the authority's list, so not counted: %s" % unauthorized


@check("V21", "sums")
def v21(r):
    t, n = r.quorum, len(r.authorizers)
    r.sums = []
    for style in range(1, len(r.styles) + 1):
        index = [i for i, (s, _) in enumerate(r.rows) if s == style]
        A = sum(bool(r.requests[i]) for i in index)
        B = sum(1 for b in r.ballots if b.style == style)
        need(B <= A <= len(index), "style %d: ballots %d, authorizations %d, roll %d" % (style, B, A, len(index)))
        where = {n: r.styles[style - 1][n] for n in ("entity", "district") if n in r.styles[style - 1]}
        r.sums.append({"style": style, **where, "roll": len(index),
                       "authorizations": sum(r.first_authorized[i] for i in index),
                       "confirmations": sum(r.confirmed[i] for i in index), "ballots": B})
    twice = {a for q in r.requests for a in range(1, n + 1)
             if len({blinded[a - 1] for blinded, who in q.values() if a in who}) > 1}
    need(len(twice) <= 2 * t - n - 1, "authorizers that answered two requests of one voter: %s" % sorted(twice))
    return "; ".join("style %(style)d: %(ballots)d ballots, %(confirmations)d confirmed" % s for s in r.sums if s["confirmations"] > s["ballots"])


@check("V22", "encrypted-votes")
def v22(r):
    data = r.get("encrypted-votes.bin")
    want = b"\1" + r.E + len(r.raw_ballots).to_bytes(8, "big") + b"".join(
        len(b).to_bytes(4, "big") + b for b in r.raw_ballots)
    need(data == want, "not the ballots of the log")
    for name, h in hashes_of(data).items():
        need(close_entry(r).facts[name] == h, "the close entry's " + name)
    r.votes_sha256 = hash_hex(data)


def hashes_of(data):
    return {n: hashlib.new(n.replace("sha3-", "sha3_"), data).hexdigest() for n in ("sha256", "sha512", "sha3-256")}


@check("V23", "closing-act")
def v23(r):
    acts.compare(r, "closing", acts.closing(r, close_entry(r)))


# ---- count --------------------------------------------------------------------------

@check("V24", "comparison")
def v24(r):
    e = next(e for e in r.events if e.kind == "comparison")
    need(e.facts == {"sha256": r.votes_sha256, "root": r.root.hex()}, "another file or root")
    acts.compare(r, "start-of-decryption", acts.start(r, close_entry(r)))
    r.signed_file("start-of-decryption", "acts/start-of-decryption.json",
                  [r.party["operator"], r.notary_at(r.events.index(e))])


@check("V25", "mix-input")
def v25(r):
    r.lists, r.mixed = {}, {}
    for g in r.groups:
        r.lists[g.number] = [b.votes[g.position] for b in r.ballots if b.style == g.style]
        if r.lists[g.number]:
            need(r.get("mix/%s/nizkp/Ciphertexts.bt" % g.folder) == bt_list(r.lists[g.number]),
                 g.folder + ": the input is not the log's")
        else:
            need(not [n for n in r.names if n.startswith(("mix/%s/" % g.folder, "decryption/%s/" % g.folder))],
                 g.folder + ": a session without ballots")
    need(sum(map(len, r.lists.values())) == sum(len(b.votes) for b in r.ballots), "no partition")


def mixers_in_order(r):
    """The accepted mix entries: mixers by position."""
    order = []
    for e in r.events:
        if e.kind == "mix":
            need(e.facts["position"] == str(len(order) + 1) and e.facts["mixer"] not in order, "positions of mixers")
            order.append(e.facts["mixer"])
    return order


@check("V26", "mix-sessions")
def v26(r):
    order = mixers_in_order(r)
    digests = [bytes(32)] * len(order)  # chained over the groups
    r.chain = {}
    for g in r.groups:
        n = len(r.lists[g.number])
        if n == 0:
            continue
        d = "mix/%s/" % g.folder
        s = Session(r.E, r.call["ebitlenro"], "S%04d" % g.number, len(r.mixers), r.call["mixers"]["minimum"])
        need(r.get(d + "protInfo.xml") == s.xml, d + "protInfo.xml")
        for name, want in [("auxsid", s.auxsid), ("type", "shuffling"), ("version", "3.1.0"), ("width", "1"),
                           ("proofs/activethreshold", str(len(order)))]:
            need(r.get(d + "nizkp/" + name) == want.encode(), d + name)
        need(r.get(d + "nizkp/FullPublicKey.bt") == node(bt_point(G), bt_point(r.Y)), d + "FullPublicKey.bt")
        chain = [r.lists[g.number]]
        for l in range(1, len(order) + 1):
            file = "ShuffledCiphertexts" if l == len(order) else "proofs/Ciphertexts%02d" % l
            data = r.get(d + "nizkp/%s.bt" % file)
            chain.append(list_of(bt_read(data), n))
            digests[l - 1] = sha256(digests[l - 1] + sha256(data))
        r.chain[g.number] = (s, chain)
    r.outputs = [d.hex() for d in digests]
    r.lists_hash = digests[-1].hex() if digests else bytes(32).hex()


@check("V27", "mix-proofs")
def v27(r):
    for g in r.groups:
        if g.number not in r.chain and not r.lists[g.number]:
            continue
        s, chain = r.chain[g.number]
        for l in range(1, len(chain)):
            f = {p: r.get("mix/%s/nizkp/proofs/%s%02d.bt" % (g.folder, p, l))
                 for p in ("PermutationCommitment", "PoSCommitment", "PoSReply")}
            u = points_of(bt_read(f["PermutationCommitment"]), len(chain[0]))
            try:
                shuffle_verify(s, r.Y, chain[l - 1], chain[l], u, f["PoSCommitment"], f["PoSReply"])
            except Bad as e:
                raise Bad("%s, position %d: equation %s" % (g.folder, l, e))


@check("V28", "mix-notes")
def v28(r):
    order = mixers_in_order(r)
    need(len(order) >= r.call["mixers"]["minimum"] and r.parties[-1][2] <= set(order),
         "minimum or required mixers")
    need([e.facts["outputs"] for e in r.events if e.kind == "mix"] == r.outputs, "the outputs of a mix entry")
    for number, (s, chain) in r.chain.items():
        g = r.groups[number - 1]
        for l, mixer in enumerate(order, 1):
            statement = json_write({"urna": "mix", "sid": s.sid, "auxsid": s.auxsid, "mixer": mixer, "position": l,
                                    "input": hash_hex(bt_list(chain[l - 1])), "output": hash_hex(bt_list(chain[l]))})
            r.signed("mix", statement, r.get("mix/%s/%02d.note" % (g.folder, l)), [r.by_name[mixer]])


def decrypting(r):
    """Numbers of the trustees with a factors entry."""
    told = {e.facts["trustee"] for e in r.events if e.kind == "factors"}
    return [l for l, t in enumerate(r.trustees, 1) if t.name in told]


@check("V29", "decryption-sessions")
def v29(r):
    r.sessions = {}
    k = len(r.trustees)
    ipf = pow(math.lcm(*range(1, k + 1)) ** 2, -1, N)
    for g in r.groups:
        if not r.lists[g.number]:
            continue
        last = r.chain[g.number][1][-1]
        for l in decrypting(r):
            s = Session(r.E, r.call["ebitlenro"], "D%04dT%02d" % (g.number, l), 1, 1)
            d = "decryption/%s/" % g.folder
            key = msm((ipf, r.share_keys[l - 1]))
            need(r.get(d + "protInfo.xml") == s.xml, d + "protInfo.xml")
            d += "%02d/nizkp/" % l
            for name, want in [("auxsid", s.auxsid.encode()), ("type", b"decryption"), ("version", b"3.1.0"),
                               ("width", b"1"), ("proofs/activethreshold", b"1"),
                               ("proofs/CorrectIndices.bt", leaf(b"\1\1")),
                               ("proofs/PolynomialInExponent.bt", node(bt_point(key))),
                               ("FullPublicKey.bt", node(bt_point(G), bt_point(key))),
                               ("Ciphertexts.bt", bt_list(last))]:
                need(r.get(d + name) == want, d + name)
            r.sessions[g.number, l] = (s, key)


@check("V30", "decryption-proofs")
def v30(r):
    r.factors, false = {}, []
    for (number, l), (s, key) in r.sessions.items():
        g, w = r.groups[number - 1], r.chain[number][1][-1]
        f = {p: r.get("decryption/%s/%02d/nizkp/proofs/%s01.bt" % (g.folder, l, p))
             for p in ("DecryptionFactors", "DecrFactCommitment", "DecrFactReply")}
        try:
            D = points_of(bt_read(f["DecryptionFactors"]), len(w))
            decryption_verify(s, key, w, D, f["DecrFactCommitment"], f["DecrFactReply"])
        except Bad as e:  # any t suffice; who is false is named
            false.append("%s, trustee %d: %s" % (g.folder, l, e))
            continue
        plain = bt_points([add(c[1], d) for c, d in zip(w, D)])
        need(r.get("decryption/%s/%02d/nizkp/Plaintexts.bt" % (g.folder, l)) == plain, "Plaintexts.bt")
        r.factors.setdefault(number, {})[l] = D
    for g in r.groups:
        need(not r.lists[g.number] or len(r.factors.get(g.number, {})) >= r.t,
             "%s: fewer than t trustees (%s)" % (g.folder, "; ".join(false)))
    return "; ".join(false) or None


@check("V31", "decryption-notes")
def v31(r):
    stations, waived = set(), set()
    mixed = {e.facts["mixer"] for e in r.events if e.kind == "mix"}
    for e in r.events:
        if e.kind == "station" and e.facts["root"] == r.root.hex() and e.facts.get("lists") == r.lists_hash:
            stations.add(e.facts["trustee"])
            waived.add((e.facts["trustee"], e.facts.get("waiver")))
        if e.kind == "factors":
            need(e.facts["trustee"] in stations, "factors before the station")
            own = r.own_mixer.get(e.facts["trustee"])
            need(own is None or own in mixed or (e.facts["trustee"], own) in waived, "a trustee's own mixer has not mixed, and it did not waive that")
            need(r.by_name[e.facts["trustee"]] is r.trustees[int(e.facts["number"]) - 1], "number of a trustee")
    need(len(decrypting(r)) >= r.t, "fewer than t trustees")
    for number, l in r.sessions:
        d = "decryption/%s/%02d" % (r.groups[number - 1].folder, l)
        who = r.trustees[l - 1]
        r.signed("decryption", r.get(d + "/nizkp/proofs/DecryptionFactors01.bt"), r.get(d + ".note"), [who])


@check("V32", "votes")
def v32(r):
    pf = math.lcm(*range(1, len(r.trustees) + 1)) ** 2
    r.results, rows = {}, ["group,line"]
    for g in r.groups:
        lines = g.contest["lines"]
        table = {msm((i, G)): i for i in range(1, len(lines) + 1)}
        counted, invalid = [0] * len(lines), 0
        if r.lists[g.number]:
            used = sorted(r.factors[g.number])[:r.t]
            c = {l: pf * math.prod(j * pow(j - l, -1, N) for j in used if j != l) % N for l in used}
            for n, (_, c2) in enumerate(r.chain[g.number][1][-1]):
                i = table.get(msm((1, c2), *((c[l], r.factors[g.number][l][n]) for l in used)))
                rows.append("%s,%s" % (g.folder, lines[i - 1] if i else "-"))
                counted[i - 1 if i else -1] += 1
                invalid += not i
        r.results[g.number] = (counted, invalid)
    data = r.get("votes.csv")
    need(data.decode("ascii", "replace") == "\n".join(rows) + "\n", "votes.csv is another")
    count = [e for e in r.events if e.kind == "count"]
    need(len(count) == 1 and count[0].facts.get("votes") == hash_hex(data), "the count entry")


@check("V33", "count-acts")
def v33(r):
    for name, act in acts.counts(r):
        acts.compare(r, name, act)
        r.signed_file("count-act", "acts/%s.json" % name, [r.party["operator"]])


@check("V34", "amendments")
def v34(r):
    for i, e in enumerate(r.events):
        if not e.amends():
            continue
        notary, _, _, rules = r.parties[i]
        known = {n: k for n, k in r.by_name.items() if k is not r.party["notary"]} | {notary.name: notary}
        if e.kind == "replace-credential":
            continue  # its signatures: V13
        rule = next((a for a in r.call["amend"] if a["kind"] == e.kind), None)
        need(rule, "the call knows no amendment " + e.kind)
        r.signed("event", e.document, e.note, [])
        _, signers = note_open(e.note, [known[k] for k in rules[e.kind] if k in known])
        need(len(signers) >= rule["quorum"], e.kind + ": fewer signatures than its quorum")
    need(not any(e.kind == "cancel" for e in r.events), "the election was cancelled")


# ---- the whole -----------------------------------------------------------------------

@check("V35", "documents")
def v35(r):
    named = {v for e in r.events for k, v in e.facts.items() if re.fullmatch("file[1-9][0-9]*", k)}
    there = {n[10:] for n in r.names if n.startswith("documents/")}
    need(named == there, "documents named and documents there differ")
    for n in there:
        need(hash_hex(r.get("documents/" + n)) == n, "a document is another")


def hash_list(r, algorithm, leave_out):
    names = sorted((n for n in r.names if not n.startswith(("hashes.", "acts/handover.") + leave_out)),
                   key=lambda n: n.encode())
    return "".join("%s  %s\n" % (hashes_of(r.get(n))[algorithm], n) for n in names).encode()


@check("V36", "seal")
def v36(r):
    e = r.events[-1]
    need(e.kind == "seal" and e.facts.get("list") == hash_hex(hash_list(r, "sha256", ("events/",))), "the seal")


@check("V37", "hash-lists")
def v37(r):
    for a in ("sha256", "sha512", "sha3-256"):
        need(r.get("hashes." + a) == hash_list(r, a, ()), "hashes." + a)


@check("V38", "handover-act")
def v38(r):
    acts.compare(r, "handover", acts.handover(r))
    r.signed_file("handover", "acts/handover.json", [r.party["operator"], r.notary_at(len(r.events))])


@check("V39", "witnesses")
def v39(r):
    witnesses = r.parties[-1][1]
    for log in ("ballots", "events"):
        _, signed = note_open(r.get(log + "/checkpoint"), list(witnesses.values()))
        need(len(signed) >= r.call["witnesses"]["quorum"], "%s: %d cosignatures" % (log, len(signed)))
    return r.call["witnesses"]["quorum"] or "the call asks for none"


@check("V40", "receipts")
def v40(r):
    """Receipts and checkpoints of anybody; NAME.ballot beside NAME where the ballot is known."""
    if r.receipts is None:
        return "none handed in"
    names, aside, held = [], 0, 0
    for where, _, files in os.walk(r.receipts):
        names += [os.path.join(where, n) for n in files]
    for n in sorted(names):
        if n.endswith(".ballot") and os.path.basename(n) != ".ballot":
            aside += n[:-7] not in names
            continue
        with open(n, "rb") as f:
            data = f.read()
        head, _, checkpoint = data.partition(b"\n\n")
        m = re.fullmatch(rb"c2sp.org/tlog-proof@v1\n(?:extra [^\n]+\n)?index (0|[1-9][0-9]*)((?:\n[^\n]{44})*)", head)
        try:
            path = [b64(x.decode("ascii")) for x in m[2].split(b"\n")[1:]] if m else None
            size, root, _ = checkpoint_open(checkpoint if m else data, [r.logs["ballots"]])
        except (Bad, ValueError):
            aside += 1  # not signed by the log
            continue
        need(size <= len(r.ballot_hashes) and root_of(r.ballot_hashes[:size]) == root, os.path.basename(n) + ": a head of a forked log")
        held += 1
        # under a head of this log no path leads from another ballot than the record's
        aside += bool(m) and not (int(m[1]) < size and inclusion_ok(int(m[1]), size, r.ballot_hashes[int(m[1])], path, root))
        if m and int(m[1]) < size and os.path.exists(n + ".ballot"):
            with open(n + ".ballot", "rb") as f:
                aside += f.read() != r.raw_ballots[int(m[1])]
    return "%d, %d set aside" % (held, aside) if aside else held


@check("V01", "files")
def v01(r):
    """Exactly the layout's files."""
    need(not any(re.search(r"[\0-\x1f\x7f]", n) for n in r.names), "control characters in a name")
    need(not r.empty, "empty folders: " + ", ".join(r.empty))
    want = {"roll", "confirmations", "encrypted-votes.bin", "votes.csv", "key/cards.json", "zero-report.json", "roll.note"}
    for n in ("call.json", "key/transcript.json", "manifest.json", "dictamen.json", "opening.json"):
        want |= {n, n + ".note"}
    for a in r.authorizers:
        want |= {"authorizers/%s.json" % a.name, "authorizers/%s.json.note" % a.name}
    for a in r.list_hashes:
        n = "authorizations/" + r.authorizers[a - 1].name
        want |= {n, n + ".note"}
    for log, size in (("ballots", len(r.raw_ballots)), ("events", len(r.events))):
        want |= {log + "/checkpoint"} | {"%s/%s" % (log, t[0]) for t in tile_names(size)}
    last = len(mixers_in_order(r))
    for g in r.groups:
        if not r.lists[g.number]:
            continue
        m, d = "mix/%s/" % g.folder, "decryption/%s/" % g.folder
        want |= {m + n for n in ("protInfo.xml", "nizkp/auxsid", "nizkp/type", "nizkp/version", "nizkp/width",
                                 "nizkp/Ciphertexts.bt", "nizkp/FullPublicKey.bt", "nizkp/ShuffledCiphertexts.bt",
                                 "nizkp/proofs/activethreshold")}
        for l in range(1, last + 1):
            want |= {m + "%02d.note" % l} | {m + "nizkp/proofs/%s%02d.bt" % (p, l) for p in (
                "PermutationCommitment", "PoSCommitment", "PoSReply") + (("Ciphertexts",) if l < last else ())}
        want.add(d + "protInfo.xml")
        for l in decrypting(r):
            want |= {d + "%02d.note" % l} | {d + "%02d/nizkp/%s" % (l, n) for n in (
                "auxsid", "type", "version", "width", "Ciphertexts.bt", "FullPublicKey.bt", "Plaintexts.bt",
                "proofs/activethreshold", "proofs/CorrectIndices.bt", "proofs/PolynomialInExponent.bt",
                "proofs/DecryptionFactors01.bt", "proofs/DecrFactCommitment01.bt", "proofs/DecrFactReply01.bt")}
    signed = ["key", "start-of-decryption", "handover"] + [n for n, _ in acts.counts(r)]
    for n in ["opening", "closing"] + signed:
        want |= {"acts/%s.json" % n, "acts/%s.txt" % n} | ({"acts/%s.json.note" % n} if n in signed else set())
    want |= {"documents/" + v for e in r.events for k, v in e.facts.items() if re.fullmatch("file[1-9][0-9]*", k)}
    want |= {"hashes." + a for a in ("sha256", "sha512", "sha3-256")}
    missing, extra = want - r.names, r.names - want
    need(not missing and not extra, "missing %s, extra %s" % (sorted(missing)[:3], sorted(extra)[:3]))
    return len(want)


# the order in which one check can rest on others; the numbers are printed in theirs
RUN = "02 03 11 04 05 06 07 08 10 09 12 13 15 14 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 01"


def run(r, forge=None):
    """forge: a function that changes r.events after V11, as one could who holds the log's key."""
    todo = {number: (name, f) for number, name, f in CHECKS}
    result = {}
    for n in RUN.split():
        name, f = todo["V" + n]
        try:
            result["V" + n] = (name, "pass", f(r) or "")
            if n == "11" and forge:
                forge(r)
        except Bad as e:
            result["V" + n] = (name, "FAIL", e)
        except Absent as e:
            result["V" + n] = (name, "ABSENT", e)
        except (StopIteration, KeyError, IndexError, TypeError, ValueError, AttributeError, OSError) as e:
            result["V" + n] = (name, "FAIL", "malformed (%s: %s)" % (type(e).__name__, e))
    return dict(sorted(result.items()))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("record")
    p.add_argument("--election-id", required=True)
    p.add_argument("--log-key", action="append", default=[])
    p.add_argument("--receipts")
    a = p.parse_args()
    if not os.path.isdir(a.record) or not re.fullmatch(HEX32, a.election_id):
        print("no such record, or no election id", file=sys.stderr)
        return 2
    result = run(Record(a.record, a.election_id, a.log_key, a.receipts))
    for number, (name, verdict, detail) in result.items():
        print("%s %-20s %-6s %s" % (number, name, verdict, detail))
    good = all(v == "pass" for _, v, _ in result.values())
    print("VERIFIED" if good else "NOT VERIFIED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
