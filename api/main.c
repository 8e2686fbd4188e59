/* urnad - the service: logs, authorization, box, monitoring, from the signed call to the seal. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "api/service.h"
#include "api/witnesses.h"
#include "crypto/http_client.h"
#include "crypto/secmem.h"
#include "crypto/version.h"
#include "ledger/restore.h"

static atomic_int stopping; /* lock-free: a signal may set it, on whatever thread */

static void
on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static void
usage(FILE *out)
{
	(void)fprintf(out, "usage: urnad --config FILE\n"
			   "       urnad example                            print an example of FILE\n"
			   "       urnad --version\n"
			   "       urnad backup --config FILE --to DIR      copies of both stores, while the service runs\n"
			   "       urnad export --config FILE --to DIR      both logs as files that any web server may serve\n"
			   "       urnad restore --config FILE [--backup DIR] [--mirror DIR] [--published DIR]\n"
			   "           makes the stores that are missing from all of these together, and says what is in none\n"
			   "       urnad restore --registry --config FILE\n"
			   "           completes an older copy of the registry, or a lost one, from the other authorizers\n\n"
			   "Runs an election's service from the signed call to the seal. FILE is JSON with the fields\n"
			   "  data, record, outbox        folders: private state, public record, codes to be sent\n"
			   "  fence                       folder outside data and its backups: the last signed heads, and locks; without it nothing is signed\n"
			   "  control                     Unix socket for operators (urna event submit, metrics, health)\n"
			   "  address, account_port, box_port\n"
			   "  ballots_key, events_key, authorizer_key, rsa_keys, pass_file\n"
			   "  private_roll, private_roll_key\n"
			   "  authorizer_patience_seconds optional (60): an authorizer of the set in use that fails so long is replaced by another\n"
			   "  mirror                      optional folder in a second place: gets every batch before anyone is answered\n"
			   "  tls_certificate, tls_key    optional; without them put a proxy with TLS in front\n"
			   "  connections_per_address, requests_per_second\n"
			   "                              optional, of one address, 0: no limit; 64 and 100 if not said, none where\n"
			   "                              address is 127.* or ::1 (a proxy in front counts)\n\n"
			   "Stop it with SIGTERM. Exit: 0 stopped, 1 could not start, 2 wrong usage.\n");
}

static int
example(void)
{
	struct buf b = {0};
	int bad;

	config_example(&b);
	bad = b.failed || fwrite(b.p, 1, b.n, stdout) != b.n;
	buf_free(&b);
	return bad;
}

static enum err
read_text(struct buf *out, const char *path, struct why *why)
{
	return path[0] == '\0' ? OK : file_read(out, path, 1 << 20, why);
}

static enum err
run(struct service *s, struct why *why)
{
	struct buf certificate = {0}, key = {0};
	const struct http_route routes[] = {{NULL, "/", MAX_PUBLIC_BODY, account_handle, s},
	    {NULL, "/", MAX_PUBLIC_BODY, box_handle, s},
	    {NULL, "/", MAX_BODY, control_handle, s}};
	const struct http_options listener = {.connections = MAX_CONNECTIONS, .type = "application/json; charset=utf-8", .routes = 1, .refuse = reply_refusal};
	struct http_options o = listener;
	struct http *account = NULL, *box = NULL, *control = NULL;
	struct witnesses *witnesses = NULL;
	struct timespec pause = {0, 200000000};
	enum err e;

	if ((e = read_text(&certificate, s->config.certificate, why)) != OK || (e = read_text(&key, s->config.tls_key, why)) != OK)
		goto done;
	o.address = s->config.address;
	o.per_address = s->config.per_address;
	o.rate = s->config.rate;
	if (certificate.n > 0) {
		o.certificate = buf_cstr(&certificate);
		o.key = buf_cstr(&key);
	}
	o.port = s->config.account_port;
	o.route = &routes[0];
	if ((e = service_start(s, why)) != OK || (e = http_start(&account, &o, why)) != OK)
		goto done;
	o.port = s->config.box_port;
	o.route = &routes[1];
	if ((e = http_start(&box, &o, why)) != OK)
		goto done;
	o = listener;
	o.socket_path = s->config.control;
	o.route = &routes[2];
	if ((e = http_start(&control, &o, why)) != OK)
		goto done;
	if ((e = witnesses_start(&witnesses, s)) != OK)
		goto done;
	(void)sd_notify(0, "READY=1");
	while (!stopping) {
		service_tick(s);
		(void)sd_notify(0, "WATCHDOG=1");
		(void)nanosleep(&pause, NULL);
	}
	(void)sd_notify(0, "STOPPING=1");
done:
	witnesses_stop(witnesses);
	http_stop(control);
	http_stop(account);
	http_stop(box);
	service_stop(s);
	buf_free(&certificate);
	buf_free(&key);
	return e;
}

/* ---- backup, export, restore ------------------------------------------------------- */

static const char *
option(int argc, char **argv, const char *name)
{
	for (int i = 2; i + 1 < argc; i += 2)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return NULL;
}

/* `urnad backup` and `urnad export`: asked of the running service. */
static enum err
copy_command(const struct service *s, const char *what, const char *to, struct why *why)
{
	struct buf body = {0}, answer = {0};
	struct json_out o = json_out(&body);
	char url[64], full[1024];
	long status = 0;
	enum err e;

	if (to[0] != '/' && (getcwd(full, 500) == NULL || strlen(to) > 500))
		return why_set(why, ERR_LENGTH, "--to: path too long");
	if (to[0] != '/')
		(void)snprintf(full + strlen(full), 510, "/%s", to);
	json_begin(&o, NULL, '{');
	json_text(&o, "to", to[0] == '/' ? to : full);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "http://urnad/%s", what);
	e = http_ask(&(struct http_ask){.socket = s->config.control, .url = url, .type = "application/json", .body = body.p, .n = body.n, .seconds = 600}, &status, &answer, why);
	if (e == OK && status != 200)
		e = why_set(why, ERR_IO, "%.400s", buf_cstr(&answer));
	else if (e == OK)
		(void)printf("%s: done, in %s\n", what, to);
	else
		why_prefix(why, e, "is urnad running? its control socket %s", s->config.control);
	buf_free(&body);
	buf_free(&answer);
	return e;
}

static enum err
restore_one(struct service *s, const char *log, int argc, char **argv, unsigned *done, struct why *why)
{
	const char *backup = option(argc, argv, "--backup"), *mirror = option(argc, argv, "--mirror"), *published = option(argc, argv, "--published");
	char b[1100], m[1100], p[1100];
	struct restore_sources from = {NULL, NULL, NULL};
	struct log_place at;
	struct ledger_options o = service_log(s, log, &at);
	uint64_t size = 0;
	enum err e;

	if (access(at.store, F_OK) == 0) {
		(void)printf("%s: there is a store, left alone (move %s away to have it made anew)\n", log, at.store);
		return OK;
	}
	if (access(at.head, F_OK) != 0) {
		(void)printf("%s: no head file %s: nothing was ever signed, or it must be put back from its own place first\n", log, at.head);
		return OK;
	}
	if (mirror == NULL && s->config.mirror[0] != '\0')
		mirror = s->config.mirror;
	(void)snprintf(b, sizeof b, "%s/%s", backup != NULL ? backup : "", log);
	(void)snprintf(m, sizeof m, "%s/%s.mirror", mirror != NULL ? mirror : "", log);
	(void)snprintf(p, sizeof p, "%s/%s", published != NULL ? published : "", log);
	if (backup != NULL && access(b, F_OK) == 0)
		from.backup = b;
	if (mirror != NULL && access(m, F_OK) == 0)
		from.mirror = m;
	if (published != NULL && access(p, F_OK) == 0)
		from.published = p;
	if ((e = ledger_restore(&o, &from, &size, why)) != OK)
		return why_prefix(why, e, "%s", log);
	(void)printf("%s: %llu entries restored and found to be those that were signed\n", log, (unsigned long long)size);
	(*done)++;
	return OK;
}

/* With the service stopped. */
static enum err
restore_registry(struct service *s, struct why *why)
{
	struct refill done;
	enum err e;

	if ((e = service_complete_registry(s, &done, why)) == OK)
		refill_say(&done);
	return e;
}

static int
command(int argc, char **argv)
{
	const char *config = option(argc, argv, "--config"), *to = option(argc, argv, "--to");
	struct service *s = calloc(1, sizeof *s);
	struct why why = {""};
	unsigned done = 0;
	int registry = argc > 2 && strcmp(argv[1], "restore") == 0 && strcmp(argv[2], "--registry") == 0;
	enum err e, f;

	if (registry) { /* the one option without a value */
		argv[2] = argv[1];
		argv++;
		argc--;
		config = option(argc, argv, "--config");
	}
	if (s == NULL || config == NULL || argc % 2 != 0 || (strcmp(argv[1], "restore") != 0 && to == NULL)) {
		(void)fprintf(stderr, "urnad %s: %s\n", argv[1], config == NULL ? "--config is missing" : to == NULL && strcmp(argv[1], "restore") != 0 ? "--to is missing" : "an option lacks its value");
		usage(stderr);
		free(s);
		return 2;
	}
	if ((e = config_read(&s->config, config, &why)) == OK) {
		if (strcmp(argv[1], "restore") != 0)
			e = copy_command(s, argv[1], to, &why);
		else if ((e = service_open_keys(s, &why)) == OK && registry)
			e = restore_registry(s, &why);
		else if (e == OK) {
			e = restore_one(s, "events", argc, argv, &done, &why);
			if (e != OK)
				(void)fprintf(stderr, "urnad: %s\n", why.text);
			f = restore_one(s, "ballots", argc, argv, &done, &why);
			e = f != OK ? f : e;
		}
	}
	if (e != OK)
		(void)fprintf(stderr, "urnad: %s\n", why.text);
	free(s);
	return e != OK;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct service *s;
	struct why why = {""};

	if (version_asked(argc, argv, "urnad"))
		return 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "example") == 0)
		return example();
	if (argc >= 2 && (strcmp(argv[1], "backup") == 0 || strcmp(argv[1], "export") == 0 || strcmp(argv[1], "restore") == 0)) {
		process_harden();
		return command(argc, argv);
	}
	if (argc != 3 || strcmp(argv[1], "--config") != 0) {
		usage(stderr);
		return 2;
	}
	process_harden();
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if ((s = calloc(1, sizeof *s)) == NULL)
		return 1;
	if (config_read(&s->config, argv[2], &why) != OK || run(s, &why) != OK) {
		(void)fprintf(stderr, "urnad: %s\n", why.text);
		free(s);
		return 1;
	}
	free(s);
	return 0;
}
