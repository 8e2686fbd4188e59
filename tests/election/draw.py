#!/usr/bin/env python3
"""Draw the demo's votes from the published result of the 2024 presidential contest.

draw.py VOTERS ENTITIES   prints JSON: the assumptions, the lines with their votes, and one
[entity, line] a voter. The published totals stand after the split of the coalitions'
combination lines, so the shares of those lines are assumed: 10 % of each coalition's votes,
in equal parts over its combinations. Votes are apportioned by largest remainder.
"""
import json
import os
import sys
from fractions import Fraction
from itertools import combinations

SHARE = Fraction(1, 10)


def lines_before_split(data):
    """Votes of each line of the ballot before the split, as exact fractions."""
    total = {p["id"]: Fraction(data["national_totals_after_split"][p["id"]]) for p in data["parties"]}
    votes = dict(total)
    for coalition in data["coalitions"]:
        members = coalition["parties"]
        combos = [c for size in range(len(members), 1, -1) for c in combinations(members, size)]
        each = SHARE * sum(total[p] for p in members) / len(combos)
        for c in combos:
            votes["_".join(c)] = each
            for p in c:
                votes[p] -= each / len(c)
    for line in ("CANDIDATO_NO_REGISTRADO", "VOTOS_NULOS"):
        votes[line] = Fraction(data["national_totals_after_split"][line])
    assert set(votes) == set(data["lines"]) and all(v >= 0 for v in votes.values())
    return {line: votes[line] for line in data["lines"]}


def largest_remainder(shares, seats):
    """Whole numbers that sum to seats, by the method of largest remainder (ties: earlier line)."""
    whole = sum(shares.values())
    quota = {k: v * seats / whole for k, v in shares.items()}
    got = {k: int(q) for k, q in quota.items()}
    order = sorted(quota, key=lambda k: -(quota[k] - got[k]))
    for k in order[: seats - sum(got.values())]:
        got[k] += 1
    return got


def main():
    voters, entities = int(sys.argv[1]), int(sys.argv[2])
    with open(os.path.join(os.path.dirname(__file__), "mexico-2024.json"), encoding="utf-8") as f:
        data = json.load(f)
    if not (1 <= entities <= len(data["entities"]) and voters >= 1):
        sys.exit("draw.py: at least one voter, and 1 to 32 entities")
    drawn = largest_remainder(lines_before_split(data), voters)
    names = data["entities"][:: max(1, len(data["entities"]) // entities)][:entities]
    ballots = [line for line in data["lines"] for _ in range(drawn[line])]
    print(json.dumps({
        "assumed": "10 % of each coalition's votes on its combination lines in equal parts; entities in equal parts",
        "source": "tests/election/mexico-2024.json (totals published on 9 June 2024, after the split)",
        "lines": drawn,
        "entities": names,
        "voters": [[names[i % len(names)]["code"], line] for i, line in enumerate(ballots)],
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
