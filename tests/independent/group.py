"""Arithmetic: secp256k1, BIP 340, Ed25519 (RFC 8032), RSA (RFC 9474), tagged hashes. Slow and plain.

Written from spec/README.md and the standards it names, by somebody who had not seen the C sources."""
import hashlib

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


class Bad(Exception):
    """What is checked is not as it must be."""


def need(condition, what):
    if not condition:
        raise Bad(what)


def sha256(data):
    return hashlib.sha256(data).digest()


def hash_hex(data):
    return sha256(data).hex()


def tagged(tag, *fields):
    t = sha256(b"urna/v1/" + tag.encode())
    return sha256(t + t + b"".join(fields))


# ---- secp256k1: affine points are (x, y), infinity is None -------------------

def _double(p):
    x, y, z = p
    if z == 0:
        return p
    s = 4 * x * y * y % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * pow(y, 4, P)) % P, 2 * y * z % P


def _add(p, q):
    if p[2] == 0:
        return q
    if q[2] == 0:
        return p
    z1, z2 = p[2] * p[2] % P, q[2] * q[2] % P
    u1, u2 = p[0] * z2 % P, q[0] * z1 % P
    s1, s2 = p[1] * z2 * q[2] % P, q[1] * z1 * p[2] % P
    h, r = (u2 - u1) % P, (s2 - s1) % P
    if h == 0:
        return _double(p) if r == 0 else (1, 1, 0)
    h2 = h * h % P
    h3, v = h * h2 % P, u1 * h2 % P
    x = (r * r - h3 - 2 * v) % P
    return x, (r * (v - x) - s1 * h3) % P, h * p[2] * q[2] % P


def msm(*terms):
    """The sum of scalar * point over the terms."""
    pairs = [(k % N, (p[0], p[1], 1)) for k, p in terms if p is not None]
    acc = (1, 1, 0)
    for bit in range(max([k.bit_length() for k, _ in pairs], default=0) - 1, -1, -1):
        acc = _double(acc)
        for k, p in pairs:
            if k >> bit & 1:
                acc = _add(acc, p)
    if acc[2] == 0:
        return None
    zi = pow(acc[2], -1, P)
    return acc[0] * zi * zi % P, acc[1] * pow(zi, 3, P) % P


def add(*points):
    return msm(*[(1, p) for p in points])


def on_curve(x, y):
    return x < P and y < P and (y * y - x * x * x - 7) % P == 0


def lift_x(x):
    """The point with this x and an even y."""
    need(x < P, "x coordinate not below p")
    y = pow(x * x * x + 7, (P + 1) // 4, P)
    need(on_curve(x, y), "no point has this x coordinate")
    return x, y if y % 2 == 0 else P - y


def point_read(b):
    need(len(b) == 33 and b[0] in (2, 3), "not a compressed point")
    x, y = lift_x(int.from_bytes(b[1:], "big"))
    return x, y if y % 2 == b[0] - 2 else P - y


def point_write(p):
    need(p is not None, "infinity has no encoding")
    return bytes([2 + p[1] % 2]) + p[0].to_bytes(32, "big")


def schnorr_verify(key32, message, sig):
    """BIP 340."""
    try:
        key = lift_x(int.from_bytes(key32, "big"))
    except Bad:
        return False
    r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
    if len(sig) != 64 or r >= P or s >= N:
        return False
    t = sha256(b"BIP0340/challenge")
    e = int.from_bytes(sha256(t + t + sig[:32] + key32 + message), "big") % N
    R = msm((s, G), (-e, key))
    return R is not None and R[1] % 2 == 0 and R[0] == r


# ---- Ed25519 ---------------------------------------------------------------------

_p = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_d = -121665 * pow(121666, -1, _p) % _p
_i = pow(2, (_p - 1) // 4, _p)


def _ed_add(a, b):
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % _p, (a[1] + a[0]) * (b[1] + b[0]) % _p
    C, D = 2 * a[3] * b[3] * _d % _p, 2 * a[2] * b[2] % _p
    E, F, H, I = B - A, D - C, B + A, D + C
    return E * F % _p, I * H % _p, F * I % _p, E * H % _p


def _ed_mul(k, a):
    acc = (0, 1, 1, 0)
    while k:
        if k & 1:
            acc = _ed_add(acc, a)
        a = _ed_add(a, a)
        k >>= 1
    return acc


def _ed_same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % _p == 0 and (a[1] * b[2] - b[1] * a[2]) % _p == 0


def _ed_read(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _p:
        return None
    x2 = (y * y - 1) * pow(_d * y * y + 1, -1, _p) % _p
    x = pow(x2, (_p + 3) // 8, _p)
    if (x * x - x2) % _p:
        x = x * _i % _p
    if (x * x - x2) % _p or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _p - x
    return x, y, 1, x * y % _p


_B = _ed_read((4 * pow(5, -1, _p) % _p).to_bytes(32, "little"))


def ed25519_key_ok(key):
    """A point of the curve, and not one of small order."""
    a = _ed_read(key) if len(key) == 32 else None
    return a is not None and not _ed_same(_ed_mul(8, a), (0, 1, 1, 0))


def ed25519_verify(key, message, sig):
    a = _ed_read(key)
    r = _ed_read(sig[:32]) if len(sig) == 64 else None
    s = int.from_bytes(sig[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % _L
    return _ed_same(_ed_mul(s, _B), _ed_add(r, _ed_mul(h, a)))


# ---- RSA -------------------------------------------------------------------------

RSA_E = 65537


def pss_encoded(message):
    """EMSA-PSS-ENCODE of RFC 8017 for a 3072-bit modulus: SHA-384, MGF1, no salt. A number."""
    def mgf1(seed, n):
        return b"".join(hashlib.sha384(seed + i.to_bytes(4, "big")).digest() for i in range(n // 48 + 1))[:n]
    h = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest()).digest()
    db = bytes(384 - 48 - 2) + b"\1"
    masked = bytes(a ^ b for a, b in zip(db, mgf1(h, len(db))))
    return int.from_bytes(bytes([masked[0] & 0x7F]) + masked[1:] + h + b"\xbc", "big")


def rsa_verify(modulus, message, sig):
    s = int.from_bytes(sig, "big")
    return len(sig) == 384 and s < modulus and pow(s, RSA_E, modulus) == pss_encoded(message)
