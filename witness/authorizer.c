#include "witness/authorizer_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLLOW_MS = 1000 };

void
authorizer_beside(const struct authorizer *a, const char *suffix, char out[1100])
{
	(void)snprintf(out, 1100, "%s.%s", a->registry_path, suffix);
}

void
authorizer_rows(struct authorizer *a, struct authorizations *x)
{
	*x = (struct authorizations){a->registry, a->call, a->setup.m, &a->roll, &a->setup.election, a->keys, a->self};
}

static void *
run(void *arg)
{
	struct authorizer *a = arg;
	struct timespec pause = {FOLLOW_MS / 1000, FOLLOW_MS % 1000 * 1000000};
	char said[sizeof a->trouble.text] = "";
	int was_ready = 0;

	for (;;) {
		struct why why = {""};
		int stop, ready;

		if (authorizer_follow(a, 0, &why) == OK)
			(void)!authorizer_finish(a, &why);
		else if (!a->loaded)
			(void)!authorizer_try_keys(a, &why);
		(void)pthread_rwlock_wrlock(&a->lock);
		a->trouble = why;
		stop = a->stopping;
		ready = authorizer_ready(a, NULL) == OK;
		(void)pthread_rwlock_unlock(&a->lock);
		if (stop)
			return NULL;
		if (strcmp(said, why.text) != 0 && why.text[0] != '\0')
			(void)fprintf(stderr, "authorizer: %s\n", why.text);
		(void)snprintf(said, sizeof said, "%s", why.text);
		if (ready && !was_ready)
			(void)fprintf(stderr, "authorizer: ready\n");
		was_ready = ready;
		(void)nanosleep(&pause, NULL);
	}
}

/* The folder of a file, private if it is made here. */
static enum err
make_folder(const char *file, struct why *why)
{
	char folder[1024];
	char *end;
	enum err e;

	(void)snprintf(folder, sizeof folder, "%s", file);
	if ((end = strrchr(folder, '/')) == NULL || end == folder)
		return OK;
	*end = '\0';
	if (access(folder, F_OK) == 0)
		return OK;
	if ((e = dir_make(folder, why)) == OK && chmod(folder, 0700) != 0)
		e = why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
	return e;
}

/* A fence that is gone is not made anew for a registry that had one. */
static enum err
make_folders(const struct authorizer_options *o, struct why *why)
{
	enum err e = make_folder(o->registry, why);

	return e == OK && access(o->registry, F_OK) != 0 ? make_folder(o->fence, why) : e;
}

static enum err
prepare(struct authorizer **out, const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = calloc(1, sizeof *a);
	char path[1100];
	enum err e;

	if (a == NULL)
		return ERR_NOMEM;
	a->call = o->call;
	a->clock = o->clock;
	a->lock_fd = -1;
	(void)snprintf(a->rsa_keys, sizeof a->rsa_keys, "%s", o->rsa_keys);
	(void)snprintf(a->registry_path, sizeof a->registry_path, "%s", o->registry);
	(void)snprintf(a->fence, sizeof a->fence, "%s", o->fence);
	(void)snprintf(a->account, sizeof a->account, "%s/record", o->call->account);
	(void)snprintf(a->box, sizeof a->box, "%s", o->call->box);
	empty_root(&a->head.root);
	(void)pthread_mutex_init(&a->follow, NULL);
	(void)pthread_rwlock_init(&a->lock, NULL);
	authorizer_beside(a, "lock", path);
	if ((e = passphrase_get(&a->pass, o->pass_file, "passphrase", why)) != OK || (e = keyfile_signer(&a->key, o->key, &a->pass, why)) != OK)
		goto done;
	a->self = call_authorizer(o->call, a->key.name);
	if (a->self < 2 || memcmp(a->key.key, o->call->authorizer[a->self - 1].key.key, sizeof o->call->authorizer[0].key.key) != 0) {
		e = why_set(why, ERR_PROOF, "%s is not the key of an authorizer of the call (the first, the authority's, runs in urnad)", o->key);
		goto done;
	}
	if ((e = make_folders(o, why)) != OK)
		goto done;
	a->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (a->lock_fd < 0 || flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0)
		e = why_set(why, ERR_NOT_NOW, "%s: %s", path, a->lock_fd < 0 ? strerror(errno) : "another process has this registry");
done:
	if (e != OK)
		authorizer_close(a);
	else
		*out = a;
	return e;
}

enum err
authorizer_open(struct authorizer **out, const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = NULL;
	char path[1100];
	enum err e;

	if ((e = prepare(&a, o, why)) != OK)
		return e;
	authorizer_beside(a, "list.event", path);
	a->finished = access(path, F_OK) == 0;
	if (pthread_create(&a->thread, NULL, run, a) != 0) {
		authorizer_close(a);
		return ERR_NOMEM;
	}
	a->thread_runs = 1;
	*out = a;
	return OK;
}

void
authorizer_close(struct authorizer *a)
{
	if (a == NULL)
		return;
	if (a->thread_runs) {
		(void)pthread_rwlock_wrlock(&a->lock);
		a->stopping = 1;
		(void)pthread_rwlock_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	registry_close(a->registry);
	if (a->rsa != NULL)
		authorizer_secrets_free(a->rsa, a->setup.m != NULL ? a->setup.m->styles : 0);
	roll_free(&a->roll);
	record_free(&a->setup);
	signer_close(&a->key);
	if (a->lock_fd >= 0)
		(void)close(a->lock_fd);
	(void)pthread_mutex_destroy(&a->follow);
	(void)pthread_rwlock_destroy(&a->lock);
	wipe(a, sizeof *a);
	free(a);
}

enum err
authorizer_restore(const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = NULL;
	struct authorizations x;
	struct record *r = calloc(1, sizeof *r);
	struct refill done;
	enum err e = r != NULL ? prepare(&a, o, why) : ERR_NOMEM;

	if (e != OK) {
		free(r);
		return e;
	}
	if ((e = authorizer_setup(a, r, why)) == OK && (e = authorizer_same_election(a, &r->election, why)) == OK)
		e = refill_open(&a->registry, a->registry_path, a->fence, r->roll.n, why);
	record_free(r);
	free(r);
	if (e == OK && (e = authorizer_follow(a, 0, why)) == OK) {
		authorizer_rows(a, &x);
		if ((e = registry_complete(&x, &a->key, a->rsa, &done, why)) == OK)
			refill_say(&done);
	}
	authorizer_close(a);
	return e;
}
