/* tests/test_documents.c - call_read and manifest_read: a document with one thing wrong is refused, with the line and the reason.
 *
 * The documents are those of the worked example, each changed in one place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "election/call.h"
#include "election/manifest.h"

struct change {
	const char *from, *to; /* the first place where `from` stands */
	unsigned line;	       /* that the refusal names */
	const char *reason;
};

static const struct change call_changes[] = {
    {"\"urna\": \"call\"", "\"urna\": \"cal\"", 2, "this is not a call: \"urna\" must be \"call\""},
    {"\"version\": 1", "\"version\": 2", 3, "\"version\" must be between 1 and 1"},
    {"\"kind\": \"simulacro\"", "\"kind\": \"simulacrum\"", 4, "\"kind\" must be \"election\" or \"simulacro\""},
    {"\"kind\": \"simulacro\"", "\"kind\": \"election\"", 16, "an origin is https://host or https://host:port (http only in a simulacro)"},
    {" \"ambito\": \"federal\",\n", "", 1, "the field \"ambito\" is missing"},
    {"\"fundamento\"", "\"fundamiento\"", 7, "unknown field \"fundamiento\"; the field \"fundamento\" is missing"},
    {"\"process\": \"Proceso", "\"process\": \"\\u202eProceso", 5, "\"process\" holds a control or direction character"},
    {"\"version\": 1,", "\"version\": 1, \"version\": 1,", 3, "this name stands twice"},
    {"\"version\": 1,", "\"version\": 1.0,", 3, "only whole numbers are allowed"},
    {"\"version\": 1,", "\"version\": 1", 4, "not JSON (a comma, quote or bracket?)"},
    {"\"date\": \"2026-01-31\"", "\"date\": \"2026-02-30\"", 11, "\"date\" must be a date like 2026-06-01"},
    {"\"ebitlenro\": 128", "\"ebitlenro\": 130", 19, "\"ebitlenro\" must be 128 or 256"},
    {"\"maximum_voters\": 1000000", "\"maximum_voters\": 0", 20, "\"maximum_voters\" must be between 1 and 100000000"},
    {"\"replaceable_percent\": 2", "\"replaceable_percent\": 101", 21, "\"replaceable_percent\" must be between 0 and 100"},
    {"2027-12-31", "2027-12", 22, "\"roll_destroyed_on\" must be a date like 2026-06-01"},
    {"\"tries_in_hardware\": false", "\"tries_in_hardware\": 0", 24, "\"tries_in_hardware\" must be true or false"},
    {"\"threshold\": 3", "\"threshold\": 6", 27, "\"threshold\" must be between 2 and 5"},
    {"\"threshold\": 3", "\"threshold\": 1", 27, "\"threshold\" must be between 2 and 5"},
    {"\"quorum\": 3", "\"quorum\": 2", 57, "the quorum must be more than half of the authorizers"},
    {"\"quorum\": 3", "\"quorum\": 5", 57, "the quorum must be more than half of the authorizers"},
    {"\"minimum\": 2", "\"minimum\": 3", 101, "\"minimum\" must be between 1 and 2"},
    {"\"person\": \"mezclador-1\"", "\"person\": \"Custodia custodio-1\"", 26, "trustee custodio-1 is of the same person as mixer mezclador-1: it must name it (\"mixer\")"},
    {"\"kind\": \"extend\"", "\"kind\": \"extends\"", 136, "there is no amendment \"extends\""},
    {"\"kind\": \"suspend\"", "\"kind\": \"extend\"", 144, "two rules for \"extend\""},
    {"    \"operador\",\n", "    \"operator\",\n", 138, "\"operator\" is no party of this call that signs"},
    {"    \"operador\",\n", "    \"notaria\",\n", 139, "\"notaria\" stands twice"},
    {"\"version\": 1,", "\"version\": 1,\n \"versoin\": 1,", 4, "unknown field \"versoin\""},
    {"\"box\": \"http", "\"box\": \"ftp", 17, "an origin is https://host or https://host:port (http only in a simulacro)"},
    {"\"url\": \"http", "\"url\": \"ftp", 66, "\"url\" must be like https://host, https://host:port or https://host/path (or http), without a / at its end"},
    {"\"url\": \"http://", "\"url\": \"", 66, "\"url\" must be like https://host, https://host:port or https://host/path (or http), without a / at its end"},
    {"\"key\": \"custodio-2+", "\"key\": \"custodio-9+", 35, "\"key\": verifier key custodio-9: the hash does not belong to this name and key (a typing error?)"},
    {"\"ballots\": \"urna.example/ballots+", "\"ballots\": \"urna.example/Ballots+", 53, "\"ballots\": verifier key urna.example/Ballots: the hash does not belong to this name and key (a typing error?)"},
    {"\"key\": \"testigo-2+", "\"key\": \"testigo-2+x", 124, "the hash is not 8 lower-case hex digits"},
};

static const struct change manifest_changes[] = {
    {"\"urna\": \"manifest\"", "\"urna\": \"call\"", 2, "this is not a manifest: \"urna\" must be \"manifest\""},
    {"\"grace_seconds\": 2", "\"grace_second\": 2", 8, "unknown field \"grace_second\"; the field \"grace_seconds\" is missing"},
    {"\"at_most_seconds\": 10", "\"at_most_seconds\": 1", 12, "\"at_most_seconds\" must be between 2 and 86400"},
    {"\"digits\": 6", "\"digits\": 5", 17, "\"digits\" must be between 6 and 8"},
    {"\"lock_seconds\": 60", "\"lock_seconds\": 901", 20, "\"lock_seconds\" must be between 1 and 900"},
    {"\"id\": \"17\"", "\"id\": \"01\"", 28, "two entities 01"},
    {"\"id\": \"17\"", "\"id\": \"A7\"", 28, "an entity's id is 1 to 16 of a-z and 0-9"},
    {"\"id\": \"pre\"", "\"id\": \"summary\"", 34, "no contest may have the id \"summary\""},
    {"\"id\": \"pre\"", "\"id\": \"Pre\"", 34, "contest ids and types are 1 to 16 of a-z and 0-9"},
    {"\"ambito\": \"federal\"", "\"ambito\": \"estatal\"", 34, "contest pre: \"ambito\" must be \"federal\" or \"local\""},
    {"\"ambito\": \"federal\"", "\"ambito\": \"local\", \"entity\": \"09\"", 34, "contest pre: the entity 09 is not in the list"},
    {"\"id\": \"PRI\"", "\"id\": \"PAN\"", 45, "a party's id is 1 to 16 of A-Z and 0-9, and stands once"},
    {"\"id\": \"PRI\"", "\"id\": \"pri\"", 45, "a party's id is 1 to 16 of A-Z and 0-9, and stands once"},
    {"\"name\": \"Morena\"", "\"name\": \"\"", 68, "\"name\" must have 1 to 127 bytes"},
    {"      \"PRI\",\n", "      \"PT\",\n", 81, "contest pre: a party stands in two coalitions"},
    {"      \"PRI\",\n", "      \"PAN\",\n", 76, "contest pre: not a party of the contest, or twice"},
    {"      \"PVEM\",\n", "      \"PAN\",\n", 81, "contest pre: a party stands in two coalitions"},
    {"      \"PRI\",\n", "      \"MC\",\n", 72, "contest pre: MC has a candidate of its own and stands in a coalition"},
    {"      \"PAN\",\n      \"PRI\",\n", "      \"PAN\"\n", 76, "not JSON (a comma, quote or bracket?)"},
    {"\"candidate\": \"Bertha", "\"candidato\": \"Bertha", 79, "unknown field \"candidato\"; the field \"candidate\" is missing"},
    {"\"unregistered\": true", "\"unregistered\": \"true\"", 93, "\"unregistered\" must be true or false"},
    {"    \"PAN_PRI_PRD\",\n    \"PAN_PRI\",\n", "    \"PAN_PRI\",\n    \"PAN_PRI_PRD\",\n", 102, "contest pre: line 8 must be PAN_PRI_PRD"},
    {"    \"VOTOS_NULOS\"\n", "    \"VOTOS_NULOS\",\n    \"BLANCO\"\n", 94, "contest pre: there must be 17 lines"},
    {"\"entity\": \"17\"", "\"entity\": \"18\"", 122, "a style needs a known entity and at least one contest"},
    {"\"entity\": \"17\"", "\"entity\": \"01\"", 122, "two styles for one entity and district"},
    {"\"contests\": [\n    \"pre\"\n", "\"contests\": [\n    \"con\"\n", 119, "style 1: contests must be known, of this entity, and in the manifest's order"},
    {"\"contests\": [\n    \"pre\"\n", "\"contests\": [\n", 116, "a style needs a known entity and at least one contest"},
    {"\"contests\": [\n    \"pre\"\n", "\"contests\": [\n    \"pre\",\n    \"pre\"\n", 120, "style 1: contests must be known, of this entity, and in the manifest's order"},
    {"\"small_group\": 10,", "\"small_group\": 10,,", 22, "not JSON (a comma, quote or bracket?)"},
    {"\"small_group\": 10,", "\"small_group\": 10,\n \"small_grop\": 10,", 23, "unknown field \"small_grop\""},
    {"\"call\": \"", "\"call\": \"X", 4, "\"call\" must be 64 lower-case hex digits"},
    {"\"opens\": \"2026-", "\"opens\": \"2026/", 6, "\"opens\" must be a time like 2026-06-01T18:00:00Z"},
    {"\"closes\": \"2026-", "\"closes\": \"2025-", 7, "\"closes\" must be after \"opens\""},
    {"\"roll\": \"", "\"roll\": \"x", 129, "\"roll\" must be 64 lower-case hex digits"},
    {"\"authorizers\": [\n  \"", "\"authorizers\": [\n  \"x", 131, "an authorizer's hash must be 64 hex digits"},
};

/* The document with one change; NUL-terminated. */
static char *
changed(struct buf *document, const struct change *c)
{
	const char *text = buf_cstr(document), *at = strstr(text, c->from);
	size_t room = document->n + strlen(c->to) + 1;
	char *out = malloc(room);

	if (at == NULL || out == NULL)
		fail_msg("not in the document: %s", c->from);
	(void)snprintf(out, room, "%.*s%s%s", (int)(at - text), text, c->to, at + strlen(c->from));
	return out;
}

static enum err
read_call(const char *text, struct why *why)
{
	struct call *c = malloc(sizeof *c);
	enum err e = call_read(c, text, strlen(text), why);

	free(c);
	return e;
}

static enum err
read_manifest(const char *text, struct why *why)
{
	struct manifest *m = NULL;
	enum err e = manifest_read(&m, text, strlen(text), why);

	free(m);
	return e;
}

static void
refused(const char *file, enum err (*read)(const char *, struct why *), const struct change *c, size_t n)
{
	struct buf b = {0};
	struct why why = {""};

	assert_int_equal(file_read(&b, file, 1 << 20, &why), OK);
	assert_int_equal(read(buf_cstr(&b), &why), OK);
	for (size_t i = 0; i < n; i++) {
		char *text = changed(&b, &c[i]), line[32] = "";

		why.text[0] = '\0';
		if (read(text, &why) == OK)
			fail_msg("accepted: %s", c[i].to);
		if (c[i].line > 0)
			(void)snprintf(line, sizeof line, "line %u: ", c[i].line);
		if (strstr(why.text, line) == NULL || strstr(why.text, c[i].reason) == NULL)
			fail_msg("%s, for %s: not \"%s%s\"", why.text, c[i].to, line, c[i].reason);
		free(text);
	}
	buf_free(&b);
}

static void
calls(void **state)
{
	(void)state;
	refused("spec/vectors/record/call.json", read_call, call_changes, sizeof call_changes / sizeof *call_changes);
}

static void
manifests(void **state)
{
	(void)state;
	refused("spec/vectors/record/manifest.json", read_manifest, manifest_changes, sizeof manifest_changes / sizeof *manifest_changes);
}

/* A box that closes at the hour is over at it. */
static void
over(void **state)
{
	struct buf b = {0};
	struct why why = {""};
	struct manifest *m = NULL;

	(void)state;
	assert_int_equal(file_read(&b, "spec/vectors/record/manifest.json", 1 << 20, &why), OK);
	assert_int_equal(manifest_read(&m, b.p, b.n, &why), OK);
	assert_int_equal(manifest_not_over(m, m->closes - 1, &why), OK);
	assert_int_equal(manifest_not_over(m, m->closes, &why), ERR_NOT_NOW);
	free(m);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(calls), cmocka_unit_test(manifests), cmocka_unit_test(over)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
