/* api/control.c - the private socket of the operators. */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/relay.h"

void
status_reply(struct service *s, struct http_reply *r)
{
	struct json_out o = json_out(&r->body);
	struct head head = {0};
	struct health h;

	(void)pthread_mutex_lock(&s->lock);
	empty_root(&head.root);
	if (s->ballots != NULL)
		ledger_public_head(s->ballots, &head, NULL);
	json_begin(&o, NULL, '{');
	json_hash(&o, "call", &s->call.hash);
	if (s->loaded)
		json_hash(&o, "election", &s->election);
	json_text(&o, "state", s->view.stage);
	health_read(s, &h);
	json_begin(&o, "failing", '[');
	for (unsigned i = 0; i < h.n; i++)
		json_text(&o, NULL, h.part[i]);
	json_end(&o, ']');
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

static void
health(struct service *s, struct http_reply *r)
{
	struct json_out o = json_out(&r->body);
	struct health h;
	char line[sizeof h.why[0].text + 32];

	(void)pthread_mutex_lock(&s->lock);
	health_read(s, &h);
	(void)pthread_mutex_unlock(&s->lock);
	r->status = h.n == 0 ? 200 : 503;
	json_begin(&o, NULL, '{');
	json_bool(&o, "ok", h.n == 0);
	json_begin(&o, "reasons", '[');
	for (unsigned i = 0; i < h.n; i++) {
		(void)snprintf(line, sizeof line, "%s: %s", h.part[i], h.why[i].text);
		json_text(&o, NULL, line);
	}
	json_end(&o, ']');
	json_end(&o, '}');
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
	struct health h;

	(void)pthread_mutex_lock(&s->lock);
	health_read(s, &h);
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
	    events.size, ballots.size, authorized, confirmed, (uint64_t)s->refusals, h.n == 0);
	for (unsigned i = 0; i < h.n; i++)
		buf_printf(&r->body, "urna_failing{part=\"%s\"} 1\n", h.part[i]);
	buf_printf(&r->body, "# TYPE urna_authorizers_set gauge\nurna_authorizers_set %u\n", s->progress.set);
	for (unsigned a = 1; s->relay != NULL && a < s->call.authorizers; a++) {
		uint64_t pending;
		int good = relay_answers(s->relay, a + 1, &pending);

		buf_printf(&r->body, "urna_authorizer_answers{name=\"%s\"} %d\nurna_authorizer_pending{name=\"%s\"} %" PRIu64 "\n", s->call.authorizer[a].key.name, good,
		    s->call.authorizer[a].key.name, pending);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

/* {"to": FOLDER}: copies of both stores, or both logs as files, made while the service runs. `fresh`: into a new folder only. */
static void
copy_out(struct service *s, const struct http_request *q, struct http_reply *r, int fresh, enum err (*copy)(struct ledger *, const char *, struct why *))
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
	if (e == OK && fresh) {
		(void)snprintf(path, sizeof path, "%s/events", to);
		if (access(path, F_OK) == 0)
			e = why_set(&why, ERR_EXISTS, "%s holds a backup already, and none is written over: give a new folder", to);
	}
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
		reply_operator(r, e, why.text);
	else
		buf_str(&r->body, "{\"ok\": true}\n");
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
	else if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/health") == 0)
		health(s, r);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/backup") == 0)
		copy_out(s, q, r, 1, ledger_backup);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/export") == 0)
		copy_out(s, q, r, 0, ledger_export);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/event") == 0)
		submit_entry(s, q, r);
	else if (strcmp(q->method, "POST") == 0 && strcmp(q->path, "/load") == 0) {
		if ((e = service_load(s, &why)) != OK)
			reply_operator(r, e, why.text);
		else
			status_reply(s, r);
	} else
		reply_operator(r, ERR_ABSENT, "no such resource");
}
