#!/usr/bin/env python3
"""damage.py FOLDER - damage copies of a record in named ways; urna-verify must notice each.

Also the receipt, the challenge and the exit codes. Prints one line a case.
"""
import base64
import datetime
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "independent"))
from formats import Reader, json_write, leaf_hash, root_of, tile_names  # noqa: E402

W = sys.argv[1]
R, C = W + "/record", W + "/damaged"
V = "build/bin/urna-verify"
bad = 0
PIN = subprocess.check_output(["sha256sum", R + "/opening.json"]).decode().split()[0]


def row_end(b, at):
    """Where a row of a list of authorizations ends."""
    if b[at] == 0:
        return at + 1
    at += 1 + 2 + int.from_bytes(b[at + 1:at + 3], "big") + 64
    return at + 1 + 384 * bin(b[at]).count("1")


def verify(folder, *more):
    p = subprocess.run([V, "record", folder, "--json", "--election-id", PIN, *more], stdout=subprocess.PIPE)
    return p.returncode, json.loads(p.stdout)


def failed(report):
    return [c["name"] for c in report["checks"] if c["verdict"] in ("FAIL", "ABSENT")]


def case(name, change, expect=None, only=None):
    """Damage a copy and verify it; `only`: the one file that change touches, put back afterwards."""
    global bad
    if only is None or not os.path.isdir(C):
        shutil.rmtree(C, ignore_errors=True)
        shutil.copytree(R, C)
    change()
    code, report = verify(C)
    names = failed(report)
    good = code == 1 and names and (expect is None or expect in names)
    if not good:
        bad += 1
    if not good or expect is not None:
        print("%-7s %-52s %s" % ("ok" if good else "MISSED", name, " ".join(names[:4])), flush=True)
    if only is not None:
        shutil.copy(R + "/" + only, C + "/" + only)
    else:
        shutil.rmtree(C)


def read(path):
    with open(C + "/" + path, "rb") as f:
        return f.read()


def write(path, data):
    with open(C + "/" + path, "wb") as f:
        f.write(data)


def flip(path, at):
    b = bytearray(read(path))
    b[at] ^= 1 << random.randrange(8)
    write(path, bytes(b))


shutil.rmtree(C, ignore_errors=True)
code, report = verify(R)
print("the record itself: exit %d %s" % (code, failed(report)))
bad += code != 0
random.seed(1)
files = sorted(os.path.relpath(os.path.join(d, f), R) for d, _, fs in os.walk(R) for f in fs)
# two files of each kind, names with the numbers aside; EVERY=1: every file
kinds, some = {}, []
for path in random.sample(files, len(files)):
    kind = re.sub(r"[0-9a-f]{64}|[0-9]+", "#", path)
    kinds[kind] = kinds.get(kind, 0) + 1
    if (kinds[kind] <= 2 or os.environ.get("EVERY")) and os.path.getsize(R + "/" + path):
        some.append(path)
for path in some:
    case("one bit flipped in " + path, lambda: flip(path, random.randrange(os.path.getsize(R + "/" + path))), only=path)
print("one bit flipped in each of %d files of %d kinds (of %d files): %s" % (len(some), len(kinds), len(files), "all noticed" if not bad else "NOT all noticed"))
for path in files[:: max(1, len(files) // 25)]:
    case("missing " + path, lambda: os.remove(C + "/" + path), only=path)


def bundle():
    name = [f for f in files if f.startswith("ballots/tile/entries/")][0]
    b, out = read(name), []
    while b:
        n = int.from_bytes(b[:2], "big")
        out.append(b[2:2 + n])
        b = b[2 + n:]
    return name, out


def rewrite(change):
    name, entries = bundle()
    entries = change(entries)
    write(name, b"".join(len(e).to_bytes(2, "big") + e for e in entries))


def swap_numbers():
    t = json.loads(read("acts/count-pre.json"))
    i = next(i for i in range(len(t["lines"]) - 1) if t["lines"][i]["votes"] != t["lines"][i + 1]["votes"])
    b = read("acts/count-pre.json").decode()
    a, c = t["lines"][i], t["lines"][i + 1]
    one = '"line": "%s",\n   "votes": %d' % (a["line"], a["votes"])
    two = '"line": "%s",\n   "votes": %d' % (c["line"], c["votes"])
    assert one in b and two in b
    b = b.replace(one, one.replace(str(a["votes"]), "@")).replace(two, two.replace(": %d" % c["votes"], ": %d" % a["votes"])).replace("@", str(c["votes"]))
    write("acts/count-pre.json", b.encode())


def drop_signature(path, name):
    lines = read(path).decode().split("\n")
    write(path, "\n".join(x for x in lines if not x.startswith("— " + name + " ")).encode())


def other_head():
    b = read("ballots/checkpoint").decode()
    key = subprocess.check_output(["tail", "-n", "1", W + "/keys/events.key.pub"]).decode()
    assert key
    events = read("events/checkpoint").decode().split("\n\n")[1]
    write("ballots/checkpoint", (b.split("\n\n")[0] + "\n\n" + events).encode())


def second_row():
    path = "authorizations/autoridad"
    b = bytearray(read(path))
    at = 1 + 32 + 1 + 1 + 4
    while b[at] == 0:
        at += 1
    row = bytes(b[at:row_end(b, at)])
    write(path, bytes(b) + row)


case("a ballot removed", lambda: rewrite(lambda e: e[1:]), "ballots-log")
case("a ballot duplicated", lambda: rewrite(lambda e: e[:1] + e), "ballots-log")
case("two ballots swapped", lambda: rewrite(lambda e: [e[1], e[0]] + e[2:]), "ballots-log")
case("a ballot replaced by another", lambda: rewrite(lambda e: [e[1]] + e[1:]), "ballots-log")
case("a head signed by another key", other_head, "ballots-log")
case("two numbers of an act exchanged", swap_numbers, "count-acts")
case("an authorization more than the roll", second_row, "authorizations")
for path, what in (("call.json.note", "call"), ("acts/key.json.note", "key-act"), ("opening.json.note", "opening"),
                   ("acts/start-of-decryption.json.note", "comparison")):
    case("the notary's signature missing: " + path, lambda: drop_signature(path, "notaria"), what)
case("an extra file", lambda: write("extra", b"x"), "files")
case("a second opening", lambda: write("opening.json", read("opening.json").replace(b'"version": 1', b'"version":  1')), "opening")
case("a trustee's factors under another's folder", lambda: shutil.copytree(
    C + "/decryption/pre-09/01/nizkp/proofs", C + "/decryption/pre-09/03/nizkp/proofs", dirs_exist_ok=True), "decryption-sessions")
case("the output of a mix replaced by its input", lambda: shutil.copy(
    C + "/mix/pre-09/nizkp/Ciphertexts.bt", C + "/mix/pre-09/nizkp/ShuffledCiphertexts.bt"), "mix-proofs")
case("a mix's proof files deleted", lambda: os.remove(C + "/mix/pre-09/nizkp/proofs/PoSCommitment01.bt"), "mix-proofs")
case("votes.csv altered", lambda: write("votes.csv", read("votes.csv").replace(b"pre-21,D", b"pre-21,A")), "votes")


# ---- the same by one who holds the logs' and the authority's keys, and signs again what was changed
def b64(x):
    return base64.b64encode(x).decode()


def sign(name, key, passfile, text):
    """A signed note by an Ed25519 key file of the election."""
    with open(W + "/message", "wb") as f:
        f.write(text.encode())
    sig = subprocess.check_output(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "%s/keys/%s" % (W, key), "-passin", "file:%s/keys/%s" % (W, passfile), "-in", W + "/message"])
    public = base64.b64decode(open("%s/keys/%s.pub" % (W, key)).read().strip().split("+", 2)[2])[1:]
    ident = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    return text + "\n— " + name + " " + b64(ident + sig) + "\n"


def tree(h):
    if not h:
        return hashlib.sha256(b"").digest()
    if len(h) == 1:
        return h[0]
    k = 1
    while 2 * k < len(h):
        k *= 2
    return hashlib.sha256(b"\1" + tree(h[:k]) + tree(h[k:])).digest()


def relog(log, change):
    """Change the log's entries and sign it again with its own key."""
    top = log + "/tile/entries/"
    names = [f for f in files if f.startswith(top)]
    assert len(names) == 1 and "/000.p/" in names[0], "a small log is needed"
    b, entries = read(names[0]), []
    while b:
        n = int.from_bytes(b[:2], "big")
        entries.append(b[2:2 + n])
        b = b[2 + n:]
    entries = change(entries)
    shutil.rmtree(C + "/" + log + "/tile")
    hashes = [hashlib.sha256(b"\0" + e).digest() for e in entries]
    for path, text in (("entries/000.p", b"".join(len(e).to_bytes(2, "big") + e for e in entries)), ("0/000.p", b"".join(hashes))):
        os.makedirs(C + "/%s/tile/%s" % (log, path))
        write("%s/tile/%s/%d" % (log, path, len(entries)), text)
    head = "urna.example/%s\n%d\n%s\n" % (log, len(entries), b64(tree(hashes)))
    write(log + "/checkpoint", sign("urna.example/" + log, log + ".key", "service.pass", head).encode())


def where(entries, kind, *more):
    return next(i for i, e in enumerate(entries) if (b'"kind": "%s"' % kind.encode() in e or b'kind\\": \\"%s' % kind.encode() in e) and all(m.encode() in e for m in more))


def without(kind, *more):
    return lambda e: [x for i, x in enumerate(e) if i != where(e, kind, *more)]


def swapped(one, two):
    def change(e):
        i, k = where(e, *one), where(e, *two)
        e = list(e)
        e[i], e[k] = e[k], e[i]
        return e
    return change


def edit(kind, old, new):
    def change(e):
        i = where(e, kind)
        x = re.sub(old, new, e[i], count=1)
        assert x != e[i], kind
        return e[:i] + [x] + e[i + 1:]
    return change


def again(kind):
    return lambda e: e[:where(e, kind) + 1] + e[where(e, kind):]


def other_authorizations(change):
    """Change the authority's list, its signature and the close entry."""
    path = "authorizations/autoridad"
    old = read(path)
    new = change(old)
    write(path, new)
    call = hashlib.sha256(read("call.json")).hexdigest()
    text = "urna/v1/document\npurpose authorizations\ncall %s\nsha256 %s\n" % (call, hashlib.sha256(new).hexdigest())
    write(path + ".note", sign("autoridad", "autoridad.key", "service.pass", text).encode())
    relog("events", edit("close", hashlib.sha256(old).hexdigest().encode(), hashlib.sha256(new).hexdigest().encode()))


def other_list(name, change):
    """Another authorizer signs another list, and the entry that names it."""
    path = "authorizations/" + name
    old = read(path)
    new = change(old)
    write(path, new)
    call = hashlib.sha256(read("call.json")).hexdigest()

    def note(purpose, of):
        text = "urna/v1/document\npurpose %s\ncall %s\nsha256 %s\n" % (purpose, call, hashlib.sha256(of).hexdigest())
        return sign(name, name + ".key", name + ".pass", text)

    def entry(e):
        i = where(e, "list", name)
        x = json.loads(e[i])
        x["document"] = x["document"].replace(hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest())
        x["note"] = note("event", x["document"].encode())
        return e[:i] + [json_write(x)] + e[i + 1:]
    write(path + ".note", note("authorizations", new).encode())
    relog("events", entry)


def lacking(b):
    r = rows(b)
    r[next(i for i, x in enumerate(r) if x[0])] = b"\0"
    return b[:39] + b"".join(r)


def named(what, change, text):
    """A cheat that spoils nobody's vote: what V19 says of the copy names it."""
    global bad
    shutil.rmtree(C, ignore_errors=True)
    shutil.copytree(R, C)
    change()
    code, report = verify(C)
    v19 = next(c for c in report["checks"] if c["name"] == "authorizations")
    good = v19["verdict"] == "pass" and text in v19["text"]
    bad += not good
    print("%-7s %-52s %s" % ("ok" if good else "MISSED", what, v19["text"]), flush=True)


def rows(b):
    at, out = 39, []
    while at < len(b):
        end = row_end(b, at)
        out.append(b[at:end])
        at = end
    return out


def twice(b):
    r = rows(b)
    full, empty = next(x for x in r if x[0]), next(i for i, x in enumerate(r) if not x[0])
    return b[:39] + b"".join(r[:empty] + [full] + r[empty + 1:])


def stranger(b):
    r = rows(b)
    one, two = [i for i, x in enumerate(r) if x[0]][:2]
    n = 3 + int.from_bytes(r[one][1:3], "big")
    m = 3 + int.from_bytes(r[two][1:3], "big")
    r[one] = r[one][:n] + r[two][m:m + 64] + r[one][n + 64:]  # another's credential signed
    return b[:39] + b"".join(r)


def forged_ballot(e):
    b = bytearray(e[-1])
    b[34 + 5] ^= 1  # another one-time key
    return e + [bytes(b)]


def bare_phases(e):
    """Phases that name no head, and no heartbeat at all, but for those beside a suspension."""
    out = []
    for i, x in enumerate(e):
        if b'"kind": "heartbeat"' in x and b'suspend' not in e[i - 1] and b'resume' not in e[i + 1]:
            continue
        if b'"kind": "phase"' in x:
            x = re.sub(rb',\n  "size": "[0-9]*",\n  "root": "[0-9a-f]*"', b"", x)
        out.append(x)
    return out


def span(e):
    """From the order that suspends to the one that resumes."""
    i = where(e, "suspend")
    return i, next(k for k in range(i, len(e)) if b'\\"resume\\"' in e[k]) + 1


def used_again(e):
    """The suspension and its end a second time: one signature each, two uses."""
    i, k = span(e)
    return e[:k] + [re.sub(rb'"time": "[^"]*"', re.search(rb'"time": "[^"]*"', e[k - 1])[0], x) for x in e[i:k]] + e[k:]


def head_of(x):
    return re.search(rb'"size": "[0-9]*",\n  "root": "[0-9a-f]*"', x)


def grown_while_suspended(e):
    """The box is suspended from the opening on; what comes into it is not said."""
    i, k = span(e)
    first = where(e, "authorizers") + 1
    t = re.search(rb'"time": "[^"]*"', e[first - 1])[0]
    empty = head_of(e[where(e, "phase", '"phase": "3"', '"edge": "begin"')])[0]
    early = [re.sub(rb'"time": "[^"]*"', t, x) for x in e[i:i + 2]]
    early[1] = early[1].replace(head_of(early[1])[0], empty)
    return e[:first] + early + e[first:i] + e[i + 2:]


def full_at_first(e):
    """A ballot lay in the box when it opened."""
    n, b = bundle()
    head = b'"size": "1",\n  "root": "%s"' % hashlib.sha256(b"\0" + b[0]).hexdigest().encode()
    empty = head_of(e[where(e, "phase", '"phase": "3"', '"edge": "begin"')])[0]
    return [x.replace(empty, head) for x in e]


def dark(e):
    """No head of the box for two minutes before the end of the hours."""
    out, past = [], False
    for x in e:
        past |= b'"phase": "3"' in x and b'"edge": "end"' in x
        t = re.search(rb'"time": "([^"]*)"', x)[1].decode()
        later = (datetime.datetime.strptime(t, "%Y-%m-%dT%H:%M:%SZ") + datetime.timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        out.append(x.replace(('"time": "%s"' % t).encode(), ('"time": "%s"' % later).encode(), 1) if past else x)
    return out


def cosigned_close(e):
    """The close entry holds the cosignatures of the day."""
    i = where(e, "close")
    note = read("ballots/checkpoint").decode().replace("\n", "\\n").encode()
    return e[:i] + [re.sub(rb'"checkpoint": "[^"]*"', lambda m: b'"checkpoint": "' + note + b'"', e[i])] + e[i + 1:]


case("signed again: no heads of the box in events", lambda: relog("events", bare_phases), "heads")
case("signed again: a suspension signed once and used twice", lambda: relog("events", used_again), "entry-signatures")
case("signed again: a box that grew while suspended", lambda: relog("events", grown_while_suspended), "heads")
case("signed again: a ballot in the box before it opened", lambda: relog("events", full_at_first), "heads")
case("signed again: two minutes without a heartbeat", lambda: relog("events", dark), "heads")
case("signed again: the head after a suspension missing", lambda: relog("events", lambda e: e[:span(e)[0] + 1] + e[span(e)[0] + 2:]), "heads")
case("signed again: the head before a resumption missing", lambda: relog("events", lambda e: e[:span(e)[1] - 2] + e[span(e)[1] - 1:]), "heads")
case("signed again: cosignatures in the close entry", lambda: relog("events", cosigned_close), "ballots-log")
case("signed again: a required mixer neither mixes nor is waived", lambda: relog("events", without("mixer-waiver")), "mix-notes")
case("signed again: nobody replaced the notary", lambda: relog("events", without("replace-notary")), "count-acts")
case("the hand-over signed by the notary of the opening alone", lambda: drop_signature("acts/handover.json.note", "notaria-2"), "handover-act")
case("two of three trustees' proofs false beside a false one", lambda: [flip("decryption/pre-09/0%d/nizkp/proofs/DecrFactReply01.bt" % n, -1) for n in (1, 2, 3)], "decryption-proofs")
case("signed again: a phase entry missing", lambda: relog("events", without("phase", '"phase": "3"', '"edge": "end"')), "phases")
case("signed again: phase entries out of order", lambda: relog("events", swapped(("phase", '"phase": "2"', '"edge": "end"'), ("phase", '"phase": "3"', '"edge": "begin"'))), "phases")
case("signed again: a second opening entry", lambda: relog("events", again("opening")), "phases")
case("signed again: a second key entry", lambda: relog("events", again("key")), "phases")
case("signed again: an entry after the seal", lambda: relog("events", again("seal")), "phases")
case("signed again: other hours in the opening entry", lambda: relog("events", edit("opening", rb'"closes": "\d', b'"closes": "3')), "phases")
case("signed again: a heartbeat without a head", lambda: relog("events", edit("heartbeat", rb'  "size": "\d+",\n', b"")), "heads")
case("signed again: a heartbeat that counted nobody, after ballots", lambda: relog("events", lambda e: [
    re.sub(rb'"authorizations": "\d+"', b'"authorizations": "0"', x) if b'"kind": "heartbeat"' in x else x for x in e]), "heads")
case("a pipe in the record", lambda: os.mkfifo(C + "/extra"), "files")
case("a link in the record", lambda: os.symlink("call.json", C + "/extra"), "files")
case("signed again: no seal", lambda: relog("events", without("seal")), "seal")
case("signed again: an amendment without its second signature", lambda: relog("events", edit("extend", rb"\\n\xe2\x80\x94 notaria [^\\]*", b"")), "amendments")
case("signed again: an amendment unmade", lambda: relog("events", without("exclude")), "phases")
case("signed again: a heartbeat with another root", lambda: relog("events", edit("heartbeat", rb'"root": "(.)', lambda m: b'"root": "' + (b"0" if m.group(1) != b"0" else b"1"))), "heads")
case("signed again: the close entry names another size", lambda: relog("events", edit("close", rb'"size": "\d+"', b'"size": "3"')), "ballots-log")
case("signed again: the last ballot gone", lambda: relog("ballots", lambda e: e[:-1]), "ballots-log")
case("signed again: a forged ballot more", lambda: relog("ballots", forged_ballot), "ballots-log")
case("signed again: one request for two voters", lambda: other_authorizations(twice), "authorizations")
case("signed again: an authorization signed by a stranger", lambda: other_authorizations(stranger), "authorizations")
case("signed again: an authorizer invents a row", lambda: other_list("partido-3", twice), "authorizations")
case("signed again: an authorizer's row of a stranger", lambda: other_list("partido-3", stranger), "authorizations")
named("signed again: an authorizer's list lacks a row", lambda: other_list("partido-3", lacking), "the list of partido-3 lacks 1 of its answers")
case("signed again: a roll of others under the registrar's key", lambda: write("roll", read("roll")[:-98] + read("roll")[-196:-98]), "roll")

p = subprocess.run([V, "record", R, "--election-id", "00" * 32], stdout=subprocess.DEVNULL)
print("another election id pinned: exit %d" % p.returncode)
bad += p.returncode != 1
p = subprocess.run([V, "record", "/nonexistent"], stderr=subprocess.DEVNULL)
print("no such folder: exit %d" % p.returncode)
bad += p.returncode != 2
for extra in ([], ["--record", R]):
    p = subprocess.run([V, "receipt", W + "/receipts/0", "--ballot", W + "/receipts/0.ballot", "--log-key",
                        open(W + "/keys/ballots.key.pub").read().strip(), *extra], stdout=subprocess.DEVNULL)
    bad += p.returncode != 0
p = subprocess.run([V, "receipt", W + "/receipts/0", "--ballot", W + "/receipts/1.ballot", "--record", R], stdout=subprocess.DEVNULL)
bad += p.returncode != 1
print("receipts: good ones verify, another's ballot does not")


def path_of(hashes, i):
    """The leaf's sibling first."""
    if len(hashes) == 1:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return path_of(hashes[:k], i) + [root_of(hashes[k:])] if i < k else path_of(hashes[k:], i - k) + [root_of(hashes[:k])]


def cosigned(*witnesses):
    """What is said of a receipt for the first ballot under the final head, with these witnesses' lines alone."""
    text, _, lines = open(R + "/ballots/checkpoint", encoding="utf-8").read().partition("\n\n")
    entries = []
    for name, level, _, width in tile_names(int(text.split("\n")[1])):
        if level < 0:
            bundle = Reader(open(R + "/ballots/" + name, "rb").read())
            entries += [bundle.vec(2) for _ in range(width)]
    lines = [x for x in lines.split("\n") if x.startswith("— urna.example/ballots ") or x.split(" ")[1:2] and x.split(" ")[1] in witnesses]
    with open(W + "/cosigned", "w") as f:
        f.write("c2sp.org/tlog-proof@v1\nindex 0\n%s\n%s\n\n%s\n" % ("".join(
            base64.b64encode(h).decode() + "\n" for h in path_of([leaf_hash(e) for e in entries], 0)), text, "\n".join(lines)))
    with open(W + "/cosigned.ballot", "wb") as f:
        f.write(entries[0])
    p = subprocess.run([V, "receipt", W + "/cosigned", "--ballot", W + "/cosigned.ballot", "--record", R], stdout=subprocess.PIPE)
    return p.returncode, p.stdout.decode()


# witness 3 was replaced by 4 (counting.sh): in the record's state it is 4 that counts
for names, want in ((("testigo-2", "testigo-4"), "in a cosigned head: 2 of 3"), (("testigo-1", "testigo-3"), "not in a cosigned head (1 of 3"),
                    (("testigo-1", "testigo-2", "testigo-4"), "in a cosigned head: 3 of 3")):
    code, text = cosigned(*names)
    good = code == 0 and "\n" + want in text and "VERIFIED" in text
    print("%-7s a receipt under a head cosigned by %s%s" % ("ok" if good else "MISSED", ", ".join(names), "" if good else ": " + text))
    bad += not good
p = subprocess.run([V, "challenge", W + "/challenge.json", "--record", R], stdout=subprocess.DEVNULL)
bad += p.returncode != 0
text = open(W + "/challenge.json").read()
open(W + "/false.json", "w").write(re.sub(r'"marking": (\d+)', lambda m: '"marking": %d' % (int(m.group(1)) % 3 + 1 if int(m.group(1)) != 2 else 1), text, count=1))
p = subprocess.run([V, "challenge", W + "/false.json", "--record", R], stdout=subprocess.DEVNULL)
bad += p.returncode != 1
messages = [json.load(open(os.path.join(W, "again", f))) for f in os.listdir(W + "/again")]
message = next(m for m in messages if m["user"] == "persona000010")  # the other one was refused
with open(W + "/password", "w") as f:
    f.write(message["password"] + "\n")
with open(W + "/wrong", "w") as f:
    f.write(json.load(open(W + "/delivered/" + sorted(os.listdir(W + "/delivered"))[0]))["password"] + "\n")


def mine(name, password="password", record=R, file="/own.mine", election=hashlib.sha256(open(R + "/opening.json", "rb").read()).hexdigest()):
    p = subprocess.run([V, "receipt", "--mine", W + file, "--user", message["user"], "--record", record, "--election-id", election,
                        "--password-file", W + "/" + password], stdout=subprocess.PIPE)
    print("%s: exit %d %s" % (name, p.returncode, p.stdout.decode().split("\n")[1]))
    return p.returncode


bad += mine("the own ballot by the private file") != 0
bad += mine("with another's password", "wrong") != 1
bad += mine("of another election", election="0" * 64) != 1
own = open(W + "/own.mine").read()
open(W + "/other.mine", "w").write(re.sub(r'"commitment": "(.)', lambda m: '"commitment": "' + ("0" if m.group(1) != "0" else "1"), own))
bad += mine("with another commitment", file="/other.mine") != 1
print("challenge: a true opening verifies, a false one does not")
shutil.rmtree(C, ignore_errors=True)
print("%d cases not noticed" % bad)
sys.exit(1 if bad else 0)
