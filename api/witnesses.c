#include "api/witnesses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/http_client.h"

enum { REQUEST_SECONDS = 5, RETRY_SECONDS = 2, LOGS = 2 };

/* What one witness cosigned of one log. */
struct asked {
	uint64_t size; /* the last size that it cosigned, as far as we know; it corrects us by 409 */
	struct head done;
	int any;
	int64_t not_before; /* steady */
	int complained;
};

struct asker {
	struct witnesses *all;
	unsigned number;    /* in the call, from 0 */
	struct party party; /* who stands there now */
	pthread_t thread;
	struct asked log[LOGS];
};

struct witnesses {
	struct service *s;
	struct asker *asker;
	unsigned n;
	pthread_mutex_t lock;
	int stopping;
};

static const char *const names[LOGS] = {"events", "ballots"};

static void
complain(struct asker *a, struct asked *k, const char *text)
{
	k->not_before = steady_seconds() + RETRY_SECONDS;
	if (!k->complained++)
		(void)fprintf(stderr, "witness %s: %s; asked again every %d s\n", a->party.key.name, text, RETRY_SECONDS);
}

/* "old N", the proof, an empty line, the checkpoint. */
static enum err
request(struct buf *out, struct ledger *l, uint64_t old, const struct head *head, const struct buf *checkpoint)
{
	struct hash path[MERKLE_MAX_PATH];
	char text[48];
	size_t n = 0;
	enum err e;

	if ((e = ledger_consistency(l, old, head->size, path, &n, NULL)) != OK)
		return e;
	buf_printf(out, "old %" PRIu64 "\n", old);
	for (size_t i = 0; i < n; i++) {
		base64_encode(text, path[i].b, HASH_BYTES);
		buf_printf(out, "%s\n", text);
	}
	buf_str(out, "\n");
	buf_put(out, checkpoint->p, checkpoint->n);
	return out->failed ? ERR_NOMEM : OK;
}

/* The line of the answer that is this witness's, if it is true. */
static enum err
take_line(struct buf *line, const struct vkey *key, const struct buf *checkpoint, const struct buf *answer)
{
	struct note_signature s;
	struct buf whole = {0};
	struct note before, note;
	size_t count = 0;
	enum err e = ERR_FORMAT;

	buf_put(&whole, checkpoint->p, checkpoint->n);
	buf_put(&whole, answer->p, answer->n);
	if (!whole.failed && note_read(&before, checkpoint->p, checkpoint->n, NULL) == OK && note_read(&note, whole.p, whole.n, NULL) == OK &&
	    checkpoint_cosigners(&count, whole.p, whole.n, key, 1, NULL) == OK && count == 1)
		for (size_t i = before.signatures; i < note.signatures && e != OK; i++)
			if (note_signature(&note, i, &s) == OK && note_signature_by(&s, key)) {
				buf_put(line, s.line, s.line_n);
				e = line->failed ? ERR_NOMEM : OK;
			}
	buf_free(&whole);
	return e;
}

/* The record's copy of a checkpoint gets the cosignature as long as it is of this head and the record is not sealed. */
static void
update_record(struct service *s, struct ledger *l, const char *log, const struct head *head)
{
	struct buf file = {0}, note = {0};
	struct checkpoint have;
	struct head now;
	struct why why;
	char path[1200], done[1200];

	(void)snprintf(path, sizeof path, "%s/%s/checkpoint", s->config.record, log);
	(void)snprintf(done, sizeof done, "%s/hashes.sha256", s->config.record);
	(void)pthread_mutex_lock(&s->lock);
	ledger_public_head(l, &now, &note);
	if (access(done, F_OK) != 0 && (strcmp(log, "events") == 0 || !s->progress.sealed) && now.size == head->size && file_read(&file, path, NOTE_MAX_BYTES, NULL) == OK &&
	    checkpoint_read(&have, file.p, file.n, NULL) == OK && have.head.size == now.size && hash_equal(&have.head.root, &now.root) &&
	    file_write(path, note.p, note.n, 0644, &why) != OK)
		(void)fprintf(stderr, "record: %s\n", why.text);
	(void)pthread_mutex_unlock(&s->lock);
	buf_free(&file);
	buf_free(&note);
}

static void
ask(struct asker *a, struct asked *k, const char *log, struct ledger *l, const struct head *head, const struct buf *checkpoint)
{
	struct service *s = a->all->s;
	struct buf body = {0}, answer = {0}, line = {0};
	struct why why = {""};
	char url[300], text[700];
	long status = 0;
	uint64_t size;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/add-checkpoint", a->party.url);
	if ((e = request(&body, l, k->size <= head->size ? k->size : 0, head, checkpoint)) != OK ||
	    (e = http_ask(&(struct http_ask){.url = url, .type = "text/plain", .body = body.p, .n = body.n, .seconds = REQUEST_SECONDS}, &status, &answer, &why)) != OK) {
		complain(a, k, why.text[0] != '\0' ? why.text : err_name(e));
	} else if (status == 409 && answer.n > 0 && answer.n < 24 && answer.p[answer.n - 1] == '\n' &&
	    decimal_read(&size, (const char *)answer.p, (const char *)answer.p + answer.n - 1) == OK && size != k->size && size <= head->size) {
		k->size = size; /* it knows an earlier head of ours: asked again at once, with the proof from there */
	} else if (status != 200) {
		(void)snprintf(text, sizeof text, "%s: status %ld, %.300s", log, status, buf_cstr(&answer));
		complain(a, k, text);
	} else if (take_line(&line, &a->party.key, checkpoint, &answer) != OK) {
		complain(a, k, "answered with a false cosignature");
	} else {
		e = ledger_cosigned(l, head, &line, &why);
		k->size = head->size;
		k->complained = 0;
		if (e == OK || e == ERR_EXISTS || e == ERR_NOT_NOW) { /* not now: a newer head is asked for next */
			k->done = *head;
			k->any = 1;
			if (e == OK)
				update_record(s, l, log, head);
		} else
			complain(a, k, why.text);
	}
	buf_free(&body);
	buf_free(&answer);
	buf_free(&line);
}

/* From a replace-witness on another key, with no past, is asked. */
static void
who_now(struct asker *a)
{
	struct service *s = a->all->s;
	const struct party *now = &s->call.witness[a->number];

	(void)pthread_mutex_lock(&s->lock);
	if (strcmp(a->party.key.name, now->key.name) != 0 || !vkey_equal(&a->party.key, &now->key) || strcmp(a->party.url, now->url) != 0) {
		a->party = *now;
		memset(a->log, 0, sizeof a->log);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void *
run(void *arg)
{
	struct asker *a = arg;
	struct service *s = a->all->s;
	struct timespec pause = {0, 100000000};

	for (;;) {
		(void)pthread_mutex_lock(&a->all->lock);
		if (a->all->stopping) {
			(void)pthread_mutex_unlock(&a->all->lock);
			return NULL;
		}
		(void)pthread_mutex_unlock(&a->all->lock);
		who_now(a);
		for (int i = 0; i < LOGS && a->party.url[0] != '\0'; i++) {
			struct asked *k = &a->log[i];
			struct buf checkpoint = {0};
			struct ledger *l;
			struct head head;

			(void)pthread_mutex_lock(&s->lock);
			l = i == 0 ? s->events : s->ballots;
			(void)pthread_mutex_unlock(&s->lock);
			if (l == NULL || steady_seconds() < k->not_before)
				continue;
			ledger_public_head(l, &head, &checkpoint);
			if (checkpoint.n > 0 && !checkpoint.failed && !(k->any && k->done.size == head.size && hash_equal(&k->done.root, &head.root)))
				ask(a, k, names[i], l, &head, &checkpoint);
			buf_free(&checkpoint);
		}
		(void)nanosleep(&pause, NULL);
	}
}

enum err
witnesses_start(struct witnesses **out, struct service *s)
{
	struct witnesses *w = calloc(1, sizeof *w);

	*out = NULL;
	if (w == NULL || (w->asker = calloc(s->call.witnesses + 1u, sizeof *w->asker)) == NULL) {
		free(w);
		return ERR_NOMEM;
	}
	w->s = s;
	(void)pthread_mutex_init(&w->lock, NULL);
	for (unsigned i = 0; i < s->call.witnesses; i++) {
		struct asker *a = &w->asker[w->n];

		a->all = w;
		a->number = i;
		if (pthread_create(&a->thread, NULL, run, a) != 0) {
			witnesses_stop(w);
			return ERR_NOMEM;
		}
		w->n++;
	}
	*out = w;
	return OK;
}

void
witnesses_stop(struct witnesses *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = 1;
	(void)pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n; i++)
		(void)pthread_join(w->asker[i].thread, NULL);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->asker);
	free(w);
}
