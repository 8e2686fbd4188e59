/* witness/authorizer_follow.c - what an authorizer reads of the election: the opening's documents and the log of events. */
#include "witness/authorizer_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/http_client.h"

enum { JUST_OPENED = 60 };

static enum err
copy_roll(struct roll *out, const struct roll *from)
{
	*out = *from;
	if ((out->row = malloc((from->n + 1u) * sizeof *out->row)) == NULL)
		return ERR_NOMEM;
	memcpy(out->row, from->row, from->n * sizeof *out->row);
	return OK;
}

static enum err
read_secrets(const struct authorizer *a, unsigned styles, struct rsa_secret ***out, struct why *why)
{
	struct buf sealed = {0};
	enum err e;

	if ((e = file_read(&sealed, a->rsa_keys, 16 << 20, why)) == OK &&
	    (e = authorizer_secrets_read(out, sealed.p, sealed.n, styles, &a->pass, &a->call->hash, why)) != OK)
		why_prefix(why, e, "%s", a->rsa_keys);
	buf_free(&sealed);
	return e;
}

enum err
authorizer_own_keys(struct authorizer *a, const struct record *r, struct why *why)
{
	struct rsa_secret **rsa = NULL;
	enum err e = read_secrets(a, r->m->styles, &rsa, why);

	for (unsigned i = 0; i < r->m->styles && e == OK; i++)
		if (!rsa_same_key(r->key[a->self - 1][i], rsa[i]))
			e = why_set(why, ERR_PROOF, "%s: the manifest shows another key for style %u than ours: this opening is refused", a->rsa_keys, i + 1);
	if (e == OK)
		a->rsa = rsa;
	else if (rsa != NULL)
		authorizer_secrets_free(rsa, r->m->styles);
	return e;
}

enum err
authorizer_try_keys(struct authorizer *a, struct why *why)
{
	struct rsa_secret **rsa = NULL;
	struct why none = {""};
	struct stat st;

	if (stat(a->rsa_keys, &st) != 0)
		return OK; /* not made yet */
	if (st.st_ino != a->tried_inode || st.st_mtim.tv_sec != a->tried.tv_sec || st.st_mtim.tv_nsec != a->tried.tv_nsec) {
		a->tried = st.st_mtim;
		a->tried_inode = st.st_ino;
		a->try_why = none;
		a->try_failed = read_secrets(a, 1, &rsa, &a->try_why);
		if (rsa != NULL)
			authorizer_secrets_free(rsa, 1);
		if (a->try_failed == ERR_FORMAT || a->try_failed == ERR_LENGTH)
			a->try_failed = OK; /* it opens; of how many styles it must be, the manifest will say */
	}
	if (a->try_failed != OK)
		*why = a->try_why;
	return a->try_failed;
}

enum err
authorizer_same_election(const struct authorizer *a, const struct hash *election, struct why *why)
{
	struct buf b = {0};
	char path[1100], hex[66];
	enum err e;

	authorizer_beside(a, "election", path);
	hash_hex(hex, election);
	e = file_read(&b, path, 100, NULL);
	if (e == OK && (b.n < 64 || memcmp(b.p, hex, 64) != 0))
		e = why_set(why, ERR_PROOF, "the authority shows another opening than the one this registry is of (%s): refused", path);
	else if (e == ERR_ABSENT) {
		(void)strcat(hex, "\n");
		e = file_write(path, hex, strlen(hex), 0600, why);
	}
	buf_free(&b);
	return e;
}

/* A registry may begin empty only as long as hardly anybody can have been authorized: until a minute after the box opened. */
static int
not_open_long(struct authorizer *a, const struct record *setup)
{
	struct record *r = calloc(1, sizeof *r);
	int good = 0;

	if (r != NULL) {
		r->src = source_http(a->box);
		r->call = *a->call;
		r->election = setup->election;
		good = record_events(r, NULL) == OK;
		for (uint64_t i = 0; i < r->entries; i++)
			if (strcmp(r->entry[i].kind, "phase") == 0 && strcmp(event_fact(&r->entry[i], "phase"), "3") == 0 && a->clock() > r->entry[i].time + JUST_OPENED)
				good = 0;
		record_free(r);
	}
	free(r);
	return good;
}

static enum err
open_registry(struct authorizer *a, const struct record *r, struct why *why)
{
	enum err e = authorizer_same_election(a, &r->election, why);

	if (e == OK && access(a->registry_path, F_OK) != 0)
		e = not_open_long(a, r) ? authorizations_create(a->registry_path, a->fence, r->roll.n, why)
					 : why_set(why, ERR_NOT_NOW, "%s is not there, and the election is open: put back its newest copy, if there is one, and run "
								     "urna-witness restore --registry --config FILE", a->registry_path);
	if (e == OK)
		e = registry_open(&a->registry, a->registry_path, a->fence, why);
	return e;
}

/* What is read from the account origin is also written to a folder of ours. */
struct tee {
	struct file_source from;
	char to[1100];
};

static enum err
read_and_keep(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct tee *t = ctx;
	struct buf file = {0};
	char full[1400];
	enum err e;

	if ((e = source_read(&t->from, path, max, &file, why)) == OK) {
		(void)snprintf(full, sizeof full, "%s/%.256s", t->to, path);
		*strrchr(full, '/') = '\0';
		if ((e = dir_make(full, why)) == OK) {
			(void)snprintf(full, sizeof full, "%s/%.256s", t->to, path);
			e = file_write(full, file.p, file.n, 0644, why);
		}
		buf_put(out, file.p, file.n);
	}
	buf_free(&file);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

static enum err
check_setup(struct authorizer *a, struct record *r, struct why *why)
{
	enum err e;

	if ((e = record_call(r, why)) == OK && !hash_equal(&r->call.hash, &a->call->hash))
		e = why_set(why, ERR_PROOF, "the authority shows another call than ours");
	if (e == OK && (e = record_key(r, why)) == OK && (e = record_setup(r, why)) == OK)
		e = record_opening(r, why);
	return e;
}

/* The box's log of events names this opening. One that was signed and not loaded may be given up for another, and binds nobody.
 * ERR_ABSENT: it names none yet; ERR_PROOF: another. */
static enum err
named_in_events(struct authorizer *a, const struct hash *election, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_http(a->box);
	r->call = *a->call;
	r->election = *election;
	if ((e = record_events(r, why)) == OK && !r->progress.opened)
		e = ERR_ABSENT;
	else if (e == OK && !hash_equal(&r->progress.election, election))
		e = why_set(why, ERR_PROOF, "events names another opening than the account origin shows");
	record_free(r);
	free(r);
	return e;
}

/* The opening and all it names, held against our call: from the account origin the first time, and from then on from the copy
 * that was kept, so that we can start, and help a registry that was lost, while the authority's service is down. */
enum err
authorizer_setup(struct authorizer *a, struct record *r, struct why *why)
{
	struct tee tee = {source_http(a->account), ""};
	struct buf note = {0};
	char kept[1100], opening[1200];
	enum err e;

	authorizer_beside(a, "setup", kept);
	(void)snprintf(opening, sizeof opening, "%s/opening.json", kept);
	if (access(opening, F_OK) == 0) {
		r->src = source_dir(kept);
		e = check_setup(a, r, why);
		r->src = (struct file_source){0};
		return e;
	}
	e = source_read(&tee.from, "opening.json.note", NOTE_MAX_BYTES, &note, NULL);
	buf_free(&note);
	if (e == ERR_ABSENT)
		return e; /* the day has not come */
	authorizer_beside(a, "setup.part", tee.to);
	r->src = (struct file_source){&tee, read_and_keep, NULL, NULL};
	if ((e = check_setup(a, r, why)) == OK && (e = named_in_events(a, &r->election, why)) == OK && rename(tee.to, kept) != 0)
		e = why_set(why, ERR_IO, "%s: %s", kept, strerror(errno));
	r->src = (struct file_source){0};
	return e;
}

static enum err
load(struct authorizer *a, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	struct roll roll = {0};
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	if ((e = authorizer_setup(a, r, why)) == OK && (e = copy_roll(&roll, &r->roll)) == OK && (a->rsa != NULL || (e = authorizer_own_keys(a, r, why)) == OK) &&
	    (a->registry != NULL || (e = open_registry(a, r, why)) == OK)) {
		(void)pthread_rwlock_wrlock(&a->lock);
		a->setup = *r;
		for (unsigned k = 0; k < MAX_AUTHORIZERS; k++)
			a->keys[k] = a->setup.key[k];
		a->roll = roll;
		a->loaded = 1;
		(void)pthread_rwlock_unlock(&a->lock);
	} else {
		roll_free(&roll);
		record_free(r);
	}
	free(r);
	return e;
}

/* The first `old->size` entries hash to old->root. */
static enum err
continues(const struct record *r, const struct head *old)
{
	struct frontier *f = calloc(1, sizeof *f);
	struct hash leaf, root;
	enum err e = f != NULL ? OK : ERR_NOMEM;

	if (e == OK && r->entries < old->size)
		e = ERR_PROOF;
	for (uint64_t i = 0; i < old->size && e == OK; i++) {
		struct buf b = {0};

		if ((e = event_write(&b, &r->entry[i])) == OK) {
			leaf_hash(&leaf, b.p, b.n);
			frontier_append(f, &leaf);
		}
		buf_free(&b);
	}
	if (e == OK) {
		frontier_root(&root, f);
		e = hash_equal(&root, &old->root) ? OK : ERR_PROOF;
	}
	free(f);
	return e;
}

/* Take over what events says now. */
static enum err
take_events(struct authorizer *a, struct record *r, struct why *why)
{
	enum err e = OK;

	(void)pthread_rwlock_wrlock(&a->lock);
	while (registry_rows(a->registry) < r->roll.n && e == OK)
		e = registry_extend(a->registry, why);
	if (e == OK) {
		struct roll old = a->roll;

		a->roll = r->roll;
		r->roll = old; /* freed with r */
		a->progress = r->progress;
		a->head = r->events_head;
		if (r->close != NULL && hex_decode(a->close_list.b, HASH_BYTES, event_fact(r->close, "authorizations"), strlen(event_fact(r->close, "authorizations"))) != OK)
			e = ERR_FORMAT;
	}
	(void)pthread_rwlock_unlock(&a->lock);
	return e;
}

static enum err
read_events(struct authorizer *a, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_http(a->box);
	r->call = *a->call;
	r->election = a->setup.election;
	r->m = a->setup.m;
	if ((e = copy_roll(&r->roll, &a->setup.roll)) == OK && (e = record_events(r, why)) == OK) {
		if (continues(r, &a->head) != OK) {
			e = why_set(why, ERR_PROOF, "events is not the log it was: the authority shows two histories; nothing is signed any more");
			(void)pthread_rwlock_wrlock(&a->lock);
			a->broken = e;
			(void)pthread_rwlock_unlock(&a->lock);
		} else if (r->progress.opened && !hash_equal(&r->progress.election, &a->setup.election))
			e = why_set(why, ERR_PROOF, "events names another opening than the account origin shows");
		else
			e = take_events(a, r, why);
	}
	r->m = NULL;
	record_free(r);
	free(r);
	return e;
}

enum err
authorizer_follow(struct authorizer *a, uint64_t size, struct why *why)
{
	enum err e = OK;

	(void)pthread_mutex_lock(&a->follow);
	if (a->broken != OK)
		e = why_set(why, a->broken, "events is forked");
	else if (!a->loaded)
		e = load(a, why);
	if (e == OK && (size == 0 || a->head.size < size))
		e = read_events(a, why);
	(void)pthread_mutex_unlock(&a->follow);
	return e;
}
