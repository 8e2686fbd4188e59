"""The acts: deterministic JSON and Spanish text, byte for byte (spec/tally.md, Acts)."""
from formats import json_write
from group import hash_hex, need

SMALL = """CERO UNO DOS TRES CUATRO CINCO SEIS SIETE OCHO NUEVE DIEZ ONCE DOCE TRECE CATORCE QUINCE DIECISÉIS DIECISIETE
DIECIOCHO DIECINUEVE VEINTE VEINTIUNO VEINTIDÓS VEINTITRÉS VEINTICUATRO VEINTICINCO VEINTISÉIS VEINTISIETE VEINTIOCHO
VEINTINUEVE""".split()
TENS = "- - - TREINTA CUARENTA CINCUENTA SESENTA SETENTA OCHENTA NOVENTA".split()
HUNDREDS = """- CIENTO DOSCIENTOS TRESCIENTOS CUATROCIENTOS QUINIENTOS SEISCIENTOS SETECIENTOS OCHOCIENTOS
NOVECIENTOS""".split()


def below_thousand(n, short):
    """short: before MIL and MILLONES, UNO loses its O."""
    if n == 100:
        return "CIEN"
    words, rest = [HUNDREDS[n // 100]] if n >= 100 else [], n % 100
    unit = SMALL[rest] if rest < 30 else SMALL[rest % 10]
    if short and rest % 10 == 1 and rest != 11:
        unit = "VEINTIÚN" if rest == 21 else "UN"
    if rest >= 30:
        words.append(TENS[rest // 10] + (" Y " + unit if rest % 10 else ""))
    elif rest:
        words.append(unit)
    return " ".join(words)


def words(n):
    millions, thousands, units = n // 10**6, n // 1000 % 1000, n % 1000
    out = []
    if millions:
        out.append("UN MILLÓN" if millions == 1 else below_thousand(millions, True) + " MILLONES")
    if thousands:
        out.append("MIL" if thousands == 1 else below_thousand(thousands, True) + " MIL")
    if units:
        out.append(below_thousand(units, False))
    return " ".join(out) or "CERO"


def left(text, width):
    """Padded to a number of letters (code points)."""
    return text + " " * (width - len(text))


class Act:
    def __init__(self, r, act, title, election=True):
        self.json = {"urna": "act", "version": 1, "act": act, "kind": r.call["kind"], "process": r.call["process"],
                     "call": r.C.hex()}
        self.text = "*** SIMULACRO: SIN EFECTOS ***\n" if r.call["kind"] == "simulacro" else ""
        self.text += "%s\n%s\n\n" % (title, r.call["process"])
        if election:
            self.fact("election", "Elección (SHA-256 de opening.json)", r.E.hex())

    def fact(self, name, label, value):
        self.json[name] = value
        self.text += "%s: %s\n" % (label, value if isinstance(value, str) else "%d (%s)" % (value, words(value)))


def compare(r, name, act):
    for kind, want in (("json", json_write(act.json)), ("txt", act.text.encode())):
        need(r.get("acts/%s.%s" % (name, kind)) == want, "acts/%s.%s is not what the record gives" % (name, kind))


def key(r):
    a = Act(r, "key", "ACTA DE CREACIÓN DE LA LLAVE DE LA ELECCIÓN Y DE LA LLAVE DE APERTURA DE VOTOS", False)
    a.fact("joint_key", "Llave de la elección", r.transcript["joint_key"])
    a.fact("transcript", "Huella de la ceremonia (SHA-256 de key/transcript.json)", r.transcript_hash)
    a.fact("trustees", "Custodios", len(r.trustees))
    a.fact("threshold", "Custodios necesarios para abrir los votos", r.t)
    a.text += "\nTARJETAS\n"
    a.json["cards"] = []
    custody = {c["serial"]: c for c in r.cards}
    need(len(custody) == len(r.cards) == len(r.transcript["cards"]), "cards of the ceremony and of key/cards.json")
    for c in r.transcript["cards"]:
        need(c["serial"] in custody, "a card without custodian")
        k = custody[c["serial"]]
        together = [o for o in r.transcript["cards"] if o["set"] == c["set"] and o["serial"] in custody
                    and custody[o["serial"]]["custodian"] == k["custodian"]]
        need(len(together) < r.t, "a custodian with the cards of a set that open the votes")
        a.json["cards"].append({"serial": c["serial"], "trustee": c["trustee"], "set": c["set"],
                                **{n: k[n] for n in ("custodian", "acuerdo", "designated", "envelope")}})
        a.text += "  serie %s, parte %d, juego %d; en custodia de %s, por acuerdo %s de %s; sobre %s\n" % (
            c["serial"], c["trustee"], c["set"], k["custodian"], k["acuerdo"], k["designated"], k["envelope"])
    return a


def opening(r, o):
    a = Act(r, "opening", "ACTA DE APERTURA DEL SISTEMA DE VOTO ELECTRÓNICO POR INTERNET")
    a.fact("opens", "Apertura", r.manifest["opens"])
    a.fact("closes", "Cierre", r.manifest["closes"])
    for name, label in (("transcript", "Ceremonia de la llave"), ("manifest", "Manual de configuración"),
                        ("roll", "Lista nominal"), ("dictamen", "Dictamen"),
                        ("zero_report", "Reporte inicial (en ceros)")):
        a.fact(name, label, o[name])
    return a


def first(r, kind):
    return next((i for i, e in enumerate(r.events) if e.kind == kind), len(r.events))


KINDS = {"suspend": "suspensión", "resume": "reanudación", "extend": "prórroga", "cancel": "cancelación",
         "exclude": "exclusión de la lista nominal", "include": "inclusión en la lista nominal",
         "replace-credential": "reposición de credencial", "replace-notary": "sustitución del tercero con fe pública",
         "replace-witness": "sustitución de testigo", "mixer-waiver": "dispensa de mezclador", "heartbeat": "señal de vida"}
FACTS = {"closes": "nueva hora de cierre", "index": "índice en la lista nominal", "from": "vigente desde", "person": "persona",
         "old": "en lugar de", "mixer": "mezclador", "jump": "salto del reloj en segundos", "motive": "motivo",
         "late": "segundos desde la señal anterior", "registry": "registro"}


def further(a, v, names):
    more = {n: v.facts[n] for n in names if v.facts.get(n)}
    for n, value in more.items():
        a.text += "; %s: %s" % (FACTS[n], "incompleto" if (n, value) == ("registry", "incomplete") else value)
    a.text += "\n"
    return more


def amendments(a, events, heading):
    a.json["amendments"] = []
    for v in events:
        if not v.amends():
            continue
        if not a.json["amendments"]:
            a.text += "\n%s\n" % heading
        f = {n: v.facts.get(n, "") for n in ("acuerdo", "motive", "proposer")}
        a.text += "  %s %s" % (v.when, KINDS[v.kind])
        for what, value in zip(("; acuerdo ", "; motivo: ", "; a propuesta de "), f.values()):
            a.text += what + value if value else ""
        a.json["amendments"].append({"kind": v.kind, "time": v.when, **f, **further(
            a, v, ("closes", "index", "from", "person", "old", "mixer"))})


def since_last_act(r, a, begin, end):
    amendments(a, r.events[first(r, begin):first(r, end) if end else None], "MODIFICACIONES DESDE EL ACTA ANTERIOR")


def interruptions(a, events):
    a.json["interruptions"] = []
    for v in events:
        clock = v.kind in ("suspend", "resume") and v.facts.get("cause") == "clock"
        if not clock and not (v.kind == "heartbeat" and (v.facts.get("late") or v.facts.get("registry"))):
            continue
        if not a.json["interruptions"]:
            a.text += "\nINTERRUPCIONES DEL SERVICIO\n"
        a.text += "  %s %s" % (v.when, KINDS[v.kind])
        a.json["interruptions"].append({"kind": v.kind, "time": v.when, **further(a, v, ("jump", "motive", "late", "registry"))})


def place(r, entity, district):
    return r.entities[entity] + (", distrito " + district if district else "")


def closing(r, e):
    a = Act(r, "closing", "ACTA DE CIERRE DEL SISTEMA DE VOTO ELECTRÓNICO POR INTERNET")
    a.fact("closed", "Cierre", e.when)
    a.fact("ballots", "Votos cifrados en la urna", int(e.facts["size"]))
    a.fact("root", "Raíz de la urna", e.facts["root"])
    for n, label in (("sha256", "SHA-256"), ("sha512", "SHA-512"), ("sha3-256", "SHA3-256")):
        a.fact(n, label + " de la base de votos cifrados", e.facts[n])
    a.text += "\nPOR TIPO DE BOLETA: lista nominal, autorizaciones, confirmaciones, votos\n"
    a.json["styles"] = r.sums  # with the authorizations of the authority's list alone
    for s in r.sums:
        a.text += "  %3d %s %8d %8d %8d %8d\n" % (s["style"], left(place(r, s["entity"], s.get("district")), 34), s["roll"],
                                                  s["authorizations"], s["confirmations"], s["ballots"])
        if 0 < s["ballots"] < r.manifest["small_group"]:
            a.text += "      aviso: grupo pequeño; su resultado puede revelar votos\n"
    before = r.events[:first(r, "close")]
    amendments(a, before, "MODIFICACIONES DURANTE LA ELECCIÓN")
    interruptions(a, before)
    if r.quorum == 1:
        a.text += ("\nUna sola autoridad autoriza: por sí sola pudo emitir votos de quienes se autorizaron y no "
                   "votaron.\n")
    return a


def start(r, e):
    a = Act(r, "start-of-decryption", "ACTA DE INICIO DEL DESCIFRADO Y CÓMPUTO (comparación del artículo 36)")
    a.fact("closing_sha256", "SHA-256 de la base al cierre", e.facts["sha256"])
    a.fact("file_sha256", "SHA-256 de la base presentada", r.votes_sha256)
    a.fact("closing_root", "Raíz al cierre", e.facts["root"])
    a.fact("recomputed_root", "Raíz recalculada", r.root.hex())
    a.fact("ballots", "Votos cifrados", len(r.raw_ballots))
    a.text += "Resultado: COINCIDEN\n\nLISTAS DE AUTORIZACIONES (SHA-256)\n"
    a.json["lists"] = [{"authorizer": p.name, "sha256": r.list_hashes.get(n, "")}
                       for n, p in enumerate(r.authorizers, 1)]
    for x in a.json["lists"]:
        a.text += "  %s %s\n" % (left(x["authorizer"], 24), x["sha256"] or "AUSENTE")
    since_last_act(r, a, "close", "comparison")
    return a


def combination(contest, line):
    """The parties of a line, if it is an emblem alone or a combination of a coalition."""
    ids = [p["id"] for p in contest["parties"]]
    shared = {p for m in contest["common"] for p in m["parties"]}
    if line in ids and line not in shared:
        return [line]
    for co in contest["coalitions"]:
        parts = line.split("_")
        if len(parts) > 1 and set(parts) <= set(co["parties"]):
            return parts
    return []


def candidate(contest, line):
    for m in contest["common"] + [{"id": i["id"], "candidate": i["name"]} for i in contest["independents"]]:
        if line == m["id"]:
            return m["candidate"]
    parties = combination(contest, line)
    for co in contest["coalitions"]:
        if parties and set(parties) <= set(co["parties"]):
            return co["candidate"]
    return next((p.get("candidate", "") for p in contest["parties"] if [p["id"]] == parties), "")


def split(contest, votes):
    order = [p["id"] for p in contest["parties"]]
    own = {p: votes.get(p, 0) if combination(contest, p) else 0 for p in order}
    given = dict(own)
    for line, n in votes.items():
        parties = combination(contest, line)
        if len(parties) < 2:
            continue
        for p in parties:
            given[p] += n // len(parties)
        for p in sorted(parties, key=lambda p: (-own[p], order.index(p)))[:n % len(parties)]:
            given[p] += 1
    return given


def count(r, contest, group, counted, invalid, shares):
    a = Act(r, "count", "ACTA DE CÓMPUTO DEL VOTO ELECTRÓNICO POR INTERNET")
    a.fact("contest", "Elección de", contest["id"])
    a.fact("name", "Nombre", contest["name"])
    a.fact("type", "Tipo", contest["type"])
    a.fact("ambito", "Ámbito", contest["ambito"])
    if group:
        a.fact("entity", "Entidad", r.entities[group.entity])
    if group and group.district:
        a.fact("district", "Distrito", group.district)
    votes = dict(zip(contest["lines"], counted))
    a.text += "\n%s %12s  CON LETRA\n" % (left("LÍNEA", 39), "CON NÚMERO")
    a.json["lines"] = [{"line": i, "votes": n, "words": words(n)} for i, n in votes.items()]
    a.json["total"], a.json["invalid_plaintexts"] = sum(counted), invalid
    for line, n in list(votes.items()) + [("TOTAL", sum(counted))]:
        a.text += "%s %12d  %s\n" % (left(line, 39), n, words(n))
    if invalid:
        a.text += "De los nulos, %d no eran marca alguna de la boleta.\n" % invalid
    if not contest.get("parties"):
        return a
    a.text += ("\nPOR PARTIDO, repartidas las combinaciones (LGIPE 311.1 c; empates por orden de registro); "
               "informativo\n")
    a.json["split"] = [{"party": p, "votes": n} for p, n in shares.items()]
    for s in a.json["split"]:
        a.text += "  %s %12d\n" % (left(s["party"], 20), s["votes"])
    a.text += "\nPOR CANDIDATURA; informativo\n"
    a.json["candidates"] = []
    sums = {}
    for line, n in votes.items():
        if candidate(contest, line):
            sums[candidate(contest, line)] = sums.get(candidate(contest, line), 0) + n
    for who, n in sums.items():
        a.json["candidates"].append({"candidate": who, "votes": n})
        a.text += "  %s %12d\n" % (left(who, 40), n)
    return a


def counts(r):
    """(name, act) of every act of count."""
    shares = {g.number: split(g.contest, dict(zip(g.contest["lines"], r.results[g.number][0]))) if g.contest.get("parties") else {}
              for g in r.groups}
    for c in r.manifest["contests"]:
        numbers = [g.number for g in r.groups if g.contest is c]
        of = [r.results[n] for n in numbers]
        zero = [[0] * len(c["lines"])]
        yield "count-" + c["id"], count(r, c, None, [sum(v) for v in zip(*(zero + [x for x, _ in of]))],
                                        sum(i for _, i in of),
                                        {p["id"]: sum(shares[n][p["id"]] for n in numbers) for p in c.get("parties", [])})
    for g in r.groups:
        yield "count-" + g.folder, count(r, g.contest, g, *r.results[g.number], shares[g.number])
    a = Act(r, "summary", "RESUMEN DE CÓMPUTOS, por ámbito, tipo y entidad")
    a.json["groups"] = []
    for ambito in ("federal", "local"):
        for g in r.groups:
            if g.contest["ambito"] != ambito:
                continue
            votes = r.results[g.number][0]
            where = {"entity": g.entity, **({"district": g.district} if g.district else {})}
            a.json["groups"].append({"ambito": ambito, "type": g.contest["type"], "contest": g.contest["id"], **where,
                                     "total": sum(votes), "votes": votes})
            a.text += "%s %s %s %10d\n" % (left(ambito, 8), left(g.contest["type"], 14),
                                           left(place(r, g.entity, g.district), 34), sum(votes))
    since_last_act(r, a, "comparison", "count")
    yield "count-summary", a


def handover(r):
    a = Act(r, "handover", "ACTA DE ENTREGA DE TARJETAS, INFORMACIÓN Y DOCUMENTO DE HUELLAS")
    a.fact("machine", "Equipo en que se calcularon las huellas", r.events[-1].facts["machine"])
    for n in ("hashes.sha256", "hashes.sha512", "hashes.sha3-256"):
        a.fact(n, "SHA-256 de " + n, hash_hex(r.get(n)))
    a.text += "\nTARJETAS QUE SE ENTREGAN\n"
    a.json["cards"] = [c["serial"] for c in r.transcript["cards"]]
    for c in r.transcript["cards"]:
        a.text += "  serie %s, parte %d, juego %d\n" % (c["serial"], c["trustee"], c["set"])
    since_last_act(r, a, "count", None)
    return a
