/* urna-witness - cosigns the checkpoints of the logs it is told to watch (c2sp.org/tlog-witness). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "crypto/clock.h"
#include "crypto/keyfile.h"
#include "crypto/secmem.h"
#include "crypto/version.h"
#include "witness/authorizer.h"
#include "witness/config.h"
#include "http/server.h"
#include "witness/witness.h"

static volatile sig_atomic_t stopping;

static void
on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static void
usage(FILE *out)
{
	(void)fprintf(out, "usage: urna-witness --config FILE\n"
			   "       urna-witness example            print an example of FILE\n"
			   "       urna-witness --version\n"
			   "       urna-witness restore --registry --config FILE\n"
			   "           complete an older copy of the authorizer's registry, or a lost one, from the other authorizers\n\n"
			   "Cosigns the checkpoints of transparency logs, one consistent history each, and if its owner wants is also an\n"
			   "authorizer of an election: signs blindly, once per roll index, what the authority has signed. FILE is JSON with\n"
			   "  address, port               where to listen\n"
			   "  key, pass_file              the witness's key and the file with its passphrase\n"
			   "  state                       folder of what was cosigned; keep it as long as the key\n"
			   "  logs                        verifier keys of the logs; or\n"
			   "  call                        call.json of an election, whose two logs are taken\n"
			   "  tls_certificate, tls_key    optional; without them put a proxy with TLS in front\n"
			   "  authorizer                  optional: key, pass_file, rsa_keys, registry, fence (needs call)\n"
			   "  control                     optional Unix socket with /health and /metrics\n"
			   "  connections, connections_per_address   optional limits (512, and no limit)\n\n"
			   "Stop it with SIGTERM. Exit: 0 stopped, 1 could not start, 2 wrong usage.\n");
}

/* ---- what the listeners answer ------------------------------------------------------------ */

static void
pass_on(struct http_reply *r, struct witness_answer *a)
{
	r->status = a->status;
	r->type = a->type;
	r->body = a->body;
}

static void
on_add(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct witness_answer a = {0};

	witness_add_checkpoint(ctx, q->body, q->body_n, &a);
	pass_on(r, &a);
}

/* GET /HEX/checkpoint */
static void
on_get(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct witness_answer a = {0};
	char hex[65] = "";

	if (strlen(q->rest) == 64 + strlen("/checkpoint") && strcmp(q->rest + 64, "/checkpoint") == 0)
		memcpy(hex, q->rest, 64);
	witness_checkpoint(ctx, hex, &a);
	pass_on(r, &a);
}

/* What the control socket tells of. */
struct parts {
	struct witness *witness;
	struct authorizer *authorizer; /* NULL: none */
};

static void
on_health(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct parts *parts = ctx;
	struct why why = {""};
	enum err e = OK;

	(void)q;
	if (parts->authorizer != NULL)
		e = authorizer_health(parts->authorizer, &why);
	r->status = e == OK || e == ERR_NOT_NOW ? 200 : 503;
	if (r->status == 200)
		buf_str(&r->body, "ok\n");
	if (parts->authorizer != NULL)
		buf_printf(&r->body, "authorizer: %s%s\n", e == OK ? "ready" : "not ready: ", why.text);
	if (witness_health(parts->witness, &why) != OK) {
		r->status = 503;
		r->body.n = 0;
		buf_printf(&r->body, "state cannot be written: %s\n", why.text);
	}
}

static void
on_metrics(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct parts *parts = ctx;
	struct witness *w = parts->witness;
	struct witness_counts c;
	uint32_t authorizations;
	uint64_t refused;
	int ready;

	(void)q;
	witness_counts(w, &c);
	r->type = "text/plain; version=0.0.4";
	buf_printf(&r->body,
	    "# TYPE urna_witness_logs gauge\nurna_witness_logs %zu\n# TYPE urna_witness_requests_total counter\n"
	    "urna_witness_requests_total{answer=\"cosigned\"} %" PRIu64 "\nurna_witness_requests_total{answer=\"conflict\"} %" PRIu64
	    "\nurna_witness_requests_total{answer=\"refused\"} %" PRIu64 "\nurna_witness_requests_total{answer=\"failed\"} %" PRIu64
	    "\n# TYPE urna_witness_healthy gauge\nurna_witness_healthy %d\n",
	    c.logs, c.cosigned, c.conflicts, c.refused, c.failed, witness_health(w, NULL) == OK);
	if (parts->authorizer == NULL)
		return;
	authorizer_counts(parts->authorizer, &authorizations, &refused, &ready);
	buf_printf(&r->body,
	    "# TYPE urna_authorizer_authorizations gauge\nurna_authorizer_authorizations %u\n# TYPE urna_authorizer_refused_total counter\n"
	    "urna_authorizer_refused_total %" PRIu64 "\n# TYPE urna_authorizer_ready gauge\nurna_authorizer_ready %d\n", authorizations, refused, ready);
}

/* ---- running ------------------------------------------------------------------------------ */

static enum err
open_key(struct signer *out, const struct witness_config *c, struct why *why)
{
	struct passphrase pass;
	enum err e;

	if ((e = passphrase_get(&pass, c->pass_file, "passphrase", why)) == OK)
		e = keyfile_signer(out, c->key, &pass, why);
	wipe(&pass, sizeof pass);
	return e;
}

static enum err
read_tls(struct buf *certificate, struct buf *key, const struct witness_config *c, struct http_options *o, struct why *why)
{
	enum err e;

	if (c->certificate[0] == '\0')
		return OK;
	if ((e = file_read(certificate, c->certificate, 1 << 20, why)) != OK || (e = file_read(key, c->tls_key, 1 << 20, why)) != OK)
		return e;
	o->certificate = buf_cstr(certificate);
	o->key = buf_cstr(key);
	return OK;
}

static void
announce(const struct witness_config *c, const struct signer *key)
{
	struct vkey k;
	char text[256];

	if (vkey_make(&k, key->name, NOTE_COSIGNATURE, key->key) != OK)
		return;
	vkey_write(text, &k);
	(void)fprintf(stderr, "urna-witness: %s on %s port %u, logs:", text, c->address, c->port);
	for (size_t i = 0; i < c->logs; i++)
		(void)fprintf(stderr, " %s", c->log[i].name);
	(void)fprintf(stderr, "\n");
}

static struct authorizer_options
authorizer_options(const struct witness_config *c)
{
	return (struct authorizer_options){c->election, c->authorizer_key, c->authorizer_pass, c->rsa_keys, c->registry, c->fence, now_seconds};
}

static enum err
run(const struct witness_config *c, struct why *why)
{
	struct timespec pause = {0, 200000000};
	struct buf certificate = {0}, tls_key = {0};
	struct signer key = {0};
	struct witness *w = NULL;
	struct authorizer *a = NULL;
	struct authorizer_options ao = authorizer_options(c);
	struct http *web = NULL, *control = NULL;
	struct http_options o = {.address = c->address, .port = c->port, .connections = c->connections, .per_address = c->per_address};
	struct witness_options wo = {c->state, c->log, c->logs, &key, now_seconds};
	enum err e;

	if ((e = open_key(&key, c, why)) != OK || (e = witness_open(&w, &wo, why)) != OK || (e = read_tls(&certificate, &tls_key, c, &o, why)) != OK ||
	    (c->authorizer_key[0] != '\0' && (e = authorizer_open(&a, &ao, why)) != OK))
		goto done;
	{
		struct parts parts = {w, a};
		const struct http_route public[] = {{"POST", "/add-checkpoint", WITNESS_MAX_BODY, on_add, w}, {"GET", "/", 0, on_get, w},
		    {"POST", "/authorize", 65536, authorizer_on_request, a}, {"POST", "/rows", 65536, authorizer_on_rows, a}, {"GET", "/ready", 0, authorizer_on_ready, a},
		    {"GET", "/list", 0, authorizer_on_list, a}, {"GET", "/list.note", 0, authorizer_on_list, a}, {"GET", "/list.event", 0, authorizer_on_list, a}};
		const struct http_route private[] = {{"GET", "/health", 0, on_health, &parts}, {"GET", "/metrics", 0, on_metrics, &parts}};
		const struct http_options co = {.socket_path = c->control, .connections = 16, .route = private, .routes = 2};

		o.route = public;
		o.routes = a != NULL ? sizeof public / sizeof *public : 2; /* the witness's alone */
		if ((e = http_start(&web, &o, why)) != OK || (c->control[0] != '\0' && (e = http_start(&control, &co, why)) != OK))
			goto stop;
		announce(c, &key);
		(void)sd_notify(0, "READY=1");
		while (!stopping) {
			(void)sd_notify(0, "WATCHDOG=1");
			(void)nanosleep(&pause, NULL);
		}
		(void)sd_notify(0, "STOPPING=1");
	stop:
		http_stop(control);
		http_stop(web);
	}
done:
	authorizer_close(a);
	witness_close(w);
	signer_close(&key);
	buf_free(&certificate);
	buf_free(&tls_key);
	return e;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct witness_config config;
	struct buf example = {0};
	struct why why = {""};
	int bad, restore;

	if (version_asked(argc, argv, "urna-witness"))
		return 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "example") == 0) {
		witness_config_example(&example);
		bad = example.failed || fwrite(example.p, 1, example.n, stdout) != example.n;
		buf_free(&example);
		return bad;
	}
	restore = argc == 5 && strcmp(argv[1], "restore") == 0 && strcmp(argv[2], "--registry") == 0;
	if ((!restore && argc != 3) || strcmp(argv[argc - 2], "--config") != 0) {
		usage(stderr);
		return 2;
	}
	process_harden();
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (witness_config_read(&config, argv[argc - 1], &why) != OK) {
		(void)fprintf(stderr, "urna-witness: %s\n", why.text);
		return 1;
	}
	if (restore) {
		struct authorizer_options ao = authorizer_options(&config);

		bad = config.authorizer_key[0] == '\0' ? why_set(&why, ERR_ABSENT, "%s names no authorizer", argv[argc - 1]) != OK : authorizer_restore(&ao, &why) != OK;
	} else
		bad = run(&config, &why) != OK;
	if (bad)
		(void)fprintf(stderr, "urna-witness: %s\n", why.text);
	witness_config_free(&config);
	return bad;
}
