#!/usr/bin/env python3
"""combine.py K T L... - the coefficients c_l of mixnet.md for trustees L... (the first T count)."""
import sys
from math import lcm

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
k, t, *trustees = map(int, sys.argv[1:])
pf = lcm(*range(1, k + 1)) ** 2
for l in trustees[:t]:
    c = pf
    for j in trustees[:t]:
        if j != l:
            c = c * j * pow(j - l, -1, N) % N
    print(l, c if c < N // 2 else c - N)
