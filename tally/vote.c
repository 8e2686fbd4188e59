#include "tally/vote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tally/cli.h"

/* ---- the ballot ------------------------------------------------------------------------------ */

/* The contests of a ballot, or the lines of a contest, for a sentence that says what there is. */
static void
list_ids(char out[300], const struct manifest *m, const struct style *s, const struct contest *c)
{
	unsigned n = c != NULL ? c->lines : s->contests;

	out[0] = '\0';
	for (unsigned i = 0; i < n && strlen(out) < 290; i++)
		(void)snprintf(out + strlen(out), 300 - strlen(out), "%s%s", i > 0 ? ", " : "", c != NULL ? c->line[i].id : m->contest[s->contest[i]].id);
}

/* One "contest=line" of n characters: which contest of the style, and which line (from 1). */
static enum err
read_choice(unsigned *contest, size_t *line, const struct manifest *m, const struct style *s, const char *p, size_t n, struct why *why)
{
	const char *eq = memchr(p, '=', n);
	size_t id = eq != NULL ? (size_t)(eq - p) : n;
	const struct contest *c;
	char there[300];

	for (*contest = 0; *contest < s->contests; ++*contest)
		if (strlen(m->contest[s->contest[*contest]].id) == id && strncmp(m->contest[s->contest[*contest]].id, p, id) == 0)
			break;
	if (eq == NULL || *contest == s->contests) {
		list_ids(there, m, s, NULL);
		return why_set(why, ERR_RANGE, eq == NULL ? "--choose \"%.*s\": give CONTEST=LINE; the contests of your ballot are: %s" :
		    "--choose \"%.*s\": there is no such contest on your ballot; it has: %s", (int)n, p, there);
	}
	c = &m->contest[s->contest[*contest]];
	for (*line = 1; *line <= c->lines; ++*line)
		if (strlen(c->line[*line - 1].id) == n - id - 1 && strncmp(c->line[*line - 1].id, eq + 1, n - id - 1) == 0)
			return OK;
	list_ids(there, m, s, c);
	return why_set(why, ERR_RANGE, "--choose \"%.*s\": contest %s (%s) has no such line; its lines are: %s", (int)n, p, c->id, c->name, there);
}

/* What to mark: contest id -> line id, or an element outside the table on purpose. */
static enum err
markings(const struct voter *v, struct point *out, const char *choose, const char *odd, struct why *why)
{
	const struct manifest *m = v->w->r.m;
	const struct style *s = &m->style[v->style - 1];
	size_t line[MAX_CONTESTS] = {0}, l = 0;
	struct point table[MAX_LINES];
	char there[300];
	unsigned i = 0;
	enum err e;

	for (const char *p = choose; *p != '\0';) {
		size_t n = strcspn(p, ",");

		if ((e = read_choice(&i, &l, m, s, p, n, why)) != OK)
			return e;
		line[i] = l;
		p += n + (p[n] == ',');
	}
	for (i = 0; i < s->contests; i++) {
		const struct contest *c = &m->contest[s->contest[i]];

		list_ids(there, m, s, c);
		if (line[i] == 0)
			return why_set(why, ERR_RANGE, "choose a line of contest %s (%s): --choose %s=LINE, one of: %s", c->id, c->name, c->id, there);
		marking_table(table, c->lines);
		out[i] = table[line[i] - 1];
		if (odd != NULL && strcmp(odd, "infinity") == 0)
			out[i] = POINT_INFINITY;
		else if (odd != NULL) {
			struct scalar x;

			scalar_random(&x);
			point_mul_base(&out[i], &x);
		}
	}
	return OK;
}

/* A ballot on its way: what is marked, and by which exponents it is encrypted. */
struct marked {
	struct ballot b;
	struct point mark[MAX_CONTESTS];
	struct scalar exponent[MAX_CONTESTS];
	struct hash commitment;
};

/* For tests: every contest's plaintext is the point at infinity, c2 = r*Y. */
static enum err
mark_infinity(struct marked *m, const struct voter *v)
{
	enum err e = OK;

	m->b.election = v->w->r.election;
	m->b.style = v->style;
	memcpy(m->b.key, v->one_time_key, sizeof m->b.key);
	m->b.contests = v->w->r.m->style[v->style - 1].contests;
	for (unsigned i = 0; i < m->b.contests && e == OK; i++) {
		struct point p;

		scalar_random(&m->exponent[i]);
		point_mul_base(&p, &m->exponent[i]);
		if ((e = point_write(m->b.vote[i].c1, &p)) != OK)
			break;
		point_mul(&p, &v->w->r.joint.key, &m->exponent[i]);
		e = point_write(m->b.vote[i].c2, &p);
	}
	return e;
}

static enum err
encrypt_marks(struct marked *m, const struct voter *v, const struct choice *c, struct why *why)
{
	const struct record *r = &v->w->r;
	char letters[40];
	enum err e;

	if ((e = markings(v, m->mark, c->choose, c->odd, why)) != OK)
		return e;
	if (c->odd != NULL && strcmp(c->odd, "infinity") == 0)
		e = mark_infinity(m, v);
	else
		e = ballot_mark(&m->b, m->exponent, &r->election, v->style, v->one_time_key, m->mark, r->m->style[v->style - 1].contests, &r->joint.key);
	if (e != OK)
		return e;
	commitment_hash(&m->commitment, &m->b);
	commitment_letters(letters, &m->commitment);
	if (!v->quiet)
		(void)printf("commitment  %s\n", letters);
	return OK;
}

static void
write_challenge(struct buf *out, const struct voter *v, const struct marked *m)
{
	const struct manifest *manifest = v->w->r.m;
	const struct style *s = &manifest->style[v->style - 1];
	const struct ballot *b = &m->b;
	struct json_out o = json_out(out);
	struct point table[MAX_LINES];

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "challenge");
	json_int(&o, "version", 1);
	json_hash(&o, "election", &b->election);
	json_int(&o, "style", b->style);
	json_hex(&o, "one_time_key", b->key, 32);
	json_hash(&o, "commitment", &m->commitment);
	json_begin(&o, "contests", '[');
	for (unsigned i = 0; i < b->contests; i++) {
		const struct contest *c = &manifest->contest[s->contest[i]];

		marking_table(table, c->lines);
		json_begin(&o, NULL, '{');
		json_text(&o, "contest", c->id);
		json_int(&o, "marking", (int64_t)marking_find(table, c->lines, &m->mark[i]));
		json_hex(&o, "exponent", m->exponent[i].b, 32);
		json_hex(&o, "c1", b->vote[i].c1, POINT_BYTES);
		json_hex(&o, "c2", b->vote[i].c2, POINT_BYTES);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
}

/* Opened, never cast: everything starts anew. */
static enum err
open_challenge(const struct voter *v, const struct marked *m, const char *file, struct why *why)
{
	struct buf out = {0};
	enum err e;

	write_challenge(&out, v, m);
	if ((e = file_write(file, out.p, out.n, 0600, why)) == OK)
		(void)printf("challenge written to %s; check it with urna-verify challenge; this ballot is not cast\n", file);
	buf_free(&out);
	return e;
}

/* What the voter needs to find the own ballot again, with the password. */
static enum err
write_mine(const struct voter *v, const struct marked *m, const char *file, struct why *why)
{
	struct buf out = {0};
	struct json_out o = json_out(&out);
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "mine");
	json_int(&o, "version", 1);
	json_hash(&o, "election", &v->w->r.election);
	json_int(&o, "roll_index", v->index);
	json_hex(&o, "sealed_seed", v->sealed, sizeof v->sealed);
	json_hash(&o, "commitment", &m->commitment);
	json_end(&o, '}');
	e = file_write(file, out.p, out.n, 0600, why);
	buf_free(&out);
	return e;
}

/* ---- the box -------------------------------------------------------------------------------- */

/* A ballot is under this one-time key already: its receipt is kept. ERR_EXISTS. */
static enum err
earlier_receipt(const struct choice *c, const struct buf *answer, struct why *why)
{
	struct json *root = NULL;
	struct fields f;
	const char *text;
	enum err e;

	if ((e = json_parse(&root, answer->p, answer->n, 1 << 20, why)) != OK)
		return e;
	f = fields_of(root, why);
	text = field_text(&f, "receipt", NOTE_MAX_BYTES);
	if (f.e == OK && c->receipt != NULL)
		f.e = file_write(c->receipt, text, strlen(text), 0644, why);
	e = f.e != OK ? f.e : why_set(why, ERR_EXISTS, "you have cast a ballot already; its receipt%s%s: %.600s", c->receipt != NULL ? " is now in " : "",
	    c->receipt != NULL ? c->receipt : "", text);
	json_free(root);
	return e;
}

/* Into the box; the receipt is checked. ERR_PROOF: the box has answered with a false one. */
static enum err
cast(const struct voter *v, const struct choice *c, const struct buf *ballot, struct buf *receipt, struct why *why)
{
	char url[300];
	long status = 0;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/cast", v->m.box);
	if ((e = http_call(NULL, url, "application/octet-stream", ballot->p, ballot->n, &status, receipt, why)) != OK)
		return e;
	if (status == 409)
		return earlier_receipt(c, receipt, why);
	if (status != 200)
		return why_set(why, ERR_NOT_NOW, "the box refuses the ballot (%ld): %.600s", status, buf_cstr(receipt));
	if ((e = voter_check_receipt(v, ballot, receipt, why)) == OK)
		return OK;
	if (c->receipt != NULL && file_write(c->receipt, receipt->p, receipt->n, 0644, NULL) == OK)
		return why_prefix(why, ERR_PROOF, "the box gave a false receipt, which is now in %s; keep it", c->receipt);
	return why_prefix(why, ERR_PROOF, "the box gave a false receipt");
}

/* ---- the voter's files ------------------------------------------------------------------------ */

/* A file can be made there: asked before anything is cast, for afterwards it is too late. */
static enum err
can_write(const char *path, struct why *why)
{
	char test[1500];
	struct stat st;
	enum err e;

	if (path == NULL)
		return OK;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return why_set(why, ERR_EXISTS, "nothing was cast: %s is a folder, where a file is to be written", path);
	(void)snprintf(test, sizeof test, "%s.test", path);
	if ((e = file_write_unsynced(test, "", 0, 0600, why)) != OK)
		return why_prefix(why, e, "nothing was cast");
	(void)unlink(test);
	return OK;
}

static enum err
can_write_all(const struct choice *c, struct why *why)
{
	const char *const file[] = {c->receipt, c->mine, c->ballot, c->challenge};
	enum err e = OK;

	for (size_t i = 0; i < sizeof file / sizeof *file && e == OK; i++)
		e = can_write(file[i], why);
	return e;
}

/* The receipt, with the ballot beside it. */
static enum err
write_receipt(const char *file, const struct buf *receipt, const struct buf *ballot, struct why *why)
{
	char beside[1400];
	enum err e;

	(void)snprintf(beside, sizeof beside, "%s.ballot", file);
	if ((e = file_write(file, receipt->p, receipt->n, 0644, why)) == OK)
		e = file_write(beside, ballot->p, ballot->n, 0644, why);
	return e;
}

/* The ballot is in the box: every step that is left is made, whatever becomes of the one before it; the first failure is told. */
static enum err
after_cast(const struct voter *v, const struct choice *c, const struct marked *m, const struct buf *receipt, const struct buf *ballot, struct why *why)
{
	struct why each[3] = {{""}, {""}, {""}};
	const enum err e[3] = {c->receipt != NULL ? write_receipt(c->receipt, receipt, ballot, &each[0]) : OK, c->mine != NULL ? write_mine(v, m, c->mine, &each[1]) : OK,
	    c->no_confirm ? OK : voter_confirm(v, &each[2])};

	for (int i = 0; i < 3; i++)
		if (e[i] != OK)
			return why_set(why, e[i], "cast, but %s%.900s", i == 2 ? "the confirmation failed: " : "", each[i].text);
	return OK;
}

/* Into the box, and the voter's own files. */
static enum err
cast_and_keep(struct voter *v, const struct choice *c, const struct marked *m, const struct buf *ballot, struct why *why)
{
	struct buf receipt = {0};
	enum err e = cast(v, c, ballot, &receipt, why);

	if (e == OK)
		e = after_cast(v, c, m, &receipt, ballot, why);
	buf_free(&receipt);
	return e;
}

enum err
vote(struct voter *v, const struct choice *c, struct why *why)
{
	struct marked *m = calloc(1, sizeof *m);
	struct buf bytes = {0};
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if ((e = can_write_all(c, why)) != OK || (e = voter_login(v, why)) != OK)
		goto done;
	if (c->resume && !v->resumed) {
		e = why_set(why, ERR_ABSENT, "there is nothing to resume: nobody has asked for your authorization yet. Without --resume you begin");
		goto done;
	}
	if ((e = encrypt_marks(m, v, c, why)) != OK)
		goto done;
	if (c->challenge != NULL) {
		e = open_challenge(v, m, c->challenge, why);
		goto done;
	}
	if ((e = voter_authorize(v, &m->b, why)) != OK || (e = ballot_finish(&m->b, m->exponent, &v->one_time)) != OK)
		goto done;
	ballot_write(&bytes, &m->b);
	if ((c->ballot != NULL && (e = file_write(c->ballot, bytes.p, bytes.n, 0600, why)) != OK) || c->no_cast)
		goto done;
	if ((e = cast_and_keep(v, c, m, &bytes, why)) != OK)
		goto done;
	if (!v->quiet)
		(void)printf("cast; the receipt is good%s\n", v->resumed ? " (resumed an earlier request)" : "");
done:
	wipe(m, sizeof *m);
	free(m);
	buf_free(&bytes);
	return e;
}
