#!/usr/bin/env python3
"""Write an election's inputs: prepare.py FOLDER step ... ; the steps follow tests/demo.

call   FOLDER NAME=VKEY ...        call.json from the keys
draft  FOLDER RECORD OPENS CLOSES   contests.json and voters.csv (made by an example) -> draft.json, by urna manifest draft
"""
import json
import os
import sys
from datetime import datetime, timezone


def iso(t):
    return datetime.fromtimestamp(int(t), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def call(folder, account, box, keys):
    k = dict(x.split("=", 1) for x in keys)

    def party(name, person):
        key, _, url = k[name].partition("|")
        return dict({"person": person, "key": key}, **({"url": url} if url else {}))

    def own_mixer(name):  # one body keeps a part of the key and mixes
        return {"mixer": "mezclador-2"} if name == "custodio-2" and "mezclador-2" in k else {}

    trustees = sorted((n for n in k if n.startswith("custodio-")), key=lambda n: int(n.split("-")[1]))
    witnesses = sorted(n for n in k if n.startswith("testigo-"))
    others = sorted(n for n in k if n.startswith("partido-"))
    mixers = sorted(n for n in k if n.startswith("mezclador-"))
    text = {
        "urna": "call", "version": 1, "kind": "simulacro", "process": "Proceso Electoral Federal 2023-2024 (ejemplo)",
        "ambito": "federal", "fundamento": "Ejemplo con datos públicos; sin efectos",
        "acuerdos": [{"id": "INE/CG000/2026", "date": "2026-01-31", "subject": "Convocatoria del ejemplo"}],
        "origins": {"account": account, "box": box}, "ebitlenro": 128, "maximum_voters": 1000000, "replaceable_percent": 2,
        "roll_destroyed_on": "2027-12-31", "cards": {"tries_in_hardware": False},
        "trustees": {"threshold": 3, "list": [dict(party(n, "Custodia " + n), **own_mixer(n)) for n in trustees]},
        "logs": {"ballots": k["urna.example/ballots"], "events": k["urna.example/events"]},
        "authorizers": {"quorum": (len(others) + 1) // 2 + 1, "list": [party("autoridad", "Autoridad electoral")] + [party(n, "Partido " + n) for n in others]},
        "registrar": party("registro", "Registro de electores"), "notary": party("notaria", "Notaría"),
        "operator": party("operador", "Operación"), "auditor": party("auditoria", "Auditoría"),
        "replacement_signer": party("reposicion", "Reposición"),
        "mixers": {"minimum": 2, "required": mixers[2:3], "list": [party(n, n) for n in mixers]},
        "witnesses": {"quorum": len(witnesses) * 2 // 3, "list": [party(n, "Partido " + n) for n in witnesses]},
        "amend": [{"kind": "extend", "keys": ["operador", "notaria"], "quorum": 2},
                  {"kind": "suspend", "keys": ["operador", "notaria"], "quorum": 1},
                  {"kind": "resume", "keys": ["operador", "notaria"], "quorum": 1},
                  {"kind": "cancel", "keys": ["operador", "notaria", "auditoria"], "quorum": 3},
                  {"kind": "exclude", "keys": ["registro", "notaria"], "quorum": 2},
                  {"kind": "include", "keys": ["registro", "notaria"], "quorum": 2},
                  {"kind": "replace-notary", "keys": ["operador", "auditoria"], "quorum": 2},
                  {"kind": "replace-witness", "keys": ["operador", "notaria"], "quorum": 2},
                  {"kind": "mixer-waiver", "keys": ["operador", "auditoria"], "quorum": 2}],
    }
    with open(folder + "/call.json", "w", encoding="utf-8") as f:
        json.dump(text, f, ensure_ascii=False, indent=1)


def draft(folder, record, opens, closes):
    import subprocess
    with open(folder + "/contests.json", encoding="utf-8") as f:
        example = json.load(f)
    given = dict(example, grace_seconds=2, public_head={"seconds": 2, "ballots": 20, "at_most_seconds": 10}, heartbeat_seconds=5, replacement_delay_seconds=1,
                 codes={"digits": 6, "seconds": 300, "attempts": 3, "lock_seconds": 60})
    with open(folder + "/given.json", "w", encoding="utf-8") as f:
        json.dump(given, f, ensure_ascii=False, indent=1)
    if os.path.exists(folder + "/draft.json"):
        os.remove(folder + "/draft.json")
    subprocess.check_output(["build/bin/urna", "manifest", "draft", "--record", record, "--from", folder + "/given.json", "--csv", folder + "/voters.csv",
                             "--opens", iso(opens), "--closes", iso(closes), "--out", folder + "/draft.json"])


def cards(folder, transcript):
    with open(transcript, encoding="utf-8") as f:
        t = json.load(f)
    text = {"urna": "cards", "version": 1, "cards": [
        {"serial": c["serial"], "custodian": "Custodia %d" % c["trustee"], "acuerdo": "INE/CG000/2026", "designated": "2026-01-31",
         "envelope": "S-%d-%d" % (c["set"], c["trustee"])} for c in t["cards"]]}
    with open(folder + "/cards.json", "w", encoding="utf-8") as f:
        json.dump(text, f, ensure_ascii=False, indent=1)


def presidential(folder, voters, entities):
    """The 2024 presidential contest: contests.json, voters.csv, choices.json."""
    import subprocess
    here = os.path.dirname(os.path.abspath(__file__))
    drawn = json.loads(subprocess.check_output([sys.executable, here + "/draw.py", voters, entities]))
    with open(here + "/mexico-2024.json", encoding="utf-8") as f:
        data = json.load(f)
    alone = {a["party"]: a["candidate"] for a in data["alone"]}
    parties = [dict(id=p["id"], name=p["name"], **({"candidate": alone[p["id"]]} if p["id"] in alone else {})) for p in data["parties"]]
    contest = {"id": "pre", "type": "presidencia", "ambito": "federal", "name": data["contest"]["name"], "acuerdo": "INE/CG000/2026",
               "parties": parties, "coalitions": data["coalitions"], "common": [], "independents": [], "unregistered": True}
    names = drawn["entities"]
    example = {"entities": [{"id": e["code"], "name": e["name"]} for e in names], "contests": [contest]}  # styles: by where voters are
    write(folder, example, [(e, "pre=" + line, "") for e, line in drawn["voters"]])
    print(drawn["assumed"])
    with open(folder + "/expected.json", "w", encoding="utf-8") as f:
        json.dump({"count-pre": drawn["lines"]}, f)


def write(folder, example, voters):
    with open(folder + "/contests.json", "w", encoding="utf-8") as f:
        json.dump(example, f, ensure_ascii=False, indent=1)
    with open(folder + "/voters.csv", "w", encoding="utf-8") as f:
        f.write("user,name,entity,district,modality,email,phone\n")
        for i, (entity, _, _) in enumerate(voters):
            f.write("persona%06d,Persona %d,%s,,internet,p%d@correo.example,+52 55 %08d\n" % (i, i, entity, i, i))
    with open(folder + "/choices.json", "w", encoding="utf-8") as f:
        json.dump({"persona%06d" % i: (choose, odd) for i, (_, choose, odd) in enumerate(voters)}, f)


def local(folder):
    """Several contests and three ballot styles: every rule of the count at least once."""
    p = [{"id": x, "name": "Partido " + x} for x in ("A", "B", "C", "D", "E")]
    pre = {"id": "pre", "type": "presidencia", "ambito": "federal", "name": "Presidencia", "acuerdo": "INE/CG000/2026", "parties": p,
           "coalitions": [{"name": "Cuatro", "parties": ["A", "B", "C", "D"], "candidate": "Candidata Cuatro"}], "common": [],
           "independents": [{"id": "IND1", "name": "Independiente Una"}], "unregistered": True}
    sen = {"id": "sen", "type": "senadurias", "ambito": "federal", "name": "Senadurías", "acuerdo": "INE/CG000/2026", "parties": p[:3],
           "coalitions": [{"name": "Dos", "parties": ["A", "B"], "candidate": "Fórmula Dos"}], "common": [], "independents": [], "unregistered": True}
    gob = {"id": "gob", "type": "gubernatura", "ambito": "local", "entity": "14", "name": "Gubernatura de Jalisco", "acuerdo": "IEPC/CG00/2026",
           "parties": p[:4], "coalitions": [], "common": [{"id": "BC", "name": "Candidatura común", "parties": ["B", "C"], "candidate": "Común BC"}],
           "independents": [{"id": "IND2", "name": "Independiente Dos"}], "unregistered": True}
    con = {"id": "con", "type": "consulta", "ambito": "federal", "name": "Consulta popular", "acuerdo": "INE/CG001/2026"}
    dip = {"id": "dip", "type": "diputaciones", "ambito": "local", "entity": "21", "name": "Diputaciones de Puebla: todos los votos nulos", "acuerdo": "IEE/CG01/2026",
           "parties": p[:2], "coalitions": [], "common": [], "independents": [], "unregistered": False}
    ayu = {"id": "ayu", "type": "ayuntamientos", "ambito": "local", "entity": "32", "name": "Ayuntamientos de Zacatecas: nadie vota", "acuerdo": "IEEZ/01/2026",
           "parties": p[:2], "coalitions": [], "common": [], "independents": [], "unregistered": False}
    names = {"09": "Ciudad de México", "14": "Jalisco", "21": "Puebla", "32": "Zacatecas"}
    example = {"entities": [{"id": k, "name": v} for k, v in names.items()], "contests": [pre, sen, gob, con, dip, ayu],
               "styles": [{"entity": "09", "contests": ["pre", "sen", "con"]}, {"entity": "14", "contests": ["pre", "sen", "gob", "con"]},
                          {"entity": "21", "contests": ["pre", "dip"]}, {"entity": "32", "contests": ["pre", "con", "ayu"]}]}
    voters = [("09", "pre=A_B_C_D,sen=A_B,con=SI", ""), ("09", "pre=A_B_C,sen=C,con=NO", ""), ("09", "pre=IND1,sen=VOTOS_NULOS,con=NULO", ""),
              ("14", "pre=A_B,sen=A,gob=BC,con=SI", ""), ("14", "pre=CANDIDATO_NO_REGISTRADO,sen=A_B,gob=IND2,con=SI", ""),
              ("14", "pre=VOTOS_NULOS,sen=B,gob=A,con=NO", ""), ("14", "pre=E,sen=B,gob=D,con=NO", "outside"),
              ("14", "pre=E,sen=B,gob=D,con=NO", "infinity"), ("21", "pre=D,dip=VOTOS_NULOS", "")]
    # Zacatecas: on the roll, and nobody votes; persona000010 loses her password, and votes with another
    write(folder, example, voters + [("32", "", ""), ("21", "", "")])
    if os.environ.get("DURING"):  # those votes, and one of a voter whom a court includes
        voters += [("21", "pre=A,dip=VOTOS_NULOS", ""), ("09", "pre=E,sen=B,con=NO", "")]
    expected = {}
    tables = {"pre": "A B C D E A_B_C_D A_B_C A_B_D A_C_D B_C_D A_B A_C A_D B_C B_D C_D IND1 CANDIDATO_NO_REGISTRADO VOTOS_NULOS".split(),
              "sen": "A B C A_B CANDIDATO_NO_REGISTRADO VOTOS_NULOS".split(), "gob": "A D BC IND2 CANDIDATO_NO_REGISTRADO VOTOS_NULOS".split(),
              "con": "SI NO NULO".split(), "dip": "A B VOTOS_NULOS".split(), "ayu": "A B VOTOS_NULOS".split()}
    for contest, table in tables.items():
        votes = dict.fromkeys(table, 0)
        for _, choose, odd in voters:
            for part in choose.split(","):
                if part.startswith(contest + "="):
                    votes[table[-1] if odd else part.split("=")[1]] += 1
        expected["count-" + contest] = votes
    with open(folder + "/expected.json", "w", encoding="utf-8") as f:
        json.dump(expected, f)
    print("six contests, four styles, a coalition of four, a common candidacy, independents; one entity in which nobody votes")


def ballots(folder, outbox):
    """Pair the delivered messages with the choices: list.txt for urna vote many."""
    import glob
    with open(folder + "/choices.json", encoding="utf-8") as f:
        choices = json.load(f)
    with open(folder + "/list.txt", "w", encoding="utf-8") as out:
        for path in sorted(glob.glob(outbox + "/*.json")):
            with open(path, encoding="utf-8") as f:
                choose, odd = choices[json.load(f)["user"]]
            if choose:
                out.write("%s %s %s\n" % (path, choose, odd))


def compare(folder, record):
    """The acts' lines against the votes drawn."""
    with open(folder + "/expected.json", encoding="utf-8") as f:
        expected = json.load(f)
    bad = 0
    for act, want in expected.items():
        with open("%s/acts/%s.json" % (record, act), encoding="utf-8") as f:
            got = {x["line"]: x["votes"] for x in json.load(f)["lines"]}
        if got != want:
            bad = 1
            print("act %s: drawn %s, counted %s" % (act, want, got))
    if not bad:
        print("every line of the acts equals the votes drawn")
    sys.exit(bad)


if __name__ == "__main__":
    step, rest = sys.argv[1], sys.argv[2:]
    if step == "call":
        call(rest[0], rest[1], rest[2], rest[3:])
    else:
        {"draft": draft, "cards": cards, "presidential": presidential, "local": local, "ballots": ballots, "compare": compare}[step](*rest)
