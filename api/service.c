#include "api/relay.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/token.h"
#include "election/docnote.h"

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
	int local;
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
		c.patience = field_has(&f, "authorizer_patience_seconds") ? (unsigned)field_int(&f, "authorizer_patience_seconds", 1, 3600) : 60;
		if (field_has(&f, "mirror"))
			field_copy(&f, "mirror", c.mirror, sizeof c.mirror);
		/* behind a proxy on this machine all requests come from one address, and the proxy counts */
		local = strncmp(c.address, "127.", 4) == 0 || strcmp(c.address, "::1") == 0;
		c.per_address = local ? 0 : 64;
		c.rate = local ? 0 : 100;
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

/* Nobody casts while suspended, in the grace neither. Waits for ballots that are on their way into the log. */
static void
restage(struct service *s)
{
	const struct progress *p = &s->progress;
	const char *stage = p->sealed	     ? "sealed"
	    : p->cancelled		     ? "cancelled"
	    : p->closed			     ? "closed"
	    : p->suspended || p->clock	     ? "suspended"
	    : (p->begun >> 5 & 1)	     ? "grace"
	    : (p->begun >> 3 & 1)	     ? "open"
					     : "before";

	if (stage == s->stage)
		return;
	(void)pthread_rwlock_wrlock(&s->box_lock);
	s->stage = stage;
	(void)pthread_rwlock_unlock(&s->box_lock);
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

/* Whether an entry that replaces a party of the call can be carried out; nothing changes yet. */
static enum err
prepare_call(const struct service *s, const struct event *e, struct why *why)
{
	struct call *try = replaces(e) ? malloc(sizeof *try) : NULL;
	enum err err;

	if (!replaces(e))
		return OK;
	if (try == NULL)
		return ERR_NOMEM;
	*try = s->call;
	err = replace_apply(try, e, why);
	free(try);
	return err;
}

/* What cannot be read again would stop every reader of the log for good. */
static enum err
readable(const struct buf *entry, struct why *why)
{
	struct event *again = calloc(1, sizeof *again);
	enum err err = again != NULL ? event_read(again, entry->p, entry->n, why) : ERR_NOMEM;

	if (err == OK)
		event_free(again);
	free(again);
	return err;
}

/* Whether an entry that changes the roll can be carried out; nothing changes yet. */
static enum err
prepare_roll(struct service *s, const struct event *e, struct why *why)
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

static enum err heartbeat(struct service *s, int force, struct why *why);

static void
stamp(const struct service *s, struct event *e)
{
	const struct progress *p = &s->progress;

	e->time = now_seconds();
	if (e->time < p->last)
		e->time = p->last;
	if (strcmp(e->kind, "opening") != 0)
		e->scope = p->opened ? p->election : s->call.hash;
}

/* A head of ballots stands at both ends of a suspension: right after the entry that begins it (also when urnad died in
 * between), right before the one that ends it. */
static enum err
head_before(struct service *s, struct event *e, struct why *why)
{
	struct progress next = s->progress;
	int resume = strcmp(e->kind, "resume") == 0;

	if (s->ballots == NULL || strcmp(e->kind, "heartbeat") == 0 || (!next.after_suspend && !resume))
		return OK;
	stamp(s, e);
	if (resume && (next.after_heartbeat || progress_apply(&next, e, &s->call, NULL) != OK))
		return OK;
	return heartbeat(s, 1, why);
}

/* One entry, with the lock held. */
static enum err
append_one(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	struct progress next = s->progress;
	struct buf entry = {0};
	uint64_t at;
	enum err err;

	stamp(s, e);
	if ((err = progress_apply(&next, e, &s->call, why)) != OK || (err = used_check(&s->used, e, why)) != OK || (err = prepare_call(s, e, why)) != OK)
		goto done;
	if ((err = event_write(&entry, e)) != OK) {
		(void)why_set(why, err, "%s: the entry is too long", e->kind);
		goto done;
	}
	if ((err = readable(&entry, why)) != OK || (s->loaded && (err = prepare_roll(s, e, why)) != OK))
		goto done;
	if ((err = ledger_append(s->events, entry.p, entry.n, NULL, &at, NULL, why)) != OK || (err = ledger_publish(s->events, why)) != OK)
		goto done;
	s->progress = next;
	restage(s);
	if ((err = used_add(&s->used, e, why)) != OK || (err = replace_apply(&s->call, e, why)) != OK)
		goto done;
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

/* With the lock held. */
static enum err
append(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	enum err err = head_before(s, e, why);

	if (err == OK)
		err = append_one(s, e, index, why);
	if (err == OK && strcmp(e->kind, "suspend") == 0 && s->ballots != NULL)
		err = heartbeat(s, 1, why);
	return err;
}

/* With the lock held: an operator's step out of order leaves a line. */
static void
step_refused(struct service *s, const struct why *why)
{
	struct event *x = s->progress.sealed ? NULL : calloc(1, sizeof *x);

	if (x == NULL)
		return;
	(void)strcpy(x->kind, "incident");
	event_add(x, "what", "step refused: %.900s", why->text);
	(void)append(s, x, NULL, NULL);
	free(x);
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
		if (e == OK && (e = used_add(&s->used, x, why)) == OK)
			e = replace_apply(&s->call, x, why);
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
service_file(struct service *s, const char *name, size_t max, struct buf *out, struct why *why)
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
	if ((e = service_file(s, path, 65536, &note, why)) == OK)
		e = docnote_verify(note.p, note.n, purpose, &s->call.hash, document->p, document->n, key, why);
	buf_free(&note);
	return e == OK ? OK : why_prefix(why, e, "%s", name);
}

/* The authority's own RSA keys, which must be those that it published. */
static enum err
load_rsa(struct service *s, struct why *why)
{
	struct passphrase pass = {"", 0};
	struct buf sealed = {0};
	enum err e;

	if ((e = passphrase_get(&pass, s->config.pass_file, "passphrase", why)) == OK && (e = file_read(&sealed, s->config.rsa_keys, 16 << 20, why)) == OK &&
	    (e = authorizer_secrets_read(&s->rsa, sealed.p, sealed.n, s->manifest->styles, &pass, &s->call.hash, why)) == OK)
		for (unsigned i = 0; i < s->manifest->styles && e == OK; i++)
			if (!rsa_same_key(s->rsa_public[0][i], s->rsa[i]))
				e = why_set(why, ERR_PROOF, "style %u has another key than was published", i + 1);
	wipe(&pass, sizeof pass);
	buf_free(&sealed);
	return e == OK ? OK : why_prefix(why, e, "%s", s->config.rsa_keys);
}

static enum err
load_people(struct service *s, struct why *why)
{
	struct buf b = {0}, sealed = {0};
	struct person *more;
	uint8_t key[32];
	enum err e;

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
	if (s->persons != s->roll.n)
		e = why_set(why, ERR_RANGE, "the private roll has %u people, the public one %u", s->persons, s->roll.n);
done:
	wipe(key, sizeof key);
	buf_free(&b);
	buf_free(&sealed);
	return e;
}

/* The opening and all that it names, read and checked as everybody reads them. */
static enum err
load_documents(struct service *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_dir(s->config.record);
	if ((e = record_call(r, why)) == OK && !hash_equal(&r->call.hash, &s->call.hash))
		e = why_set(why, ERR_PROOF, "call.json is another one than at the start");
	if (e == OK && (e = record_key(r, why)) == OK && (e = record_setup(r, why)) == OK && (e = record_opening(r, why)) == OK) {
		s->manifest = r->m;
		s->roll = r->roll;
		s->joint = r->joint;
		s->election = r->election;
		for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
			s->rsa_keys[a] = s->rsa_public[a] = r->key[a];
		r->m = NULL; /* what was taken over is not freed here */
		memset(&r->roll, 0, sizeof r->roll);
		memset(r->key, 0, sizeof r->key);
	}
	record_free(r);
	free(r);
	if (e == OK && (e = load_rsa(s, why)) == OK)
		e = load_people(s, why);
	return e;
}

void
service_authorizations(struct service *s, struct authorizations *out)
{
	*out = (struct authorizations){s->registry, &s->call, s->manifest, &s->roll, &s->election, s->rsa_keys, 1};
}

static void
registry_place(const struct service *s, char store[1200], char fence[1200])
{
	(void)snprintf(store, 1200, "%s/registry.sqlite", s->config.data);
	(void)snprintf(fence, 1200, "%s/fence/registry.count", s->config.data);
}

static enum err
open_stores(struct service *s, struct why *why)
{
	struct log_place at;
	struct ledger_options o = service_log(s, "ballots", &at);
	char store[1200], fence[1200];
	enum err e;

	if ((e = ledger_open(&s->ballots, &o, why)) != OK)
		return why_prefix(why, e, "ballots");
	registry_place(s, store, fence);
	if (access(store, F_OK) != 0 && !s->progress.opened && (e = authorizations_create(store, fence, s->roll.n, why)) != OK)
		return e;
	if (access(store, F_OK) != 0)
		return why_set(why, ERR_NOT_NOW, "%s is gone, and the election was opened: put back its newest copy, if there is one, and run urnad restore --registry --config FILE", store);
	if ((e = registry_open(&s->registry, store, fence, why)) != OK)
		return e;
	if (registry_refused(s->registry, NULL))
		say("registry: ", "an older copy, or its fence is gone: nobody is authorized until urnad restore --registry has completed it");
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
	if (s->loaded) {
		err = why_set(why, ERR_NOT_NOW, "an opening is loaded already");
		step_refused(s, why);
	} else if ((err = load_documents(s, why)) == OK && (err = open_stores(s, why)) == OK && !s->progress.opened) {
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
	if (err == OK && s->progress.after_suspend)
		err = heartbeat(s, 1, why); /* urnad died before it */
	if (err == OK && s->call.authorizers > 1)
		err = relay_start(&s->relay, s, why);
	if (err == OK) {
		s->loaded = 1;
		s->steady_gap = now_seconds() - steady_seconds();
	}
	free(e);
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

/* ---- the hour ------------------------------------------------------------------------------ */

static int64_t outbox_count(const struct service *s);

/* The set of authorizers whose signatures make a token from here on. */
static enum err
announce(struct service *s, unsigned set, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "authorizers");
	event_add(e, "set", "%u", set);
	err = append(s, e, NULL, why);
	free(e);
	return err;
}

static enum err
open_now(struct service *s, struct why *why)
{
	uint32_t authorized, confirmed;
	struct head head;
	enum err err;

	ledger_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	if (head.size != 0 || authorized != 0 || confirmed != 0 || outbox_count(s) != 0)
		err = why_set(why, ERR_NOT_NOW, "the box, the registry or the outbox is not empty: the election does not open");
	else if ((err = phase(s, 2, "end", why)) == OK && (err = phase(s, 3, "begin", why)) == OK && (err = phase(s, 4, "begin", why)) == OK) {
		err = announce(s, s->relay != NULL ? relay_set(s->relay, 0, s->config.patience) : 1, why);
	}
	s->opened_at = now_seconds();
	s->heartbeat_time = steady_seconds();
	return err;
}

static enum err
write_votes(struct service *s, uint64_t size, struct digests *digests, struct why *why)
{
	struct outfile *f = NULL;
	struct buf piece = {0}, entry = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/encrypted-votes.bin", s->config.record);
	if ((e = outfile_open(&f, path, 0644, why)) != OK)
		return e;
	encrypted_votes_begin(&piece, &s->election, size);
	for (uint64_t i = 0; i < size && e == OK; i++) {
		entry.n = 0;
		if ((e = ledger_read(s->ballots, i, &entry, why)) == OK)
			buf_vec32(&piece, entry.p, entry.n);
		outfile_put(f, piece.p, piece.n);
		piece.n = 0;
	}
	outfile_put(f, piece.p, piece.n);
	if (e == OK && piece.failed)
		e = ERR_NOMEM;
	if (e == OK)
		e = outfile_close(f, digests, why);
	else
		outfile_drop(f);
	buf_free(&piece);
	buf_free(&entry);
	return e;
}

static enum err
write_confirmations(struct service *s, struct digests *digests, struct why *why)
{
	struct outfile *f = NULL;
	struct buf piece = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/confirmations", s->config.record);
	if ((e = outfile_open(&f, path, 0644, why)) != OK)
		return e;
	confirmations_begin(&piece, &s->election, s->roll.n);
	for (uint32_t i = 0; i < s->roll.n && e == OK; i++) {
		struct registry_row row = {0};

		if ((e = registry_get(s->registry, i, &row, why)) == OK)
			confirmations_row(&piece, row.confirmed ? row.confirmation : NULL);
		registry_row_free(&row);
		outfile_put(f, piece.p, piece.n);
		piece.n = 0;
	}
	outfile_put(f, piece.p, piece.n);
	if (e == OK && piece.failed)
		e = ERR_NOMEM;
	if (e == OK)
		e = outfile_close(f, digests, why);
	else
		outfile_drop(f);
	buf_free(&piece);
	return e;
}

static void
add_bytes(struct event *e, const char *name, const void *p, size_t n)
{
	char hex[129];

	hex_encode(hex, p, n);
	event_add(e, name, "%s", hex);
}

/* encrypted-votes.bin, the authority's list, the confirmations, then the close entry. */
static enum err
close_now(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	struct buf whole = {0}, checkpoint = {0};
	struct authorizations own;
	struct digests votes, confirmed;
	struct hash list;
	struct head head;
	char path[1400];
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	ledger_seal(s->ballots);
	if ((err = ledger_publish(s->ballots, why)) != OK)
		goto done;
	ledger_public_head(s->ballots, &head, &whole);
	if ((err = checkpoint_bare(&checkpoint, whole.p, whole.n, &s->call.log_ballots, why)) != OK) /* cosignatures may come later */
		goto done;
	service_authorizations(s, &own);
	(void)snprintf(path, sizeof path, "%s/authorizations", s->config.record);
	if ((err = dir_make(path, why)) != OK || (err = write_votes(s, head.size, &votes, why)) != OK || (err = write_confirmations(s, &confirmed, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/authorizations/%s", s->config.record, s->call.authorizer[0].key.name);
	if ((err = authorizations_list(&own, path, &s->authorizer_key, &list, why)) != OK)
		goto done;
	(void)strcpy(e->kind, "close");
	event_add(e, "size", "%" PRIu64, head.size);
	add_bytes(e, "root", head.root.b, HASH_BYTES);
	event_add(e, "checkpoint", "%s", buf_cstr(&checkpoint));
	add_bytes(e, "sha256", votes.sha256.b, HASH_BYTES);
	add_bytes(e, "sha512", votes.sha512, sizeof votes.sha512);
	add_bytes(e, "sha3-256", votes.sha3_256, sizeof votes.sha3_256);
	add_bytes(e, "authorizations", list.b, HASH_BYTES);
	add_bytes(e, "confirmations", confirmed.sha256.b, HASH_BYTES);
	if ((err = append(s, e, NULL, why)) == OK && (err = phase(s, 5, "end", why)) == OK)
		err = phase(s, 6, "begin", why);
done:
	free(e);
	buf_free(&whole);
	buf_free(&checkpoint);
	return err;
}

/* Seconds since the last head, if they are more than there may be between two: urnad or its store was down. A suspension
 * by the clock says for itself that times prove nothing. */
static int64_t
late(const struct service *s)
{
	const struct progress *p = &s->progress;
	int64_t gap = now_seconds() - p->head_time;

	return (p->begun >> 3 & 1) && !(p->ended >> 3 & 1) && !p->clock && gap >= (int64_t)heartbeat_gap(s->manifest) ? gap : 0;
}

/* The last public head; `force`: of all ballots so far. */
static enum err
heartbeat(struct service *s, int force, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	uint32_t authorized, confirmed;
	struct head head;
	char hex[65];
	enum err err = OK;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "heartbeat");
	if ((force || s->progress.after_suspend) && (err = ledger_publish(s->ballots, why)) != OK)
		goto done;
	ledger_public_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	hash_hex(hex, &head.root);
	event_add(e, "size", "%" PRIu64, head.size);
	event_add(e, "root", "%s", hex);
	event_add(e, "authorizations", "%u", authorized);
	if (registry_refused(s->registry, NULL)) /* an older copy was put back: its count is that of another day */
		event_add(e, "registry", "incomplete");
	if (late(s) > 0)
		event_add(e, "late", "%lld", (long long)late(s));
	err = append_one(s, e, NULL, why);
	s->heartbeat_time = steady_seconds();
done:
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
	event_add(e, "jump", "%lld", (long long)(now_seconds() - steady_seconds() - s->steady_gap));
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
	/* the deadline that was set by the steady clock closes, whatever the system clock says */
	if (llabs(now - steady_seconds() - s->steady_gap) > 30) {
		now = steady_seconds() + s->steady_gap;
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
		if (steady_seconds() - s->heartbeat_time >= s->manifest->heartbeat)
			e = heartbeat(s, 0, &why);
		if (e == OK && now >= p->closes) {
			if ((e = phase(s, 3, "end", &why)) == OK && (e = phase(s, 4, "end", &why)) == OK)
				e = phase(s, 5, "begin", &why);
		} else if (e == OK && last.size > public.size &&
		    ((now - s->head_time >= s->manifest->head_seconds && last.size - public.size >= s->manifest->head_ballots) ||
			now - s->head_time >= s->manifest->head_most)) {
			e = ledger_publish(s->ballots, &why);
			s->head_time = now;
		}
		if (e == OK && s->relay != NULL && !(p->begun >> 5 & 1)) {
			unsigned set = relay_set(s->relay, p->set, s->config.patience);

			if (set != p->set)
				e = announce(s, set, &why);
		}
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

	if ((e = service_file(s, "call.json", CALL_MAX_BYTES, &b, why)) != OK || (e = call_read(&s->call, b.p, b.n, why)) != OK ||
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
	pthread_rwlockattr_t attr;
	char path[1200];
	enum err e;

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlockattr_init(&attr); /* an amendment does not wait for a pause between voters */
	(void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&s->roll_lock, &attr);
	(void)pthread_rwlock_init(&s->box_lock, &attr); /* nor does a suspension for a pause between ballots */
	(void)pthread_rwlockattr_destroy(&attr);
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
		s->head_time = now_seconds();
		s->heartbeat_time = steady_seconds() - s->manifest->heartbeat; /* one is due at once */
		if (s->progress.closed)
			ledger_seal(s->ballots);
	}
	e = service_export(s, why);
done:
	return e;
}

static enum err
amended_roll(struct service *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_dir(s->config.record);
	r->call = s->call;
	r->election = s->election;
	r->m = s->manifest;
	r->roll = s->roll;
	e = record_events(r, why);
	s->roll = r->roll;
	r->m = NULL;
	memset(&r->roll, 0, sizeof r->roll);
	record_free(r);
	free(r);
	return e;
}

enum err
service_complete_registry(struct service *s, struct refill *done, struct why *why)
{
	char store[1200], fence[1200], lock[1300];
	struct authorizations own;
	int fd;
	enum err e;

	registry_place(s, store, fence);
	(void)snprintf(lock, sizeof lock, "%s/fence/events.head.lock", s->config.data);
	if ((fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return why_set(why, ERR_NOT_NOW, "urnad is running (or %s cannot be opened): stop it first", lock);
	if ((e = load_documents(s, why)) == OK && (e = amended_roll(s, why)) == OK && (e = refill_open(&s->registry, store, fence, s->roll.n, why)) == OK) {
		service_authorizations(s, &own);
		e = registry_complete(&own, &s->authorizer_key, s->rsa, done, why);
	}
	(void)close(fd);
	return e;
}

void
service_stop(struct service *s)
{
	relay_stop(s->relay);
	ledger_close(s->ballots);
	ledger_close(s->events);
	registry_close(s->registry);
	logins_free(s->logins);
	for (unsigned a = 0; s->manifest != NULL && a < MAX_AUTHORIZERS; a++) {
		for (unsigned i = 0; s->rsa_public[a] != NULL && i < s->manifest->styles; i++)
			rsa_public_free(s->rsa_public[a][i]);
		free(s->rsa_public[a]);
	}
	authorizer_secrets_free(s->rsa, s->manifest != NULL ? s->manifest->styles : 0);
	wipe(s->roll_key, sizeof s->roll_key);
	if (s->person != NULL)
		wipe(s->person, s->persons * sizeof *s->person);
	free(s->person);
	roll_free(&s->roll);
	used_free(&s->used);
	free(s->manifest);
	signer_close(&s->ballots_key);
	signer_close(&s->events_key);
	signer_close(&s->authorizer_key);
}

/* ---- operators ------------------------------------------------------------------------------- */

void
status_reply(struct service *s, struct http_reply *r)
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
zero(struct service *s, struct http_reply *r)
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
metrics(struct service *s, struct http_reply *r)
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
	for (unsigned a = 1; s->relay != NULL && a < s->call.authorizers; a++) {
		uint64_t pending;
		int good = relay_answers(s->relay, a + 1, &pending);

		buf_printf(&r->body, "urna_authorizer_answers{name=\"%s\"} %d\nurna_authorizer_pending{name=\"%s\"} %" PRIu64 "\n", s->call.authorizer[a].key.name, good,
		    s->call.authorizer[a].key.name, pending);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static enum err
keep_files(struct service *s, struct json *files, const char *document, struct why *why)
{
	enum err e = OK;

	for (size_t i = 0; files != NULL && i < files->n && e == OK; i++) {
		size_t n = MAX_BODY;
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
copy_out(struct service *s, const struct http_request *q, struct http_reply *r, enum err (*copy)(struct ledger *, const char *, struct why *))
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
submit(struct service *s, const struct http_request *q, struct http_reply *r)
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
	if ((err = json_parse(&root, q->body, q->body_n, MAX_BODY, &why)) != OK)
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
	if ((err = event_write(&entry, e)) != OK || (err = event_read(again, entry.p, entry.n, &why)) != OK)
		goto done;
	(void)pthread_mutex_lock(&s->lock);
	err = event_authorized(again, &s->call, &why);
	(void)pthread_mutex_unlock(&s->lock);
	if (err != OK || (err = keep_files(s, files, e->document, &why)) != OK)
		goto done;
	(void)pthread_mutex_lock(&s->lock);
	if (person != NULL && (err = keep_person(s, person, &why)) != OK)
		(void)0;
	else if ((err = append(s, again, &index, &why)) == OK) {
		if (strcmp(again->kind, "resume") == 0 && strcmp(event_fact(again, "cause"), "clock") == 0)
			s->steady_gap = now_seconds() - steady_seconds(); /* the operator has looked at the clock */
		err = follow(s, again->kind, &why);
	} else if (err == ERR_NOT_NOW)
		step_refused(s, &why);
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
control_handle(void *ctx, const struct http_request *q, struct http_reply *r)
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
