#!/usr/bin/env python3
"""shown.py DOCUMENT TEXT - TEXT, what `urna sign` showed, says every fact of DOCUMENT, and no member by its own name."""
import json
import sys

names, values = set(), []


def walk(v, name=""):
    for k, x in v.items() if isinstance(v, dict) else ((name, y) for y in v):
        names.add(k)
        if isinstance(x, (dict, list)):
            walk(x, k)
        else:
            values.append((k, str(x) if not isinstance(x, bool) else "sí" if x else "no"))


with open(sys.argv[1], encoding="utf-8") as f:
    walk(json.load(f))
with open(sys.argv[2], encoding="utf-8") as f:
    text = f.read()
raw = sorted(n for n in names if any(line.strip().startswith(n + ":") for line in text.split("\n")))
lost = [v for k, v in values if v not in text and k not in ("urna", "kind")]
print("  every one of %d facts is shown" % len(values) if not raw and not lost else "MISSED: labels %s, values %s" % (raw, lost))
sys.exit(bool(raw or lost))
