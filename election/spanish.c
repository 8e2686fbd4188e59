#include "election/spanish.h"

#include <stddef.h>
#include <string.h>

struct pair {
	const char *word, *spanish;
};

static const struct pair kinds[] = {{"suspend", "suspensi\xc3\xb3n"}, {"resume", "reanudaci\xc3\xb3n"}, {"extend", "pr\xc3\xb3rroga"},
    {"cancel", "cancelaci\xc3\xb3n"}, {"exclude", "exclusi\xc3\xb3n de la lista nominal"}, {"include", "inclusi\xc3\xb3n en la lista nominal"},
    {"replace-credential", "reposici\xc3\xb3n de credencial"}, {"replace-notary", "sustituci\xc3\xb3n del tercero con fe p\xc3\xba" "blica"},
    {"replace-witness", "sustituci\xc3\xb3n de testigo"}, {"mixer-waiver", "dispensa de mezclador"}, {"heartbeat", "se\xc3\xb1" "al de vida"},
    {"phase", "fase"}, {"key", "llave"}, {"opening", "apertura"}, {"authorizers", "autorizadores en turno"}, {"close", "cierre"},
    {"list", "lista de autorizaciones"}, {"comparison", "comparaci\xc3\xb3n"}, {"mix", "mezcla"}, {"mixer-failed", "falla de mezclador"},
    {"station", "estaci\xc3\xb3n de custodio"}, {"factors", "factores de descifrado"}, {"count", "c\xc3\xb3mputo"}, {"seal", "sello"},
    {"incident", "incidente"}};

static const struct pair facts[] = {{"acuerdo", "acuerdo"}, {"motive", "motivo"}, {"proposer", "a propuesta de"}, {"closes", "nueva hora de cierre"},
    {"index", "\xc3\xadndice en la lista nominal"}, {"from", "vigente desde"}, {"person", "persona"}, {"old", "en lugar de"}, {"mixer", "mezclador"},
    {"jump", "salto del reloj en segundos"}, {"late", "segundos desde la se\xc3\xb1" "al anterior"}, {"registry", "registro"}, {"cause", "causa"},
    {"key", "llave"}, {"style", "tipo de boleta"}, {"row", "compromiso del rengl\xc3\xb3n"}, {"url", "direcci\xc3\xb3n"}, {"size", "votos en la urna"},
    {"root", "ra\xc3\xadz de la urna"}, {"sha256", "SHA-256"}, {"list", "lista de huellas"}, {"machine", "equipo"}, {"votes", "huella de votes.csv"},
    {"trustee", "custodio"}, {"number", "n\xc3\xbamero"}, {"position", "posici\xc3\xb3n"}, {"outputs", "resultados"}, {"lists", "listas mezcladas"},
    {"waiver", "dispensa"}, {"authorizer", "autorizador"}, {"transcript", "huella de la ceremonia"}, {"act", "huella del acta"}, {"what", "qu\xc3\xa9"}};

static const struct {
	const char *name, *value, *spanish;
} values[] = {{"registry", "incomplete", "incompleto"}, {"cause", "clock", "reloj"}};

static const char *
find(const struct pair *table, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].word, word) == 0)
			return table[i].spanish;
	return word;
}

const char *
spanish_kind(const char *kind)
{
	return find(kinds, sizeof kinds / sizeof *kinds, kind);
}

const char *
spanish_fact(const char *name)
{
	return find(facts, sizeof facts / sizeof *facts, name);
}

const char *
spanish_value(const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (strcmp(values[i].name, name) == 0 && strcmp(values[i].value, value) == 0)
			return values[i].spanish;
	return value;
}
