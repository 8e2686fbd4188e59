#!/usr/bin/env python3
"""pairing.py FOLDER - can what urnad left on disk pair voters with ballots better than chance?

The truth comes from the voters (arrival.txt and their receipts), never from urnad. Each attack orders the voters by
something that was left (the first place of their identifying bytes in a file, file by file, in the last state and in
each copy; within what changed between two copies), and pairs that order with the order of the ballots in the log.
"""
import json
import math
import os
import random
import sys

W = sys.argv[1]
P, R, D = W + "/private", W + "/record", W + "/data"


def data(path):
    with open(path, "rb") as f:
        return f.read()


def files(top):
    return sorted(os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs if not os.path.islink(os.path.join(d, f)) and os.path.isfile(os.path.join(d, f)))


messages = [line.split()[0] for line in open(P + "/arrival.txt")]
people = [json.loads(data(m)) for m in messages]
leaf = []  # by arrival: the ballot's index in the log
for i in range(len(people)):
    leaf.append(int(data("%s/receipts/%d" % (W, i)).decode().split("\n")[1].split()[1]))
assert sorted(leaf) == list(range(len(leaf))), "every receipt names another entry"

# the authority's list shows by roll index the request of each; whose index it is only the voters know: a voter's
# one-time key cannot be told from it, so the truth of index <-> voter is taken from the private roll's order by trial
b = data(R + "/authorizations/autoridad")
at, requests = 1 + 32 + 1 + 1 + 4, []
while at < len(b):
    if b[at] == 0:
        requests.append(None)
        at += 1
        continue
    n = int.from_bytes(b[at + 1:at + 3], "big")
    requests.append((b[at + 3:at + 3 + n], b[at + 3 + n:at + 67 + n]))
    at += 1 + 2 + n + 64
    at += 1 + 384 * bin(b[at]).count("1")
index = json.load(open(W + "/index.json"))  # user -> roll index, by the registrar
marks = []
for p in people:
    request, sig = requests[index[p["user"]]]
    marks.append([request[40:72], sig, p["phone"].encode(), p["user"].encode()])

passwords = [p["password"].encode() for p in people]
everything = files(D) + files(W + "/outbox") + [W + "/urnad.log"] + files(R) + files(P + "/copies")
bad = 0
for path in everything:
    b = data(path)
    for w in passwords:
        if w in b or w.decode().encode("utf-16-le") in b:
            print("a password stands in " + path)
            bad += 1
print("no password in %d files" % len(everything) if not bad else "PASSWORDS FOUND")


def judge(name, order):
    """order: arrivals in the order that the attacker would pair with the log's order."""
    global bad
    n = len(order)
    if n < 8:
        return
    want = sorted(order, key=lambda a: leaf[a])
    rank = {a: k for k, a in enumerate(want)}
    hits = sum(order[k] == want[k] for k in range(n))
    rho = 1 - 6 * sum((k - rank[a]) ** 2 for k, a in enumerate(order)) / (n * (n * n - 1))
    z = abs(rho) * math.sqrt(n - 1)
    verdict = "chance" if hits <= 7 and z < 4.5 else "BETTER THAN CHANCE"
    bad += verdict != "chance"
    print("%-72s %3d voters, %d paired, z %.1f: %s" % (name, n, hits, z, verdict))


def attack(name, path, among=None):
    b = data(path)
    found = {}
    for a, m in enumerate(marks):
        if among is not None and a not in among:
            continue
        for kind, bytes_ in enumerate(m):
            k = b.find(bytes_)
            if k >= 0:
                found.setdefault(kind, []).append((k, a))
    for kind, places in found.items():
        judge("%s by %s" % (name, ("request", "signature", "phone", "user")[kind]), [a for _, a in sorted(places)])
    return bool(found)


# self-test of the judge: the true order must be noticed
keep, bad0 = sys.stdout, bad
sys.stdout = open(os.devnull, "w")
judge("the arrivals themselves", list(range(len(people))))
sys.stdout = keep
assert bad > bad0, "the judge does not notice the true order"
bad = bad0

states = sorted((int(x) for x in os.listdir(P + "/copies")), key=int)
for path in files(D) + files(W + "/outbox") + [W + "/urnad.log"]:
    attack(os.path.relpath(path, W), path)
for s in states:
    top = "%s/copies/%d" % (P, s)
    for path in files(top):
        attack("copy %d: %s" % (s, os.path.relpath(path, top)), path)
# between two copies: only the voters who came in between, by where they now stand
for one, two in zip(states, states[1:]):
    old = b"".join(data(f) for f in files("%s/copies/%d" % (P, one)) if "registry" in f)
    new = "%s/copies/%d" % (P, two)
    came = {a for a in range(len(people)) if marks[a][0] not in old}
    for path in files(new):
        attack("came between copies %d and %d: %s" % (one, two, os.path.relpath(path, new)), path, came)
judge("roll index", sorted(range(len(people)), key=lambda a: index[people[a]["user"]]))
# times: no file of a voter, no column; the registry's bytes outside its rows hold no request twice
raw = data(D + "/registry.sqlite")
twice = sum(raw.count(m[0]) != 1 for m in marks)
print("requests that stand more or less than once in the registry: %d" % twice)
bad += twice
left = [f for f in files(D) if f.endswith(("-journal", "-wal")) and os.path.getsize(f)]
print("journals left: %s" % left)
bad += len(left)
sys.exit(1 if bad else 0)
