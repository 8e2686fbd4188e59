#include "api/service.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "crypto/kdf.h"
#include "crypto/token.h"
#include "election/docnote.h"

int64_t
now_seconds(void)
{
	return (int64_t)time(NULL);
}

static int64_t
monotonic_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec;
}

static void
say(const char *what, const char *text)
{
	char t[21];

	time_text(t, now_seconds());
	(void)fprintf(stderr, "%s %s%s\n", t, what, text);
}

/* ---- configuration ------------------------------------------------------------------ */

enum err
config_read(struct config *out, const char *path, struct why *why)
{
	struct config c;
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	enum err e;

	memset(&c, 0, sizeof c);
	if ((e = file_read(&b, path, 65536, why)) == OK && (e = json_parse(&root, b.p, b.n, 65536, why)) == OK) {
		f = fields_of(root, why);
		field_copy(&f, "data", c.data, sizeof c.data);
		field_copy(&f, "record", c.record, sizeof c.record);
		field_copy(&f, "outbox", c.outbox, sizeof c.outbox);
		field_copy(&f, "control", c.control, sizeof c.control);
		field_copy(&f, "address", c.address, sizeof c.address);
		c.account_port = (unsigned)field_int(&f, "account_port", 1, 65535);
		c.box_port = (unsigned)field_int(&f, "box_port", 1, 65535);
		field_copy(&f, "ballots_key", c.ballots_key, sizeof c.ballots_key);
		field_copy(&f, "events_key", c.events_key, sizeof c.events_key);
		field_copy(&f, "authorizer_key", c.authorizer_key, sizeof c.authorizer_key);
		field_copy(&f, "rsa_keys", c.rsa_keys, sizeof c.rsa_keys);
		field_copy(&f, "private_roll", c.private_roll, sizeof c.private_roll);
		field_copy(&f, "private_roll_key", c.private_key, sizeof c.private_key);
		field_copy(&f, "pass_file", c.pass_file, sizeof c.pass_file);
		if (field_has(&f, "mirror"))
			field_copy(&f, "mirror", c.mirror, sizeof c.mirror);
		/* behind a proxy on this machine all requests come from one address, and the proxy counts */
		c.per_address = strncmp(c.address, "127.", 4) == 0 ? 0 : 64;
		c.rate = strncmp(c.address, "127.", 4) == 0 ? 0 : 100;
		if (field_has(&f, "connections_per_address"))
			c.per_address = (unsigned)field_int(&f, "connections_per_address", 0, 1024);
		if (field_has(&f, "requests_per_second"))
			c.rate = (unsigned)field_int(&f, "requests_per_second", 0, 100000);
		if (field_has(&f, "tls_certificate")) {
			field_copy(&f, "tls_certificate", c.certificate, sizeof c.certificate);
			field_copy(&f, "tls_key", c.tls_key, sizeof c.tls_key);
		}
		e = fields_end(&f);
		json_free(root);
	}
	buf_free(&b);
	if (e != OK)
		return why_prefix(why, e, "%s", path);
	*out = c;
	return OK;
}

/* ---- the events log -------------------------------------------------------------------- */

static void
restage(struct service *s)
{
	const struct progress *p = &s->progress;

	s->stage = p->sealed			     ? "sealed"
	    : p->cancelled			     ? "cancelled"
	    : p->closed				     ? "closed"
	    : (p->begun >> 5 & 1)		     ? "grace"
	    : p->suspended || p->clock	     ? "suspended"
	    : (p->begun >> 3 & 1)		     ? "open"
						     : "before";
}

/* The person whom an `include` entry adds lies here, sealed, before the entry is made. */
static void
addition_path(const struct service *s, uint32_t index, char path[1200])
{
	(void)snprintf(path, 1200, "%s/addition-%u", s->config.data, index);
}

static enum err
read_addition(struct service *s, uint32_t index, struct why *why)
{
	struct buf b = {0};
	struct person *one = NULL;
	uint32_t n = 0;
	char path[1200];
	enum err e;

	addition_path(s, index, path);
	if ((e = file_read(&b, path, 65536, why)) == OK && (e = private_roll_read(&one, &n, s->roll_key, &s->call.hash, b.p, b.n, why)) == OK && n != 1)
		e = why_set(why, ERR_FORMAT, "%s: not one person", path);
	if (e == OK)
		s->person[index] = one[0];
	if (one != NULL)
		wipe(one, n * sizeof *one);
	free(one);
	buf_free(&b);
	return e;
}

/* Whether an entry that changes the roll can be carried out; nothing changes yet. */
static enum err
prepare(struct service *s, const struct event *e, struct why *why)
{
	struct roll try = s->roll;
	struct registry_row row = {0};
	uint32_t index = (uint32_t)strtoul(event_fact(e, "index"), NULL, 10);
	enum err err;

	if ((try.row = malloc((s->roll.n + 2u) * sizeof *try.row)) == NULL)
		return ERR_NOMEM;
	memcpy(try.row, s->roll.row, s->roll.n * sizeof *try.row);
	err = roll_amend(&try, e, &s->call, s->manifest, why);
	if (err == OK && try.n > s->roll.n)
		err = read_addition(s, index, why);
	if (err == OK && try.replaced > s->roll.replaced && (err = registry_get(s->registry, index, &row, why)) == OK && row.authorized)
		err = why_set(why, ERR_NOT_NOW, "replace-credential: roll index %u has authorized; nothing replaces a credential after that", index);
	registry_row_free(&row);
	free(try.row);
	return err;
}

/* The old contacts hear of a replacement before it is in force. */
static enum err
notify(struct service *s, const struct event *e, uint32_t index)
{
	struct buf b = {0};
	struct json_out o = json_out(&b);
	enum err err;

	json_begin(&o, NULL, '{');
	json_text(&o, "phone", s->person[index].phone);
	json_text(&o, "email", s->person[index].email);
	json_text(&o, "notice", "replace-credential");
	json_text(&o, "from", event_fact(e, "from"));
	json_text(&o, "text", "Se solicit\xc3\xb3 reponer su contrase\xc3\xb1" "a de voto. Si usted no lo pidi\xc3\xb3, av\xc3\xadselo a la autoridad o vote antes de esa hora.");
	json_end(&o, '}');
	err = outbox_put(s, &b);
	buf_free(&b);
	return err;
}

/* What an entry changes in memory and in the registry. Idempotent over a restart. */
static enum err
carry_out(struct service *s, const struct event *e, struct why *why)
{
	uint32_t before = s->roll.n, replaced = s->roll.replaced, index = (uint32_t)strtoul(event_fact(e, "index"), NULL, 10);
	enum err err;

	(void)pthread_rwlock_wrlock(&s->roll_lock);
	err = roll_amend(&s->roll, e, &s->call, s->manifest, why);
	s->persons = s->roll.n;
	(void)pthread_rwlock_unlock(&s->roll_lock);
	if (err == OK && s->roll.n > before) {
		while (err == OK && registry_rows(s->registry) < s->roll.n)
			err = registry_extend(s->registry, why);
	}
	if (err == OK && s->roll.replaced > replaced && !s->replaying)
		err = notify(s, e, index);
	return err;
}

/* With the lock held. */
static enum err
append(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	struct progress next = s->progress;
	struct buf entry = {0};
	uint64_t at;
	enum err err;

	e->time = now_seconds();
	if (e->time < next.last)
		e->time = next.last;
	if (strcmp(e->kind, "opening") != 0)
		e->scope = next.opened ? next.election : s->call.hash;
	if ((err = progress_apply(&next, e, &s->call, why)) != OK || (err = event_write(&entry, e)) != OK)
		goto done;
	if (s->loaded && (err = prepare(s, e, why)) != OK)
		goto done;
	if ((err = ledger_append(s->events, entry.p, entry.n, NULL, &at, NULL, why)) != OK || (err = ledger_publish(s->events, why)) != OK)
		goto done;
	s->progress = next;
	restage(s);
	if (s->loaded && (err = carry_out(s, e, why)) != OK)
		goto done;
	if (index != NULL)
		*index = at;
	say("entry: ", e->kind);
	err = service_export(s, why);
done:
	buf_free(&entry);
	return err;
}

enum err
service_append(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	enum err err;

	(void)pthread_mutex_lock(&s->lock);
	err = append(s, e, index, why);
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

/* Size and root of ballots as facts; forces a public head. */
static enum err
add_head(struct service *s, struct event *e, struct why *why)
{
	struct head head;
	char hex[65];
	enum err err;

	if (s->ballots == NULL)
		return OK;
	if ((err = ledger_publish(s->ballots, why)) != OK)
		return err;
	s->head_time = now_seconds();
	ledger_public_head(s->ballots, &head, NULL);
	hash_hex(hex, &head.root);
	event_add(e, "size", "%" PRIu64, head.size);
	event_add(e, "root", "%s", hex);
	return OK;
}

static enum err
phase(struct service *s, int n, const char *edge, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "phase");
	event_add(e, "phase", "%d", n);
	event_add(e, "edge", "%s", edge);
	if ((err = add_head(s, e, why)) == OK)
		err = append(s, e, NULL, why);
	free(e);
	return err;
}

/* What follows by itself from a submitted entry. */
static enum err
follow(struct service *s, const char *kind, struct why *why)
{
	enum err e = OK;

	if (strcmp(kind, "key") == 0 && (e = phase(s, 1, "end", why)) == OK)
		e = phase(s, 2, "begin", why);
	if (strcmp(kind, "count") == 0 && (e = phase(s, 6, "end", why)) == OK && (e = phase(s, 7, "begin", why)) == OK)
		e = phase(s, 7, "end", why);
	return e;
}

static enum err
replay(struct service *s, struct why *why)
{
	struct head head;
	enum err e = OK;

	ledger_head(s->events, &head, NULL);
	for (uint64_t i = 0; i < head.size && e == OK; i++) {
		struct buf b = {0};
		struct event *x = calloc(1, sizeof *x);

		if (x == NULL)
			return ERR_NOMEM;
		if ((e = ledger_read(s->events, i, &b, why)) == OK && (e = event_read(x, b.p, b.n, why)) == OK)
			e = progress_apply(&s->progress, x, &s->call, why);
		event_free(x);
		free(x);
		buf_free(&b);
	}
	restage(s);
	return e;
}

enum err
service_export(struct service *s, struct why *why)
{
	char path[1200];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/events", s->config.record);
	if ((e = ledger_export(s->events, path, why)) != OK)
		return e;
	if (s->progress.closed && s->ballots != NULL) {
		(void)snprintf(path, sizeof path, "%s/ballots", s->config.record);
		if (access(path, F_OK) != 0)
			e = ledger_export(s->ballots, path, why);
	}
	return e;
}

/* ---- the opening -------------------------------------------------------------------------- */

static enum err
record_file(struct service *s, const char *name, size_t max, struct buf *out, struct why *why)
{
	char path[1200];

	buf_free(out);
	(void)snprintf(path, sizeof path, "%s/%s", s->config.record, name);
	return file_read(out, path, max, why);
}

static enum err
signed_by(struct service *s, const char *name, const char *purpose, const struct buf *document, const struct vkey *key, struct why *why)
{
	struct buf note = {0};
	char path[300];
	enum err e;

	(void)snprintf(path, sizeof path, "%s.note", name);
	if ((e = record_file(s, path, 65536, &note, why)) == OK)
		e = docnote_verify(note.p, note.n, purpose, &s->call.hash, document->p, document->n, key, why);
	buf_free(&note);
	return e == OK ? OK : why_prefix(why, e, "%s", name);
}

static enum err
load_rsa(struct service *s, struct why *why)
{
	struct passphrase pass = {"", 0};
	struct authorizer_keys keys = {0};
	struct buf sealed = {0}, plain = {0}, file = {0};
	struct rd r;
	char name[300];
	uint8_t key[32];
	enum err e;

	(void)snprintf(name, sizeof name, "authorizers/%s.json", s->call.authorizer[0].key.name);
	if ((e = record_file(s, name, 4 << 20, &file, why)) != OK ||
	    (e = authorizer_keys_read(&keys, file.p, file.n, &s->call.hash, s->manifest->styles, why)) != OK ||
	    (e = signed_by(s, name, "authorizer", &file, &s->call.authorizer[0].key, why)) != OK)
		goto done;
	if (s->manifest->authorizers != s->call.authorizers || !hash_equal(&keys.hash, &s->manifest->authorizer[0])) {
		e = why_set(why, ERR_PROOF, "the manifest shows other authorizer's keys than %s", name);
		goto done;
	}
	if ((e = passphrase_get(&pass, s->config.pass_file, "passphrase", why)) != OK || (e = file_read(&sealed, s->config.rsa_keys, 16 << 20, why)) != OK ||
	    (e = slow_hash(key, pass.text, pass.n, s->call.hash.b, HASH_BYTES)) != OK)
		goto done;
	if ((e = unseal(&plain, key, sealed.p, sealed.n, s->call.hash.b, HASH_BYTES)) != OK) {
		e = why_set(why, ERR_DENIED, "%s: wrong passphrase, or keys of another call", s->config.rsa_keys);
		goto done;
	}
	r = rd_init(plain.p, plain.n);
	s->rsa = calloc(s->manifest->styles + 1u, sizeof *s->rsa);
	s->rsa_public = calloc(s->manifest->styles + 1u, sizeof *s->rsa_public);
	for (unsigned i = 0; e == OK && i < s->manifest->styles; i++) {
		uint8_t n[RSA_BYTES];
		size_t len;
		const uint8_t *der = rd_vec16(&r, &len);

		if (der == NULL || rsa_secret_read(&s->rsa[i], der, len) != OK)
			e = why_set(why, ERR_FORMAT, "%s: no key for style %u", s->config.rsa_keys, i + 1);
		else {
			rsa_modulus(n, s->rsa[i]);
			e = memcmp(n, keys.modulus[i], RSA_BYTES) == 0 ? rsa_public_make(&s->rsa_public[i], n)
								       : why_set(why, ERR_PROOF, "%s: style %u has another key than was published", s->config.rsa_keys, i + 1);
		}
	}
done:
	wipe(&pass, sizeof pass);
	wipe(key, sizeof key);
	buf_free(&sealed);
	buf_free(&plain);
	buf_free(&file);
	free(keys.modulus);
	return e;
}

/* Every document that the opening names, by its hash. */
static enum err
named(struct fields *f, const char *field, const struct buf *document)
{
	struct hash want, have;

	field_hash(f, field, &want);
	sha256(&have, document->p, document->n);
	if (f->e == OK && !hash_equal(&want, &have))
		(void)field_bad(f, 1, "opening.json names another %s than the record holds", field);
	return f->e;
}

static enum err
load_documents(struct service *s, struct why *why)
{
	struct buf b = {0}, opening = {0}, sealed = {0};
	struct card *cards = calloc(256, sizeof *cards);
	struct person *more;
	size_t cards_n = 256;
	struct json *root = NULL;
	struct fields f;
	struct hash h;
	uint8_t key[32];
	enum err e;

	if (cards == NULL)
		return ERR_NOMEM;
	if ((e = record_file(s, "opening.json", 65536, &opening, why)) != OK ||
	    (e = signed_by(s, "opening.json", "opening", &opening, &s->call.operator.key, why)) != OK ||
	    (e = signed_by(s, "opening.json", "opening", &opening, &s->call.notary.key, why)) != OK ||
	    (e = json_parse(&root, opening.p, opening.n, 65536, why)) != OK)
		goto done;
	f = fields_of(root, why);
	field_hash(&f, "call", &h);
	if (f.e == OK && !hash_equal(&h, &s->call.hash))
		(void)field_bad(&f, 1, "opening.json is of another call");
	if ((e = f.e) != OK)
		goto done;
	if ((e = record_file(s, "key/transcript.json", 8 << 20, &b, why)) != OK || (e = named(&f, "transcript", &b)) != OK ||
	    (e = transcript_read(&s->joint, cards, &cards_n, b.p, b.n, &s->call, why)) != OK)
		goto done;
	if ((e = record_file(s, "manifest.json", MANIFEST_MAX_BYTES, &b, why)) != OK || (e = named(&f, "manifest", &b)) != OK ||
	    (e = manifest_read(&s->manifest, b.p, b.n, why)) != OK || (e = signed_by(s, "manifest.json", "manifest", &b, &s->call.operator.key, why)) != OK)
		goto done;
	if (!s->manifest->sealed || !hash_equal(&s->manifest->call, &s->call.hash)) {
		e = why_set(why, ERR_RANGE, "manifest.json is not sealed, or of another call");
		goto done;
	}
	if ((e = record_file(s, "roll", 1 << 30, &b, why)) != OK || (e = named(&f, "roll", &b)) != OK ||
	    (e = roll_read(&s->roll, b.p, b.n, &s->call.hash, s->manifest, why)) != OK || (e = signed_by(s, "roll", "roll", &b, &s->call.registrar.key, why)) != OK)
		goto done;
	if (!hash_equal(&s->roll.hash, &s->manifest->roll)) {
		e = why_set(why, ERR_PROOF, "the manifest shows another roll");
		goto done;
	}
	if ((e = record_file(s, "dictamen.json", 16 << 20, &b, why)) != OK || (e = named(&f, "dictamen", &b)) != OK ||
	    (e = record_file(s, "zero-report.json", 1 << 20, &b, why)) != OK || (e = named(&f, "zero_report", &b)) != OK)
		goto done;
	if ((e = load_rsa(s, why)) != OK)
		goto done;
	buf_free(&b);
	if ((e = file_read(&b, s->config.private_key, 100, why)) != OK || (e = file_read(&sealed, s->config.private_roll, 1 << 30, why)) != OK)
		goto done;
	if (b.n < 64 || hex_decode(key, 32, (const char *)b.p, 64) != OK) {
		e = why_set(why, ERR_FORMAT, "%s: not a key of 64 hex digits", s->config.private_key);
		goto done;
	}
	if ((e = private_roll_read(&s->person, &s->persons, key, &s->call.hash, sealed.p, sealed.n, why)) != OK)
		goto done;
	memcpy(s->roll_key, key, sizeof key);
	if ((more = realloc(s->person, ((size_t)s->call.maximum_voters + 1) * sizeof *more)) == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	s->person = more;
	if (s->persons != s->roll.n) {
		e = why_set(why, ERR_RANGE, "the private roll has %u people, the public one %u", s->persons, s->roll.n);
		goto done;
	}
	sha256(&s->election, opening.p, opening.n);
done:
	wipe(key, sizeof key);
	free(cards);
	json_free(root);
	buf_free(&b);
	buf_free(&sealed);
	buf_free(&opening);
	return e;
}

static enum err
open_stores(struct service *s, struct why *why)
{
	struct log_place at;
	struct ledger_options o = service_log(s, "ballots", &at);
	char store[1200], fence[1200];
	size_t request = AUTHORIZATION_MAX_BYTES, answer = 64 + SEALED_SEED_BYTES + 1 + MAX_AUTHORIZERS * (size_t)RSA_BYTES;
	enum err e;

	if ((e = ledger_open(&s->ballots, &o, why)) != OK)
		return why_prefix(why, e, "ballots");
	(void)snprintf(store, sizeof store, "%s/registry.sqlite", s->config.data);
	(void)snprintf(fence, sizeof fence, "%s/fence/registry.count", s->config.data);
	if (access(store, F_OK) != 0 && !s->progress.opened && (e = registry_create(store, fence, s->roll.n, request, answer, why)) != OK)
		return e;
	if ((e = registry_open(&s->registry, store, fence, why)) != OK)
		return e;
	if ((s->logins = logins_new((uint32_t)s->call.maximum_voters)) == NULL)
		return ERR_NOMEM;
	return ledger_publish(s->ballots, why);
}

/* After a restart: what was amended since the opening. */
static enum err
replay_amendments(struct service *s, struct why *why)
{
	struct head head;
	enum err e = OK;

	s->replaying = 1;
	ledger_head(s->events, &head, NULL);
	for (uint64_t i = 0; i < head.size && e == OK; i++) {
		struct buf b = {0};
		struct event *x = calloc(1, sizeof *x);

		if (x == NULL)
			return ERR_NOMEM;
		if ((e = ledger_read(s->events, i, &b, why)) == OK && (e = event_read(x, b.p, b.n, why)) == OK) {
			uint32_t before = s->roll.n;

			if ((e = carry_out(s, x, why)) == OK && s->roll.n > before)
				e = read_addition(s, before, why);
		}
		event_free(x);
		free(x);
		buf_free(&b);
	}
	s->replaying = 0;
	return e;
}

enum err
service_load(struct service *s, struct why *why)
{
	struct event *e = NULL;
	char hex[65], t[21];
	enum err err;

	(void)pthread_mutex_lock(&s->lock);
	if (s->loaded)
		err = why_set(why, ERR_NOT_NOW, "an opening is loaded already");
	else if ((err = load_documents(s, why)) == OK && (err = open_stores(s, why)) == OK && !s->progress.opened) {
		if ((e = calloc(1, sizeof *e)) == NULL)
			err = ERR_NOMEM;
		else {
			(void)strcpy(e->kind, "opening");
			e->scope = s->election;
			hash_hex(hex, &s->election);
			event_add(e, "opening", "%s", hex);
			time_text(t, s->manifest->opens);
			event_add(e, "opens", "%s", t);
			time_text(t, s->manifest->closes);
			event_add(e, "closes", "%s", t);
			err = append(s, e, NULL, why);
		}
	} else if (err == OK && !hash_equal(&s->progress.election, &s->election))
		err = why_set(why, ERR_PROOF, "the record's opening is not the one that was logged");
	if (err == OK && s->progress.opened)
		err = replay_amendments(s, why);
	if (err == OK) {
		s->loaded = 1;
		s->monotonic_gap = now_seconds() - monotonic_seconds();
	}
	free(e);
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

/* ---- the hour ------------------------------------------------------------------------------ */

static int64_t outbox_count(const struct service *s);

static enum err
open_now(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	uint32_t authorized, confirmed;
	struct head head;
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	ledger_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	if (head.size != 0 || authorized != 0 || confirmed != 0 || outbox_count(s) != 0)
		err = why_set(why, ERR_NOT_NOW, "the box, the registry or the outbox is not empty: the election does not open");
	else if ((err = phase(s, 2, "end", why)) == OK && (err = phase(s, 3, "begin", why)) == OK && (err = phase(s, 4, "begin", why)) == OK) {
		(void)strcpy(e->kind, "authorizers");
		event_add(e, "set", "%u", 1);
		err = append(s, e, NULL, why);
	}
	s->opened_at = s->heartbeat_time = now_seconds();
	free(e);
	return err;
}

static enum err
write_record(struct service *s, const char *name, const struct buf *b, struct why *why)
{
	char path[1400];

	(void)snprintf(path, sizeof path, "%s/%s", s->config.record, name);
	return b->failed ? ERR_NOMEM : file_write(path, b->p, b->n, 0644, why);
}

static void
add_digest(struct event *e, const char *name, const EVP_MD *md, const struct buf *b)
{
	uint8_t out[64];
	char hex[129];
	unsigned n = 0;

	(void)EVP_Digest(b->p, b->n, out, &n, md, NULL);
	hex_encode(hex, out, n);
	event_add(e, name, "%s", hex);
}

/* encrypted-votes.bin, the authority's list, the confirmations, then the close entry. */
static enum err
close_now(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	struct buf file = {0}, entry = {0}, list = {0}, confirmed = {0}, note = {0}, checkpoint = {0};
	struct head head;
	char path[1400], hex[65];
	uint64_t none = 0;
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	ledger_seal(s->ballots);
	if ((err = ledger_publish(s->ballots, why)) != OK)
		goto done;
	ledger_public_head(s->ballots, &head, &checkpoint);
	encrypted_votes_begin(&file, &s->election, head.size);
	for (uint64_t i = 0; i < head.size && err == OK; i++) {
		buf_free(&entry);
		if ((err = ledger_read(s->ballots, i, &entry, why)) == OK)
			buf_vec32(&file, entry.p, entry.n);
	}
	list_begin(&list, &s->election, 1, s->call.authorizers, s->roll.n);
	confirmations_begin(&confirmed, &s->election, s->roll.n);
	for (uint32_t i = 0; i < s->roll.n && err == OK; i++) {
		struct registry_row row = {0};
		struct list_row out = {0};

		if ((err = registry_get(s->registry, i, &row, why)) != OK)
			break;
		if (row.authorized) {
			struct rd r = rd_init(row.answer.p, row.answer.n);

			out.present = 1;
			out.request = row.request.p;
			out.request_n = row.request.n;
			rd_copy(&r, out.sig, SCHNORR_BYTES);
			(void)rd_take(&r, SEALED_SEED_BYTES);
			out.answers = (uint8_t)rd_u8(&r);
			for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
				if (out.answers >> a & 1)
					rd_copy(&r, out.answer[a], RSA_BYTES);
		}
		list_row(&list, &out);
		confirmations_row(&confirmed, row.confirmed ? row.confirmation : NULL);
		registry_row_free(&row);
	}
	(void)snprintf(path, sizeof path, "%s/authorizations", s->config.record);
	if (err != OK || (err = dir_make(path, why)) != OK || (err = write_record(s, "encrypted-votes.bin", &file, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "authorizations/%s", s->call.authorizer[0].key.name);
	if ((err = write_record(s, path, &list, why)) != OK || (err = write_record(s, "confirmations", &confirmed, why)) != OK ||
	    (err = docnote_sign(&note, "authorizations", &s->call.hash, list.p, list.n, &s->authorizer_key, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "authorizations/%s.note", s->call.authorizer[0].key.name);
	if ((err = write_record(s, path, &note, why)) != OK)
		goto done;
	(void)strcpy(e->kind, "close");
	event_add(e, "size", "%" PRIu64, head.size);
	hash_hex(hex, &head.root);
	event_add(e, "root", "%s", hex);
	event_add(e, "checkpoint", "%s", buf_cstr(&checkpoint));
	add_digest(e, "sha256", EVP_sha256(), &file);
	add_digest(e, "sha512", EVP_sha512(), &file);
	add_digest(e, "sha3-256", EVP_sha3_256(), &file);
	add_digest(e, "authorizations", EVP_sha256(), &list);
	add_digest(e, "confirmations", EVP_sha256(), &confirmed);
	if ((err = append(s, e, &none, why)) == OK && (err = phase(s, 5, "end", why)) == OK)
		err = phase(s, 6, "begin", why);
done:
	free(e);
	buf_free(&file);
	buf_free(&entry);
	buf_free(&list);
	buf_free(&confirmed);
	buf_free(&note);
	buf_free(&checkpoint);
	return err;
}

static enum err
heartbeat(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	uint32_t authorized, confirmed;
	struct head head;
	char hex[65];
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "heartbeat");
	ledger_public_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	hash_hex(hex, &head.root);
	event_add(e, "size", "%" PRIu64, head.size);
	event_add(e, "root", "%s", hex);
	event_add(e, "authorizations", "%u", authorized);
	err = append(s, e, NULL, why);
	s->heartbeat_time = now_seconds();
	free(e);
	return err;
}

static enum err
clock_suspends(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "suspend");
	event_add(e, "cause", "clock");
	event_add(e, "jump", "%lld", (long long)(now_seconds() - monotonic_seconds() - s->monotonic_gap));
	say("the clock jumped: ", "authorizing and casting are suspended until the operator's signed resume");
	err = append(s, e, NULL, why);
	free(e);
	return err;
}

void
service_tick(struct service *s)
{
	const struct progress *p = &s->progress;
	struct why why = {""};
	enum err e = OK;
	int64_t now = now_seconds();

	(void)pthread_mutex_lock(&s->lock);
	if (!s->loaded || p->closed || p->cancelled)
		goto done;
	/* the deadline that was set by the monotonic clock closes, whatever the system clock says */
	if (llabs(now - monotonic_seconds() - s->monotonic_gap) > 30) {
		now = monotonic_seconds() + s->monotonic_gap;
		if (!p->clock && (p->begun >> 3 & 1) && (e = clock_suspends(s, &why)) != OK)
			say("error: ", why.text);
	}
	if (!(p->begun >> 3 & 1)) {
		if (now >= s->manifest->opens && now < p->closes)
			e = open_now(s, &why);
	} else if (!(p->begun >> 5 & 1)) {
		struct head last, public;

		ledger_head(s->ballots, &last, NULL);
		ledger_public_head(s->ballots, &public, NULL);
		if (now >= p->closes) {
			if ((e = phase(s, 3, "end", &why)) == OK && (e = phase(s, 4, "end", &why)) == OK)
				e = phase(s, 5, "begin", &why);
		} else if (last.size > public.size &&
		    ((now - s->head_time >= s->manifest->head_seconds && last.size - public.size >= s->manifest->head_ballots) ||
			now - s->head_time >= s->manifest->head_most)) {
			e = ledger_publish(s->ballots, &why);
			s->head_time = now;
		}
		if (e == OK && !(p->begun >> 5 & 1) && now - s->heartbeat_time >= s->manifest->heartbeat)
			e = heartbeat(s, &why);
	} else if (now >= p->closes + s->manifest->grace) {
		e = close_now(s, &why);
	}
	if (e != OK)
		say("error: ", why.text);
done:
	(void)pthread_mutex_unlock(&s->lock);
}

/* ---- starting and stopping ----------------------------------------------------------------- */

static enum err
open_key(struct service *s, struct signer *out, const char *path, const struct vkey *want, struct why *why)
{
	struct passphrase pass;
	enum err e;

	if ((e = passphrase_get(&pass, s->config.pass_file, "passphrase", why)) != OK)
		return e;
	e = key_signer(out, path, &pass, why);
	wipe(&pass, sizeof pass);
	if (e == OK && (memcmp(out->key, want->key, 32) != 0 || strcmp(out->name, want->name) != 0))
		e = why_set(why, ERR_PROOF, "%s is not the key %s that the call names", path, want->name);
	return e;
}

/* The one-time key keeps a token to one vote, also in a restored store. */
static int
ballot_key(const uint8_t *entry, size_t n, uint8_t key[32])
{
	struct ballot *b = malloc(sizeof *b);
	int good = b != NULL && ballot_read(b, entry, n) == OK;

	if (good)
		memcpy(key, b->key, 32);
	free(b);
	return good;
}

struct ledger_options
service_log(const struct service *s, const char *log, struct log_place *at)
{
	int ballots = strcmp(log, "ballots") == 0;

	(void)snprintf(at->store, sizeof at->store, "%s/%s", s->config.data, log);
	(void)snprintf(at->head, sizeof at->head, "%s/fence/%s.head", s->config.data, log);
	(void)snprintf(at->mirror, sizeof at->mirror, "%s/%s.mirror", s->config.mirror, log);
	return (struct ledger_options){.store = at->store, .head_file = at->head, .key = ballots ? &s->ballots_key : &s->events_key, .pool_ms = ballots ? 5 : 0,
	    .mirror = s->config.mirror[0] != '\0' ? at->mirror : NULL, .entry_key = ballots ? ballot_key : NULL};
}

enum err
service_open_keys(struct service *s, struct why *why)
{
	struct buf b = {0};
	enum err e;

	if ((e = record_file(s, "call.json", CALL_MAX_BYTES, &b, why)) != OK || (e = call_read(&s->call, b.p, b.n, why)) != OK ||
	    (e = signed_by(s, "call.json", "call", &b, &s->call.operator.key, why)) != OK ||
	    (e = signed_by(s, "call.json", "call", &b, &s->call.notary.key, why)) != OK ||
	    (e = open_key(s, &s->events_key, s->config.events_key, &s->call.log_events, why)) != OK ||
	    (e = open_key(s, &s->ballots_key, s->config.ballots_key, &s->call.log_ballots, why)) != OK ||
	    (e = open_key(s, &s->authorizer_key, s->config.authorizer_key, &s->call.authorizer[0].key, why)) != OK)
		why_prefix(why, e, "call or keys");
	buf_free(&b);
	return e;
}

enum err
service_start(struct service *s, struct why *why)
{
	struct log_place at;
	struct ledger_options o = service_log(s, "events", &at);
	char path[1200];
	enum err e;

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlock_init(&s->roll_lock, NULL);
	s->stage = "before";
	if ((e = service_open_keys(s, why)) != OK)
		goto done;
	if (s->config.mirror[0] != '\0' && (e = dir_make(s->config.mirror, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/fence", s->config.data);
	if ((e = dir_make(path, why)) != OK || (e = dir_make(s->config.outbox, why)) != OK)
		goto done;
	if (chmod(s->config.data, 0700) != 0 || chmod(s->config.outbox, 0700) != 0) {
		e = why_set(why, ERR_IO, "%s: cannot be made private", s->config.data);
		goto done;
	}
	if ((e = ledger_open(&s->events, &o, why)) != OK) {
		why_prefix(why, e, "events");
		goto done;
	}
	if ((e = replay(s, why)) != OK || (e = ledger_publish(s->events, why)) != OK)
		goto done;
	if (s->progress.begun == 0 && (e = phase(s, 1, "begin", why)) != OK)
		goto done;
	if (s->progress.opened) {
		if ((e = service_load(s, why)) != OK)
			goto done;
		s->heartbeat_time = s->head_time = now_seconds();
		if (s->progress.closed)
			ledger_seal(s->ballots);
	}
	e = service_export(s, why);
done:
	return e;
}

void
service_stop(struct service *s)
{
	ledger_close(s->ballots);
	ledger_close(s->events);
	registry_close(s->registry);
	logins_free(s->logins);
	for (unsigned i = 0; s->manifest != NULL && s->rsa != NULL && i < s->manifest->styles; i++) {
		rsa_secret_free(s->rsa[i]);
		rsa_public_free(s->rsa_public[i]);
	}
	free(s->rsa);
	free(s->rsa_public);
	wipe(s->roll_key, sizeof s->roll_key);
	if (s->person != NULL)
		wipe(s->person, s->persons * sizeof *s->person);
	free(s->person);
	roll_free(&s->roll);
	free(s->manifest);
	signer_close(&s->ballots_key);
	signer_close(&s->events_key);
	signer_close(&s->authorizer_key);
}

/* ---- operators ------------------------------------------------------------------------------- */

void
status_reply(struct service *s, struct reply *r)
{
	struct json_out o = json_out(&r->body);
	struct head head = {0};

	(void)pthread_mutex_lock(&s->lock);
	empty_root(&head.root);
	if (s->ballots != NULL)
		ledger_public_head(s->ballots, &head, NULL);
	json_begin(&o, NULL, '{');
	json_hash(&o, "call", &s->call.hash);
	if (s->loaded)
		json_hash(&o, "election", &s->election);
	json_text(&o, "state", s->stage);
	json_time(&o, "now", now_seconds());
	if (s->loaded) {
		json_time(&o, "opens", s->manifest->opens);
		json_time(&o, "closes", s->progress.closes);
	}
	json_begin(&o, "head", '{');
	json_int(&o, "size", (int64_t)head.size);
	json_hash(&o, "root", &head.root);
	json_end(&o, '}');
	json_end(&o, '}');
	(void)pthread_mutex_unlock(&s->lock);
}

/* Files that wait in the outbox; -1 if it cannot be read. */
static int64_t
outbox_count(const struct service *s)
{
	DIR *d = opendir(s->config.outbox);
	struct dirent *x;
	int64_t n = 0;

	if (d == NULL)
		return -1;
	while ((x = readdir(d)) != NULL)
		n += x->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* What each store holds, for the zero report. */
static void
zero(struct service *s, struct reply *r)
{
	struct json_out o = json_out(&r->body);
	struct head events, ballots = {0};
	uint32_t authorized = 0, confirmed = 0;

	(void)pthread_mutex_lock(&s->lock);
	ledger_public_head(s->events, &events, NULL);
	if (s->ballots != NULL)
		ledger_head(s->ballots, &ballots, NULL);
	if (s->registry != NULL)
		registry_counts(s->registry, &authorized, &confirmed);
	json_begin(&o, NULL, '{');
	json_int(&o, "ballots", (int64_t)ballots.size);
	json_int(&o, "authorizations", authorized);
	json_int(&o, "confirmations", confirmed);
	json_int(&o, "outbox", outbox_count(s));
	json_begin(&o, "events", '{');
	json_int(&o, "size", (int64_t)events.size);
	json_hash(&o, "root", &events.root);
	json_end(&o, '}');
	json_end(&o, '}');
	(void)pthread_mutex_unlock(&s->lock);
}

static void
metrics(struct service *s, struct reply *r)
{
	struct head events, ballots = {0};
	uint32_t authorized = 0, confirmed = 0;

	(void)pthread_mutex_lock(&s->lock);
	ledger_public_head(s->events, &events, NULL);
	if (s->ballots != NULL)
		ledger_public_head(s->ballots, &ballots, NULL);
	if (s->registry != NULL)
		registry_counts(s->registry, &authorized, &confirmed);
	r->type = "text/plain; version=0.0.4";
	buf_printf(&r->body,
	    "# TYPE urna_events_total counter\nurna_events_total %" PRIu64 "\n# TYPE urna_ballots_public gauge\nurna_ballots_public %" PRIu64
	    "\n# TYPE urna_authorizations gauge\nurna_authorizations %u\n# TYPE urna_confirmations gauge\nurna_confirmations %u\n"
	    "# TYPE urna_refusals_total counter\nurna_refusals_total %" PRIu64 "\n# TYPE urna_healthy gauge\nurna_healthy %d\n",
	    events.size, ballots.size, authorized, confirmed, s->refusals, ledger_state(s->events, NULL) == OK);
	(void)pthread_mutex_unlock(&s->lock);
}

static enum err
keep_files(struct service *s, struct json *files, const char *document, struct why *why)
{
	enum err e = OK;

	for (size_t i = 0; files != NULL && i < files->n && e == OK; i++) {
		size_t n = HTTP_MAX_BODY;
		uint8_t *p = malloc(n);
		struct hash h;
		char hex[65], path[1400];

		if (p == NULL || files->item[i]->text == NULL || base64_decode(p, &n, files->item[i]->text, strlen(files->item[i]->text)) != OK)
			e = why_set(why, ERR_FORMAT, "file %zu is not base64", i + 1);
		else {
			sha256(&h, p, n);
			hash_hex(hex, &h);
			(void)snprintf(path, sizeof path, "%s/documents", s->config.record);
			if (strstr(document, hex) == NULL)
				e = why_set(why, ERR_RANGE, "file %zu (SHA-256 %s) is not named in the document", i + 1, hex);
			else if ((e = dir_make(path, why)) == OK) {
				(void)snprintf(path, sizeof path, "%s/documents/%s", s->config.record, hex);
				e = file_write(path, p, n, 0644, why);
			}
		}
		free(p);
	}
	return e;
}

/* With the lock held: the sealed person of an `include` entry, kept before the entry. */
static enum err
keep_person(struct service *s, const char *text, struct why *why)
{
	uint8_t sealed[8192];
	size_t n = sizeof sealed;
	char path[1200];

	if (!s->loaded || base64_decode(sealed, &n, text, strlen(text)) != OK)
		return why_set(why, ERR_FORMAT, "the person is not base64, or no election is loaded");
	addition_path(s, s->roll.n, path);
	return file_write(path, sealed, n, 0600, why);
}

/* {"to": FOLDER}: copies of both stores, or both logs as files, made while the service runs. */
static void
copy_out(struct service *s, const struct request *q, struct reply *r, enum err (*copy)(struct ledger *, const char *, struct why *))
{
	struct json *root = NULL;
	struct why why = {""};
	struct fields f;
	char to[1024], path[1100];
	enum err e;

	if ((e = json_parse(&root, q->body, q->body_n, 4096, &why)) == OK) {
		f = fields_of(root, &why);
		field_copy(&f, "to", to, sizeof to);
		e = fields_end(&f);
	}
	json_free(root);
	if (e == OK && to[0] != '/')
		e = why_set(&why, ERR_RANGE, "give the folder from the root on (/...)");
	if (e == OK)
		e = dir_make(to, &why);
	if (e == OK) {
		(void)snprintf(path, sizeof path, "%s/events", to);
		e = copy(s->events, path, &why);
	}
	if (e == OK && s->ballots != NULL) {
		(void)snprintf(path, sizeof path, "%s/ballots", to);
		e = copy(s->ballots, path, &why);
	}
	if (e != OK)
		reply_error(r, e, why.text);
	else
		buf_str(&r->body, "{\"ok\": true}\n");
}

static void
submit(struct service *s, const struct request *q, struct reply *r)
{
	struct event *e = calloc(1, sizeof *e), *again = calloc(1, sizeof *again);
	struct json *root = NULL, *files = NULL;
	const char *person = NULL;
	struct why why = {""};
	struct buf entry = {0};
	struct json_out o;
	struct fields f;
	uint64_t index = 0;
	enum err err;

	if (e == NULL || again == NULL)
		abort();
	if ((err = json_parse(&root, q->body, q->body_n, HTTP_MAX_BODY, &why)) != OK)
		goto done;
	f = fields_of(root, &why);
	e->document = strdup(field_text(&f, "document", EVENT_MAX_BYTES));
	e->note = strdup(field_text(&f, "note", EVENT_MAX_BYTES));
	if (field_has(&f, "files"))
		files = field_array(&f, "files", 16);
	if (field_has(&f, "person"))
		person = field_text(&f, "person", 8192);
	if ((err = fields_end(&f)) != OK)
		goto done;
	/* read kind and facts the way everybody will read them from the log */
	(void)pthread_mutex_lock(&s->lock);
	e->scope = s->progress.opened ? s->progress.election : s->call.hash;
	(void)pthread_mutex_unlock(&s->lock);
	if ((err = event_write(&entry, e)) != OK || (err = event_read(again, entry.p, entry.n, &why)) != OK ||
	    (err = event_authorized(again, &s->call, &why)) != OK || (err = keep_files(s, files, e->document, &why)) != OK)
		goto done;
	(void)pthread_mutex_lock(&s->lock);
	if (person != NULL && (err = keep_person(s, person, &why)) != OK)
		(void)0;
	else if ((err = append(s, again, &index, &why)) == OK) {
		if (strcmp(again->kind, "resume") == 0 && strcmp(event_fact(again, "cause"), "clock") == 0)
			s->monotonic_gap = now_seconds() - monotonic_seconds(); /* the operator has looked at the clock */
		err = follow(s, again->kind, &why);
	} else if (err == ERR_NOT_NOW && !s->progress.sealed) {
		struct event *x = calloc(1, sizeof *x);

		if (x != NULL) { /* an operator's step out of order leaves a line */
			(void)strcpy(x->kind, "incident");
			event_add(x, "what", "step refused: %.900s", why.text);
			(void)append(s, x, NULL, NULL);
		}
		free(x);
	}
	(void)pthread_mutex_unlock(&s->lock);
done:
	if (err == OK) {
		o = json_out(&r->body);
		json_begin(&o, NULL, '{');
		json_int(&o, "index", (int64_t)index);
		json_end(&o, '}');
	} else
		reply_error(r, err, why.text);
	json_free(root);
	buf_free(&entry);
	event_free(e);
	event_free(again);
	free(e);
	free(again);
}

void
control_handle(void *ctx, const struct request *q, struct reply *r)
{
	struct service *s = ctx;
	struct why why = {""};
	enum err e;

	if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/status") == 0)
		status_reply(s, r);
	else if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/zero") == 0)
		zero(s, r);
	else if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/metrics") == 0)
		metrics(s, r);
	else if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/health") == 0) {
		e = ledger_state(s->events, &why);
		if (e == OK && s->ballots != NULL)
			e = ledger_state(s->ballots, &why);
		if (e != OK)
			reply_error(r, ERR_NOT_NOW, why.text);
		else
			buf_str(&r->body, "{\"ok\": true, \"reasons\": []}\n");
	} else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/backup") == 0)
		copy_out(s, q, r, ledger_backup);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/export") == 0)
		copy_out(s, q, r, ledger_export);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/event") == 0)
		submit(s, q, r);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/load") == 0) {
		if ((e = service_load(s, &why)) != OK)
			reply_error(r, e, why.text);
		else
			status_reply(s, r);
	} else
		reply_error(r, ERR_ABSENT, "no such resource");
}
