"""Verificatum's sessions: their generated files, challenges and generators; proofs of shuffle and of decryption."""
import itertools

from formats import bt_list, bt_point, bt_points, bt_read, leaf, node, point_of, points_of, scalar_of
from group import G, N, P, add, msm, need, on_curve, sha256

PGROUP = "ECqPGroup(secp256k1)::" + node(leaf(b"com.verificatum.arithm.ECqPGroup"), leaf(b"secp256k1")).hex()


class Session:
    """A Verificatum session: protInfo.xml, rho, challenges, generators."""

    def __init__(self, election, ebits, auxsid, parties, threshold):
        self.sid, self.auxsid, self.ebits = "E" + election.hex()[:40], auxsid, ebits
        u32 = [leaf(n.to_bytes(4, "big")) for n in (100, 256, self.ebits)]
        self.rho = sha256(node(leaf(b"3.1.0"), leaf(("%s.%s" % (self.sid, auxsid)).encode()), *u32, leaf(b"SHA-256"),
                               leaf(PGROUP.encode()), leaf(b"SHA-256")))
        one = "<party><name>Party%02d</name><srtbyrole>anyrole</srtbyrole><descr></descr><pkey>unused</pkey>" \
              "<http>http://127.0.0.1:%d</http><hint>127.0.0.1:%d</hint></party>"
        self.xml = ("<protocol><version>3.1.0</version><sid>%s</sid><name>%s</name><descr></descr><nopart>%d</nopart>"
                    "<statdist>100</statdist><bullboard>com.verificatum.protocol.com.BullBoardBasicHTTPW</bullboard>"
                    "<thres>%d</thres><pgroup>%s</pgroup><keywidth>1</keywidth><vbitlen>128</vbitlen>"
                    "<vbitlenro>256</vbitlenro><ebitlen>128</ebitlen><ebitlenro>%d</ebitlenro><prg>SHA-256</prg>"
                    "<rohash>SHA-256</rohash><corr>noninteractive</corr><width>1</width><maxciph>0</maxciph>%s</protocol>"
                    % (self.sid, self.sid, parties, threshold, PGROUP, self.ebits, "".join(
                        one % (i, 8040 + i, 4040 + i) for i in range(1, parties + 1)))).encode()

    @staticmethod
    def prg(seed):
        for i in itertools.count():
            yield from sha256(seed + i.to_bytes(4, "big"))

    def ro(self, tree):
        """RO_256, as bytes."""
        return bytes(itertools.islice(self.prg(sha256((256).to_bytes(4, "big") + self.rho + tree)), 32))

    def challenges(self, seed, count):
        stream = self.prg(seed)
        return [int.from_bytes(bytes(itertools.islice(stream, self.ebits // 8)), "big") for _ in range(count)]

    def generators(self, count):
        stream, found = self.prg(self.ro(leaf(b"generators"))), []
        while len(found) < count:
            x = int.from_bytes(bytes(itertools.islice(stream, 45)), "big") % 2**356 % P
            y = pow(x * x * x + 7, (P + 1) // 4, P)
            if on_curve(x, y):
                found.append((x, min(y, P - y)))
        return found


def add2(*terms):
    """Sum of scalar * ciphertext."""
    return tuple(msm(*((k, c[i]) for k, c in terms)) for i in (0, 1))


def shuffle_verify(s, Y, w, out, u, commitment, reply):
    """Terelius and Wikstrom's proof that out is w shuffled."""
    n = len(w)
    h = s.generators(n)
    seed = s.ro(node(bt_point(G), bt_points(h), bt_points(u), node(bt_point(G), bt_point(Y)), bt_list(w), bt_list(out)))
    e = s.challenges(seed, n)
    tree, answer = bt_read(commitment), bt_read(reply)
    need(isinstance(tree, list) and len(tree) == 6 and isinstance(answer, list) and len(answer) == 6, "form of a proof")
    B, B1 = points_of(tree[0], n), points_of(tree[2], n)
    A1, C1, D1 = (point_of(tree[i]) for i in (1, 3, 4))
    need(isinstance(tree[5], list) and len(tree[5]) == 2, "F'")
    F1 = tuple(map(point_of, tree[5]))
    kA, kC, kD, kF = (scalar_of(answer[i], N) for i in (0, 2, 3, 5))
    need(all(isinstance(answer[i], list) and len(answer[i]) == n for i in (1, 4)), "k_B, k_E")
    kB, kE = ([scalar_of(x, N) for x in answer[i]] for i in (1, 4))
    v = int.from_bytes(s.ro(node(leaf(seed), commitment)), "big")
    product = 1
    for x in e:
        product = product * x % N
    A = msm(*zip(e, u))
    C = add(*u, msm(*((-1, p) for p in h)))
    D = msm((1, B[-1]), (-product, h[0]))
    F = add2(*zip(e, w))
    need(msm((v, A), (1, A1)) == msm((kA, G), *zip(kE, h)), "A")
    for i in range(n):
        need(msm((v, B[i]), (1, B1[i])) == msm((kB[i], G), (kE[i], B[i - 1] if i else h[0])), "B")
    need(msm((v, C), (1, C1)) == msm((kC, G)), "C")
    need(msm((v, D), (1, D1)) == msm((kD, G)), "D")
    need(add2((v, F), (1, F1)) == add2(*zip(kE, out), (-kF, (G, Y))), "F")


def decryption_verify(s, key, w, D, commitment, reply):
    tree = bt_read(commitment)
    need(isinstance(tree, list) and len(tree) == 2, "form")
    wG, wA = map(point_of, tree)
    seed = s.ro(node(node(bt_point(G), bt_list(w)), node(node(bt_point(key)), node(bt_points(D)))))
    e = s.challenges(seed, len(w))
    A, B = msm(*zip(e, (c[0] for c in w))), msm(*zip(e, D))
    v = int.from_bytes(s.ro(node(leaf(seed), node(commitment))), "big")
    k = scalar_of(bt_read(reply), N)
    need(msm((-v, key), (1, wG)) == msm((k, G)) and msm((v, B), (1, wA)) == msm((k, A)), "proof")
