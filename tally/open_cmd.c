/* tally/open_cmd.c - `urna open`: zero report, installed files against the dictamen, the opening. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally/cli.h"

/* Every store of the service by name, as it counts them itself; none may hold anything but `events`. */
static enum err
stores(struct json_out *o, const struct buf *zero, struct why *why)
{
	static const char *const names[] = {"ballots", "authorizations", "confirmations", "outbox"};
	struct json *root = NULL;
	struct fields f, g;
	struct hash h;
	int64_t n;
	enum err e;

	if ((e = json_parse(&root, zero->p, zero->n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		n = field_int(&f, names[i], -1, INT64_MAX);
		if (f.e == OK && n != 0)
			(void)field_bad(&f, 1, "the store %s is not empty (%lld): the election does not open", names[i], (long long)n);
		(void)printf("  %-24s %lld\n", names[i], (long long)n);
		json_int(o, names[i], n);
	}
	g = fields_of(field_object(&f, "events"), why);
	n = field_int(&g, "size", 1, INT64_MAX);
	field_hash(&g, "root", &h);
	if (f.e == OK)
		f.e = fields_end(&g);
	json_begin(o, "events", '{');
	json_int(o, "size", n);
	json_hash(o, "root", &h);
	json_end(o, '}');
	e = fields_end(&f);
	json_free(root);
	return e;
}

/* What an empty service reports, and how each installed file compares. */
static enum err
zero_report(struct args *a, struct record *r, const struct buf *zero, struct buf *out, int *all_right, struct why *why)
{
	struct json_out o = json_out(out);
	struct json *root = NULL, *files;
	struct buf b = {0}, dictamen = {0};
	struct fields f;
	enum err e;

	*all_right = 1;
	if ((e = record_file(r, "dictamen.json", 1 << 24, &dictamen, why)) != OK ||
	    (e = record_signed(r, "dictamen.json", "dictamen", &dictamen, &r->call.auditor.key, why)) != OK ||
	    (e = json_parse(&root, dictamen.p, dictamen.n, 1 << 24, why)) != OK)
		return e;
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "zero-report");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &r->call.hash);
	json_hash(&o, "manifest", &r->m->hash);
	if ((e = stores(&o, zero, why)) != OK)
		return e;
	json_begin(&o, "groups", '[');
	for (unsigned g = 0; g < r->m->groups; g++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "contest", r->m->contest[r->m->group[g].contest].id);
		json_text(&o, "entity", r->m->group[g].entity);
		json_int(&o, "votes", 0);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_begin(&o, "files", '[');
	f = fields_of(root, why);
	files = field_array(&f, "files", 1000);
	for (size_t i = 0; files != NULL && i < files->n; i++) {
		struct fields g = fields_of(files->item[i], why);
		const char *name = field_text(&g, "name", 200), *verdict = "No validado", *path;
		struct hash want, have;

		field_hash(&g, "sha256", &want);
		for (unsigned k = 0; (path = arg_nth(a, "--installed", k)) != NULL; k++) {
			const char *base = strrchr(path, '/');

			buf_free(&b);
			if (strcmp(base != NULL ? base + 1 : path, name) != 0 || file_read(&b, path, 1 << 28, NULL) != OK)
				continue;
			sha256(&have, b.p, b.n);
			verdict = hash_equal(&want, &have) ? "Correcto" : "Con cambios";
		}
		if (strcmp(verdict, "Correcto") != 0)
			*all_right = 0;
		(void)printf("  %-24s %s\n", name, verdict);
		json_begin(&o, NULL, '{');
		json_text(&o, "name", name);
		json_text(&o, "verdict", verdict);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	e = f.e;
	json_free(root);
	buf_free(&b);
	buf_free(&dictamen);
	return e != OK ? e : out->failed ? ERR_NOMEM : OK;
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

int
cmd_open(struct args *a)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf report = {0}, opening = {0}, b = {0}, status = {0}, zero = {0};
	struct json_out o = json_out(&opening);
	struct act_facts facts;
	struct act act = {{0}, {0}};
	struct why why = {""};
	struct hash h;
	const char *dir, *socket;
	int all_right;
	long code = 0;
	char hex[65];

	if (arg_flag(a, "--load"))
		return load(a);
	dir = arg_need(a, "--record");
	socket = arg_need(a, "--socket");
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	if (r == NULL || open_record(r, dir, TO_SETUP, &why) != OK)
		return fail("open", &why);
	if (http_call(socket, "http://urnad/status", NULL, NULL, 0, &code, &status, &why) != OK || code != 200)
		return fail("open", &why);
	if (strstr(buf_cstr(&status), "\"state\": \"before\"") == NULL || strstr(buf_cstr(&status), "\"size\": 0") == NULL) {
		(void)why_set(&why, ERR_NOT_NOW, "the service is not before its opening, or its box is not empty");
		return fail("open", &why);
	}
	if (http_call(socket, "http://urnad/zero", NULL, NULL, 0, &code, &zero, &why) != OK || code != 200)
		return fail("open", &why);
	(void)printf("stores, then installed files against the dictamen:\n");
	if (zero_report(a, r, &zero, &report, &all_right, &why) != OK)
		return fail("open", &why);
	args_end(a);
	if (!all_right) {
		(void)why_set(&why, ERR_PROOF, "an installed file is not that of the dictamen (or was not named with --installed): the election does not open");
		return fail("open", &why);
	}
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "opening");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &r->call.hash);
	sha256(&h, r->transcript.p, r->transcript.n);
	json_hash(&o, "transcript", &h);
	json_hash(&o, "manifest", &r->m->hash);
	json_hash(&o, "roll", &r->roll.hash);
	if (record_file(r, "dictamen.json", 1 << 24, &b, &why) != OK)
		return fail("open", &why);
	sha256(&h, b.p, b.n);
	json_hash(&o, "dictamen", &h);
	sha256(&h, report.p, report.n);
	json_hash(&o, "zero_report", &h);
	json_end(&o, '}');
	sha256(&h, opening.p, opening.n);
	facts = (struct act_facts){&r->call, r->m, h};
	if (put(dir, "zero-report.json", &report, &why) != OK || put(dir, "opening.json", &opening, &why) != OK ||
	    sign_file(a, dir, "opening.json", "opening", &r->call.hash, &why) != OK ||
	    act_opening(&act, &facts, opening.p, opening.n, &why) != OK || put_act(dir, "opening", &act, &why) != OK)
		return fail("open", &why);
	hash_hex(hex, &h);
	(void)printf("zero report: every counter is zero\nelection id %s\nnow the notary signs: urna notary sign opening; then urna open --load\n", hex);
	return 0;
}
