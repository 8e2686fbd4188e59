#!/usr/bin/env python3
"""vectors.py VECTORS.JSON RECORD - the values on the way, computed from spec/: each that differs is named."""
import hashlib
import hmac
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify  # noqa: E402
from formats import Reader  # noqa: E402
from sessions import Session  # noqa: E402
from group import G, N, msm, point_write, tagged  # noqa: E402

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def hkdf(secret, salt, info, n):
    prk = hmac.digest(salt or bytes(32), secret, "sha256")
    out = block = b""
    for i in range(1, n // 32 + 2):
        block = hmac.digest(prk, block + info + bytes([i]), "sha256")
        out += block
    return out[:n]


def key_of(secret):
    return msm((secret, G))[0].to_bytes(32, "big")


def vec(size, text):
    return len(text).to_bytes(size, "big") + text


def first_request(r):
    """Roll index and bytes of the first request in the authority's list."""
    rd = Reader(r.get("authorizations/" + r.authorizers[0].name))
    rd.take(1 + 32 + 1 + 1 + 4)
    index = 0
    while not rd.u(1):
        index += 1
    return index, rd.vec(2)


def ceremony(r, x):
    """Of the first trustee. The sealed share itself needs X25519 and AES, which the standard library has not."""
    one, two = (json.loads(r.transcript[n][0]["text"]) for n in ("round1", "round2"))
    points, proof = [bytes.fromhex(p) for p in two["points"]], bytes.fromhex(two["possession"])
    signed = [r.C, (1).to_bytes(4, "big"), bytes([1, len(points)])] + points
    assert x["commitment_1"] == one["commitment"]
    got = {"possession_hash_1": tagged("possession", *signed).hex(), "commitment_1": tagged("ceremony-commit", *signed, proof).hex(),
           "share_info_1_to_2": (b"urna/v1/ceremony-share" + r.C + (1).to_bytes(4, "big") + bytes([1, 2])).hex()}
    return [("ceremony." + n, got[n], x[n]) for n in got]


def card(x):
    h = tagged("share-seal", bytes.fromhex(x["salt"]), vec(1, x["serial"].encode()))
    key = hashlib.scrypt(x["pin"].encode(), salt=h, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
    return [("card.share_seal_hash", h.hex(), x["share_seal_hash"]), ("card.key", key.hex(), x["key"])]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        v = json.load(f)
    x, C, E = v["voter"], bytes.fromhex(v["call"]), bytes.fromhex(v["election"])
    user, password, seed = x["user"].encode(), x["password"].encode(), bytes.fromhex(x["seed"])
    check = hashlib.sha256(password[:20]).digest()
    secret = int.from_bytes(hkdf(password, C + user, b"urna/v1/credential", 64), "big") % N
    who = E + x["roll_index"].to_bytes(4, "big") + key_of(secret)
    once = int.from_bytes(hkdf(seed, b"", b"urna/v1/one-time-key" + who + b"\0", 64), "big") % N
    nonces = bytes.fromhex(x["server_nonce"]) + bytes.fromhex(x["client_nonce"])
    row = b"persona000001\nPersona\np@correo.example\n+52 55\n2"
    got = {"password": x["password"][:20] + LETTERS[check[0] & 31] + LETTERS[check[1] & 31],
           "credential_secret": "%064x" % secret, "credential": key_of(secret).hex(),
           "seed_key": hkdf(password, C + user, b"urna/v1/seed-key", 32).hex(),
           "one_time_secret": "%064x" % once, "one_time_key": key_of(once).hex(),
           "blinding_1": hkdf(seed, b"", b"urna/v1/blinding" + who + b"\1", 400).hex(),
           "token_hash_style_2": tagged("token", E, b"\0\2", key_of(once)).hex(),
           "login_hash": tagged("login", E, vec(2, b"https://cuenta.example"), nonces, vec(1, user)).hex(),
           "confirmation_hash": tagged("confirmation", E, x["roll_index"].to_bytes(4, "big")).hex(),
           "receipt_request_hash_1780333200":
               tagged("receipt-request", E, key_of(once), (1780333200).to_bytes(8, "big")).hex(),
           "sealed_seed_hash": tagged("sealed-seed", E, bytes.fromhex(x["sealed_seed"])).hex(),
           "row_commitment": tagged("roll-row", C, seed, vec(2, row)).hex()}
    pairs = [("voter." + n, got[n], x[n]) for n in got]
    pairs += [("markings", [point_write(msm((i, G))).hex() for i in range(1, 18)], v["markings"])]

    x = v["session"]
    s = Session(bytes.fromhex(x["sid"][1:]), x["ebitlenro"], x["auxsid"], x["nopart"], x["thres"])
    pairs += [("session.rho", s.rho.hex(), x["rho"]), ("session.protInfo.xml", s.xml.decode(), x["protInfo.xml"]),
              ("session.generators", [point_write(p).hex() for p in s.generators(3)], x["generators"])]

    r = verify.Record(sys.argv[2], v["record"]["election"], [])
    verify.run(r)
    b = r.ballots[0]
    commitment = tagged("commitment", r.E, b.style.to_bytes(2, "big"), b.key, bytes([len(b.contests)]),
                        *(c1 + c2 for c1, c2, _ in b.contests))
    bits = int.from_bytes(commitment, "big") >> 96
    index, request = first_request(r)
    letters = "".join(LETTERS[bits >> 5 * i & 31] for i in range(31, -1, -1))
    got = {"call": r.C.hex(), "election": r.E.hex(), "styles_hash": r.styles_hash.hex(), "joint_key": point_write(r.Y).hex(),
           "ballots": len(r.ballots), "ballots_root": r.root.hex(), "events_root": verify.root_of(r.event_hashes).hex(),
           "leaf_hash_0": r.ballot_hashes[0].hex(), "commitment_0": commitment.hex(),
           "commitment_letters_0": "-".join(letters[i:i + 4] for i in range(0, 32, 4)),
           "ballot_proof_hashes_0": [tagged("ballot-proof", r.E, b.style.to_bytes(2, "big"), bytes([i + 1]), b.key, c1, c2).hex()
                                     for i, (c1, c2, _) in enumerate(b.contests)],
           "ballot_hash_0": tagged("ballot", r.raw_ballots[0][:-64]).hex(),
           "authorization_index": index, "authorization_hash": tagged("authorization", request).hex()}
    pairs += [("record." + n, got[n], v["record"][n]) for n in v["record"]]
    pairs += ceremony(r, v["ceremony"]) + card(v["card"])
    bad = [n for n, a, b in pairs if a != b]
    print("%d values of vectors.json, %d differ %s" % (len(pairs), len(bad), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
