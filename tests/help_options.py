#!/usr/bin/env python3
"""help_options.py - each option that a program reads stands in the help of a command whose source reads it, and each option of a
help is read somewhere; tests/check_help."""
import glob
import re
import subprocess
import sys

bad = 0
READ, SHOWN = re.compile(r'"(--[a-z][a-z-]*)"'), re.compile(r"--[a-z][a-z-]*")


def read(*files):
    return {x for f in files for x in READ.findall(open(f, encoding="utf-8").read())} - {"--help", "--version"}


def shown(*words):
    text = subprocess.run(["build/bin/" + words[0], *words[1:], "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8").stdout
    if words[0] == "urna":
        text = re.sub(r"urna-verify\s+record --until", "", text)  # another program's
    return set(SHOWN.findall(text)) - {"--help", "--version"}


def told(what, options):
    global bad
    for x in sorted(options):
        print("%s: %s" % (what, x))
        bad = 1


def program(name, folder, commands, own_page):
    """commands: name to function; a source that defines none is shared by all."""
    sources = glob.glob(folder + "/*.c")
    of = {f: [c for c, function in commands.items() if re.search(r"^%s\(" % function, open(f, encoding="utf-8").read(), re.M)] for f in sources}
    top = shown(name)
    page = {c: shown(name, c) if own_page(c) else top for c in commands}
    shared = read(*[f for f in sources if not of[f]], folder + "/main.c")
    for f in sources:
        there = set().union(*(page[c] for c in of[f]), top) if of[f] else set().union(top, *page.values())
        told("%s reads an option that no help of its commands names" % f, read(f) - there)
    for c in commands:
        told("%s %s --help names an option that nothing reads" % (name, c), page[c] - (read(*sources) if page[c] is top else read(*[f for f in sources if c in of[f]]) | shared))
    told("%s --help names an option that nothing reads" % name, top - read(*sources))
    return sum(len(p) for p in page.values()) + len(top)


urna = dict(re.findall(r'^    {"([a-z]+)", (cmd_[a-z]+),', open("tally/main.c", encoding="utf-8").read(), re.M))
n = program("urna", "tally", urna, lambda c: True)
n += program("urna-verify", "verifier", {c: "cmd_" + c for c in ("record", "receipt", "challenge", "show", "watch", "compare", "log")},
             lambda c: c in ("watch", "compare", "log"))
n += program("urnad", "api", {}, None) + program("urna-witness", "witness", {}, None)
print("%d options in the helps" % n)
sys.exit(bad or n < 100)
