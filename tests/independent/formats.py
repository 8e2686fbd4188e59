"""Formats: strict JSON, signed notes, Merkle trees and tiles, byte trees, a reader of structures."""
import base64
import json
import re

from group import Bad, need, sha256, ed25519_key_ok, ed25519_verify, on_curve


# ---- bytes ------------------------------------------------------------------------

class Reader:
    """Reads a structure; done() demands that nothing is left."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(self.at + n <= len(self.data), "a structure ends too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def u(self, size):
        return int.from_bytes(self.take(size), "big")

    def vec(self, size):
        return self.take(self.u(size))

    def done(self):
        need(self.at == len(self.data), "bytes after the end of a structure")


# ---- JSON -------------------------------------------------------------------------

def json_read(data, urna=None, limit=1 << 24):
    def pairs(items):
        names = [k for k, _ in items]
        need(len(set(names)) == len(names), "a name twice")
        return {k: v for k, v in items if k != "_comment"}

    def refuse(text):
        raise Bad("not a whole number: " + text)

    def walk(v, depth):
        need(depth <= 12, "too deep")
        if isinstance(v, str):
            need("\0" not in v and not any(0xD800 <= ord(c) < 0xE000 for c in v), "NUL or surrogate")
        need(v is not None and (not isinstance(v, int) or -2**63 <= v < 2**63), "null, or a number too big")
        for x in v.items() if isinstance(v, dict) else ():
            walk(x[0], depth)
            walk(x[1], depth + 1)
        for x in v if isinstance(v, list) else ():
            walk(x, depth + 1)

    need(len(data) <= limit, "too long")
    try:
        v = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse)
    except (UnicodeDecodeError, ValueError, RecursionError) as e:
        raise Bad("not JSON: %s" % e)
    walk(v, 1)
    if urna:
        need(isinstance(v, dict) and v.get("urna") == urna and v.get("version") == 1, "not a " + urna)
    return v


def json_write(v):
    """Canonical bytes: one space of indentation a level and a final newline."""
    def quoted(t):
        escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}
        return '"%s"' % "".join(escapes.get(c) or ("\\u%04x" % ord(c) if c < " " else c) for c in t)

    def one(v, indent):
        if isinstance(v, (dict, list)):
            inner = "\n" + indent + " "
            items = [quoted(k) + ": " + one(x, indent + " ") for k, x in v.items()] if isinstance(v, dict) else \
                [one(x, indent + " ") for x in v]
            left, right = "{}" if isinstance(v, dict) else "[]"
            return left + (",".join(inner + i for i in items) + "\n" + indent if items else "") + right
        return quoted(v) if isinstance(v, str) else {True: "true", False: "false"}[v] if isinstance(v, bool) else str(v)
    return (one(v, "") + "\n").encode()


def fields(obj, required, optional=()):
    """Refuse a name that is missing or unknown; a `name:type` also checks the type."""
    need(isinstance(obj, dict), "not an object")
    types = {"s": str, "i": int, "l": list, "o": dict, "b": bool, "h": str}
    known = set()
    for spec in list(required) + list(optional):
        name, _, kind = spec.partition(":")
        known.add(name)
        if name not in obj:
            need(spec in optional, "no " + name)
            continue
        v = obj[name]
        need(kind or v != "", name + " is empty")
        need(isinstance(v, types[kind or "s"]) and (kind == "b" or not isinstance(v, bool)), name + " has another type")
        need(kind != "h" or re.fullmatch("[0-9a-f]{64}", v), name + " is no hash")
        need(kind != "i" or 0 <= v < 1 << 53, name + " out of range")
    need(set(obj) <= known, "unknown name: %s" % (set(obj) - known))
    return obj


def b64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("not base64")
    need(base64.b64encode(data).decode() == text, "not standard base64")
    return data


def time_read(text):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", text)
    need(m, "not a time: " + text)
    import datetime
    try:
        t = datetime.datetime(*map(int, m.groups()), tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Bad("not a time: " + text)
    return int(t.timestamp())


# ---- signed notes -----------------------------------------------------------------

class Key:
    """A verifier key NAME+HEX+BASE64."""

    def __init__(self, text):
        self.text = text
        parts = text.split("+", 2)
        need(len(parts) == 3 and parts[0] and not re.search(r"\s", parts[0]), "not a verifier key")
        self.name, data = parts[0], b64(parts[2])
        need(len(data) == 33, "key of another length")
        self.type, self.key = data[0], data[1:]
        self.id = sha256(self.name.encode() + b"\n" + data)[:4]
        need(parts[1] == self.id.hex(), "the key's id is not its own")
        need(self.type in (1, 4) and ed25519_key_ok(self.key), "not a usable Ed25519 key")


def note_open(data, keys):
    """Split a signed note; return its text and {name: time} of those of the keys that signed."""
    need(0 < len(data) <= 1000000, "a note too long")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("a note is not UTF-8")
    need(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note), "control character in a note")
    text, sep, rest = note.rpartition("\n\n")
    need(sep and rest.endswith("\n"), "not a signed note")
    text += "\n"
    lines = rest[:-1].split("\n")
    need(1 <= len(lines) <= 64, "number of signatures")
    signed = {}
    for line in lines:
        m = re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        need(m, "not a signature line")
        sig = b64(m[2])
        need(len(sig) >= 5, "signature too short")
        for key in keys:
            if m[1] != key.name or sig[:4] != key.id:
                continue
            if key.type == 4:  # tlog-cosignature: a time before the signature
                need(len(sig) == 76, "cosignature of another length")
                when = int.from_bytes(sig[4:12], "big")
                need(0 < when < 1 << 63, "a time no cosignature may have")
                message = "cosignature/v1\ntime %d\n%s" % (when, text)
                need(ed25519_verify(key.key, message.encode(), sig[12:]), "false cosignature by " + key.name)
                signed[key.name] = when
            else:
                need(len(sig) == 68 and ed25519_verify(key.key, text.encode(), sig[4:]),
                     "false signature by " + key.name)
                signed[key.name] = 0
    return text, signed


# ---- Merkle trees and tiles ------------------------------------------------------

def leaf_hash(entry):
    return sha256(b"\0" + entry)


def inclusion_ok(index, size, leaf, path, root):
    """RFC 6962, 2.1.1: exactly the hashes that index and size call for."""
    h, first, last, at = leaf, index, size - 1, 0
    while last > 0:
        if first % 2 == 1 or first < last:
            if at == len(path):
                return False
            h = sha256(b"\1" + path[at] + h) if first % 2 else sha256(b"\1" + h + path[at])
            at += 1
        first, last = first // 2, last // 2
    return index < size and at == len(path) and h == root


def root_of(hashes):
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(hashes[:k]) + root_of(hashes[k:]))


def tile_names(size):
    """(name, level, first, width) of every tile of a tree; level -1 are the bundles of entries."""
    for level in [-1] + list(range(8)):
        count = size >> 8 * max(level, 0)
        for n in range((count + 255) // 256):
            width = min(256, count - 256 * n)
            digits, path = n, "%03d" % (n % 1000)
            while digits >= 1000:
                digits //= 1000
                path = "x%03d/" % (digits % 1000) + path
            part = "" if width == 256 else ".p/%d" % width
            yield "tile/%s/%s%s" % ("entries" if level < 0 else level, path, part), level, 256 * n, width


def checkpoint_open(data, keys):
    """(size, root, signers) of a checkpoint signed by the first of the keys."""
    text, signed = note_open(data, keys)
    m = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/=]+)\n", text)
    need(m and m[1] == keys[0].name, "not a checkpoint of this log")
    need(keys[0].name in signed, "not signed by the log's key")
    root = b64(m[3])
    need(len(root) == 32, "root of another length")
    return int(m[2]), root, signed


# ---- byte trees -------------------------------------------------------------------

def leaf(data):
    return b"\1" + len(data).to_bytes(4, "big") + data


def node(*children):
    return b"\0" + len(children).to_bytes(4, "big") + b"".join(children)


def bt_read(data):
    """A leaf is bytes, a node a list."""
    r = Reader(data)

    def one(depth):
        need(depth < 8, "byte tree too deep")
        kind, n = r.u(1), r.u(4)
        need(kind in (0, 1), "neither leaf nor node")
        return r.take(n) if kind else [one(depth + 1) for _ in range(n)]
    tree = one(0)
    r.done()
    return tree


def bt_point(p):
    if p is None:
        return node(leaf(b"\xff" * 33), leaf(b"\xff" * 33))
    return node(*(leaf(v.to_bytes(33, "big")) for v in p))


def bt_points(ps):
    return node(*map(bt_point, ps))


def bt_list(ciphertexts):
    """A list of (c1, c2)."""
    return node(bt_points([c[0] for c in ciphertexts]), bt_points([c[1] for c in ciphertexts]))


def point_of(tree):
    need(isinstance(tree, list) and len(tree) == 2 and all(isinstance(v, bytes) and len(v) == 33 for v in tree),
         "not a point")
    p = tuple(int.from_bytes(v, "big") for v in tree)
    need(on_curve(*p), "not a point of the curve")
    return p


def scalar_of(tree, n):
    need(isinstance(tree, bytes) and len(tree) == 33, "not a scalar")
    v = int.from_bytes(tree, "big")
    need(v < n, "scalar not below n")
    return v


def points_of(tree, count):
    need(isinstance(tree, list) and len(tree) == count, "another number of points")
    return [point_of(t) for t in tree]


def list_of(tree, count):
    need(isinstance(tree, list) and len(tree) == 2, "not a list of ciphertexts")
    return list(zip(points_of(tree[0], count), points_of(tree[1], count)))
