/* api/service.c - starting and stopping: keys, logs, and where the record stands. */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/relay.h"
#include "crypto/token.h"
#include "election/docnote.h"

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
	(void)snprintf(at->head, sizeof at->head, "%s/%s.head", s->config.fence, log);
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

/* Whoever copies `data` must not copy the fence with it, or two would sign. */
static enum err
fence_apart(const struct service *s, struct why *why)
{
	char *data = realpath(s->config.data, NULL), *fence = realpath(s->config.fence, NULL);
	size_t n = data != NULL ? strlen(data) : 0;
	enum err e = OK;

	if (data == NULL || fence == NULL)
		e = why_set(why, ERR_IO, "%s or %s cannot be found", s->config.data, s->config.fence);
	else if (strncmp(data, fence, n) == 0 && (fence[n] == '/' || fence[n] == '\0'))
		e = why_set(why, ERR_RANGE, "the fence %s lies in data, and would be copied with it: give it a folder elsewhere", fence);
	free(data);
	free(fence);
	return e;
}

/* A fence that is gone is not made anew: its heads would be missing all the same. */
static enum err
make_folders(const struct service *s, struct why *why)
{
	char store[1200];
	enum err e;

	(void)snprintf(store, sizeof store, "%s/events", s->config.data);
	if (access(store, F_OK) == 0 && access(s->config.fence, F_OK) != 0)
		return why_set(why, ERR_NOT_NOW, "the fence %s is not there, and %s was signed under one: put it back; nothing is signed without it", s->config.fence, store);
	if ((e = dir_make(s->config.data, why)) != OK || (e = dir_make(s->config.fence, why)) != OK || (e = dir_make(s->config.outbox, why)) != OK ||
	    (s->config.mirror[0] != '\0' && (e = dir_make(s->config.mirror, why)) != OK))
		return e;
	if (chmod(s->config.data, 0700) != 0 || chmod(s->config.fence, 0700) != 0 || chmod(s->config.outbox, 0700) != 0)
		return why_set(why, ERR_IO, "%s, %s or %s cannot be made private", s->config.data, s->config.fence, s->config.outbox);
	return fence_apart(s, why);
}

enum err
service_start(struct service *s, struct why *why)
{
	struct log_place at;
	struct ledger_options o = service_log(s, "events", &at);
	pthread_rwlockattr_t attr;
	enum err e;

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlockattr_init(&attr); /* an amendment does not wait for a pause between voters */
	(void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&s->roll_lock, &attr);
	(void)pthread_rwlock_init(&s->box_lock, &attr); /* nor does a suspension for a pause between ballots */
	(void)pthread_rwlockattr_destroy(&attr);
	s->view.stage = "before";
	if ((e = service_open_keys(s, why)) != OK)
		goto done;
	if ((e = make_folders(s, why)) != OK)
		goto done;
	if ((e = ledger_open(&s->events, &o, why)) != OK) {
		why_prefix(why, e, "events");
		goto done;
	}
	if ((e = events_replay(s, why)) != OK || (e = ledger_publish(s->events, why)) != OK)
		goto done;
	if (s->progress.begun == 0 && (e = events_phase(s, 1, "begin", why)) != OK)
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
