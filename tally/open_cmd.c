/* tally/open_cmd.c - `urna open`: zero report, installed files against the dictamen, the opening. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally/cli.h"
#include "tally/inventory.h"
#include "tally/make_act.h"

/* Every store of the service by name, as it counts them itself; none may hold anything but `events`. */
static enum err
stores(struct head *events, const struct buf *zero, struct why *why)
{
	static const char *const names[] = {"ballots", "authorizations", "confirmations", "outbox"};
	struct json *root = NULL;
	struct fields f, g;
	int64_t n;
	enum err e;

	if ((e = json_parse(&root, zero->p, zero->n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		n = field_int(&f, names[i], -1, INT64_MAX);
		if (f.e == OK && n != 0)
			(void)field_bad(&f, 1, "the store %s is not empty (%lld): the election does not open", names[i], (long long)n);
		(void)printf("  %-40s %lld\n", names[i], (long long)n);
	}
	g = fields_of(field_object(&f, "events"), why);
	events->size = (uint64_t)field_int(&g, "size", 1, INT64_MAX);
	field_hash(&g, "root", &events->root);
	if (f.e == OK)
		f.e = fields_end(&g);
	e = fields_end(&f);
	json_free(root);
	return e;
}

/* Every --installed against the dictamen. ERR_PROOF: something differs, is missing, or is not listed. */
static enum err
installed(struct args *a, const struct dictamen *d, struct why *why)
{
	struct dictamen here = {0};
	const char *path;
	enum err e = OK;

	for (unsigned k = 0; e == OK && (path = arg_nth(a, "--installed", k)) != NULL; k++)
		e = inventory_add(&here, path, why);
	if (e == OK && !inventory_compare(d, &here))
		e = why_set(why, ERR_PROOF, "what is installed is not what the dictamen lists (or was not named with --installed): the election does not open");
	dictamen_free(&here);
	return e;
}

/* What an empty service reports, and how each installed file compares. */
static enum err
zero_report(struct args *a, struct record *r, const struct buf *zero, struct buf *out, struct why *why)
{
	struct buf b = {0};
	struct dictamen d = {0};
	struct head events;
	enum err e;

	if ((e = record_file(r, "dictamen.json", DICTAMEN_MAX_BYTES, &b, why)) == OK && (e = record_signed(r, "dictamen.json", "dictamen", &b, &r->call.auditor.key, why)) == OK &&
	    (e = dictamen_read(&d, b.p, b.n, &r->call.hash, why)) == OK && (e = stores(&events, zero, why)) == OK && (e = installed(a, &d, why)) == OK)
		e = zero_report_write(out, &r->call.hash, r->m, &events, &d);
	dictamen_free(&d);
	buf_free(&b);
	return e;
}

static int
load(struct args *a)
{
	const char *socket = arg_need(a, "--socket");
	struct buf out = {0};
	struct why why = {""};
	long status = 0;

	args_end(a);
	if (http_call(socket, "http://urnad/load", "application/json", "{}", 2, &status, &out, &why) != OK)
		return fail("open", &why);
	(void)printf("%s", buf_cstr(&out));
	return status == 200 ? 0 : 1;
}

/* The service is before its opening and its box is empty; what it reports of its stores. */
static enum err
ask_service(const char *socket, struct buf *zero, struct why *why)
{
	struct buf status = {0};
	long code = 0;
	enum err e;

	if ((e = http_call(socket, "http://urnad/status", NULL, NULL, 0, &code, &status, why)) == OK &&
	    (code != 200 || strstr(buf_cstr(&status), "\"state\": \"before\"") == NULL || strstr(buf_cstr(&status), "\"size\": 0") == NULL))
		e = why_set(why, ERR_NOT_NOW, "the service is not before its opening, or its box is not empty");
	if (e == OK && (e = http_call(socket, "http://urnad/zero", NULL, NULL, 0, &code, zero, why)) == OK && code != 200)
		e = why_set(why, ERR_NOT_NOW, "the service does not report its stores (%ld)", code);
	buf_free(&status);
	return e;
}

int
cmd_open(struct args *a)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf report = {0}, opening = {0}, zero = {0};
	struct act act = {{0}, {0}};
	struct signer by = {0};
	struct why why = {""};
	struct hash h;
	const char *dir, *socket;
	char hex[65];

	if (arg_flag(a, "--load"))
		return load(a);
	dir = arg_need(a, "--record");
	socket = arg_need(a, "--socket");
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	for (unsigned k = 0; arg_nth(a, "--installed", k) != NULL; k++)
		;
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_SETUP, &why) != OK || open_signer_of(a, &by, &r->call, "opening", &why) != OK || hours_ahead(r->m, &why) != OK || ask_service(socket, &zero, &why) != OK)
		return fail("open", &why);
	(void)printf("stores, then installed files against the dictamen:\n");
	if (zero_report(a, r, &zero, &report, &why) != OK || put(dir, "zero-report.json", &report, &why) != OK || make_opening(&opening, &act, r, &why) != OK ||
	    put(dir, "opening.json", &opening, &why) != OK || sign_by(&by, dir, "opening.json", "opening", &r->call, &opening, &why) != OK ||
	    put_act(dir, "opening", &act, &why) != OK)
		return fail("open", &why);
	signer_close(&by);
	sha256(&h, opening.p, opening.n);
	hash_hex(hex, &h);
	(void)printf("zero report: every counter is zero\nelection id %s\nnow the notary signs: urna notary sign opening; then urna open --load\n", hex);
	return 0;
}
