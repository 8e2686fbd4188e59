#include "tally/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "election/spanish.h"

static const struct {
	const char *name, *label;
} labels[] = {{"urna", "Documento"}, {"version", "Versi\xc3\xb3n"}, {"kind", "Clase"}, {"process", "Proceso"}, {"ambito", "\xc3\x81mbito"},
    {"fundamento", "Fundamento"}, {"acuerdos", "Acuerdos"}, {"acuerdo", "Acuerdo"}, {"id", "Identificador"}, {"date", "Fecha"}, {"subject", "Asunto"},
    {"origins", "Direcciones"}, {"account", "Cuenta"}, {"box", "Urna"}, {"ebitlenro", "Bits de los retos de la mezcla (ebitlenro)"},
    {"maximum_voters", "N\xc3\xbamero m\xc3\xa1ximo de votantes"}, {"replaceable_percent", "Credenciales que pueden reponerse, en por ciento"},
    {"roll_destroyed_on", "Destrucci\xc3\xb3n de la lista privada"}, {"cards", "Tarjetas"},
    {"tries_in_hardware", "La tarjeta cuenta los intentos de NIP"}, {"trustees", "Custodios"}, {"threshold", "Necesarios para abrir los votos"},
    {"list", "Lista"}, {"person", "Persona"}, {"key", "Llave"}, {"url", "Direcci\xc3\xb3n"}, {"mixer", "Mezclador del mismo cuerpo"},
    {"logs", "Bit\xc3\xa1" "coras"}, {"ballots", "Votos cifrados"}, {"events", "Eventos"}, {"authorizers", "Autorizadores"}, {"quorum", "Qu\xc3\xb3rum"},
    {"registrar", "Registro de electores"}, {"notary", "Tercero con fe p\xc3\xba" "blica"}, {"operator", "Operaci\xc3\xb3n"}, {"auditor", "Auditor\xc3\xad" "a"},
    {"replacement_signer", "Firma de reposiciones"}, {"mixers", "Mezcladores"}, {"minimum", "M\xc3\xadnimo"}, {"required", "Obligatorios"},
    {"witnesses", "Testigos"}, {"amend", "Qui\xc3\xa9n puede modificar"}, {"keys", "Llaves"}, {"_comment", "Comentario"},
    /* manual de configuración */
    {"call", "Convocatoria (SHA-256)"}, {"opens", "Apertura"}, {"closes", "Cierre"}, {"grace_seconds", "Tolerancia al cierre, en segundos"},
    {"public_head", "Cabeza p\xc3\xba" "blica de la urna"}, {"seconds", "Segundos"}, {"at_most_seconds", "A m\xc3\xa1s tardar, en segundos"},
    {"heartbeat_seconds", "Se\xc3\xb1" "al de vida cada tantos segundos"}, {"replacement_delay_seconds", "Espera de una reposici\xc3\xb3n, en segundos"},
    {"codes", "C\xc3\xb3" "digos de un solo uso"}, {"digits", "D\xc3\xadgitos"}, {"attempts", "Intentos"}, {"lock_seconds", "Bloqueo, en segundos"},
    {"small_group", "Aviso de grupo peque\xc3\xb1o, por debajo de"}, {"entities", "Entidades"}, {"entity", "Entidad"}, {"district", "Distrito"},
    {"name", "Nombre"}, {"contests", "Elecciones"}, {"styles", "Tipos de boleta"}, {"type", "Tipo"}, {"parties", "Partidos"},
    {"candidate", "Candidatura"}, {"coalitions", "Coaliciones"}, {"common", "Candidaturas comunes"}, {"independents", "Candidaturas independientes"},
    {"unregistered", "Candidatura no registrada"}, {"lines", "L\xc3\xadneas"}, {"roll", "Lista nominal (SHA-256)"},
    /* dictamen, apertura, orden */
    {"files", "Archivos"}, {"sha256", "SHA-256"}, {"transcript", "Ceremonia de la llave (SHA-256)"}, {"manifest", "Manual de configuraci\xc3\xb3n (SHA-256)"},
    {"dictamen", "Dictamen (SHA-256)"}, {"zero_report", "Reporte inicial (SHA-256)"}, {"scope", "Elecci\xc3\xb3n o convocatoria (SHA-256)"},
    {"serial", "N\xc3\xbamero de serie"}, {"facts", "Hechos"}};

static const struct {
	const char *name, *value, *spanish;
} words[] = {{"urna", "call", "convocatoria"}, {"urna", "manifest", "manual de configuraci\xc3\xb3n"}, {"urna", "dictamen", "dictamen"},
    {"urna", "opening", "apertura"}, {"urna", "event", "orden para la bit\xc3\xa1" "cora de eventos"}, {"kind", "election", "elecci\xc3\xb3n"},
    {"kind", "simulacro", "simulacro"}};

/* Where in a document a value stands. */
struct place {
	unsigned depth;
	int facts; /* among the facts of an entry */
};

static const char *
label(const char *name, const struct place *at)
{
	if (at->facts)
		return spanish_fact(name);
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strcmp(labels[i].name, name) == 0)
			return labels[i].label;
	return name;
}

static const char *
translated(const char *name, const char *value, const struct place *at)
{
	if (at->facts)
		return spanish_value(name, value);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0 && strcmp(words[i].value, value) == 0)
			return words[i].spanish;
	return strcmp(name, "kind") == 0 ? spanish_kind(value) : value;
}

static void
text(struct buf *out, const char *s)
{
	uint32_t c;
	size_t n;

	for (; *s != '\0'; s += n)
		if ((n = text_disturbance(s, &c)) > 0)
			buf_printf(out, "\\u%04" PRIx32, c);
		else
			buf_put(out, s, n = 1);
}

static void
scalar(struct buf *out, const char *name, const struct json *j, const struct place *at)
{
	if (j->type == JSON_TEXT)
		text(out, translated(name, j->text, at));
	else if (j->type == JSON_BOOL)
		buf_str(out, j->number != 0 ? "s\xc3\xad" : "no");
	else
		buf_printf(out, "%" PRId64, j->number);
}

static int
nested(const struct json *j)
{
	return j->type == JSON_OBJECT || j->type == JSON_ARRAY;
}

static void
member(struct buf *out, const char *name, const struct json *j, struct place at)
{
	struct place in = {at.depth + 1, at.facts || (j->type == JSON_OBJECT && strcmp(name, "facts") == 0)};

	buf_printf(out, "%*s", (int)(2 * at.depth), "");
	text(out, label(name, &at));
	buf_str(out, ":");
	if (!nested(j)) {
		buf_str(out, " ");
		scalar(out, name, j, &at);
	}
	buf_str(out, nested(j) && j->n == 0 ? " (ninguno)\n" : "\n");
	for (size_t i = 0; nested(j) && i < j->n; i++)
		if (j->type == JSON_OBJECT)
			member(out, j->item[i]->name, j->item[i], in);
		else { /* of a list: its number, and its members below */
			buf_printf(out, "%*s%zu. ", (int)(2 * in.depth), "", i + 1);
			if (!nested(j->item[i]))
				scalar(out, name, j->item[i], &at);
			buf_str(out, "\n");
			for (size_t k = 0; nested(j->item[i]) && k < j->item[i]->n; k++)
				member(out, j->item[i]->type == JSON_OBJECT ? j->item[i]->item[k]->name : name, j->item[i]->item[k], (struct place){in.depth + 1, in.facts});
		}
}

enum err
show_document(struct buf *out, const void *p, size_t n, struct why *why)
{
	struct json *root = NULL;
	enum err e = json_parse(&root, p, n, 1 << 24, why);

	if (e == OK && root->type != JSON_OBJECT)
		e = why_set(why, ERR_FORMAT, "not an object");
	for (size_t i = 0; e == OK && i < root->n; i++)
		member(out, root->item[i]->name, root->item[i], (struct place){0, 0});
	json_free(root);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

void
show_roll(struct buf *out, const struct roll *roll, const struct manifest *m)
{
	uint32_t *of = calloc(m->styles, sizeof *of);
	char hex[65];

	if (of == NULL)
		abort();
	hash_hex(hex, &roll->call);
	buf_printf(out, "Documento: lista nominal\nConvocatoria (SHA-256): %s\n", hex);
	hash_hex(hex, &roll->styles_hash);
	buf_printf(out, "Tipos de boleta (SHA-256): %s\n", hex);
	buf_printf(out, "Personas en la lista: %" PRIu32 "\nPor tipo de boleta y entidad:\n", roll->n);
	for (uint32_t i = 0; i < roll->n; i++)
		of[roll->row[i].style - 1]++;
	for (unsigned s = 0; s < m->styles; s++) {
		buf_printf(out, "  tipo %u, ", s + 1);
		text(out, manifest_entity(m, m->style[s].entity));
		if (m->style[s].district[0] != '\0')
			buf_printf(out, ", distrito %s", m->style[s].district);
		buf_printf(out, ": %" PRIu32 "\n", of[s]);
	}
	free(of);
}
