/* urnad - the service: logs, authorization, box, monitoring, from the signed call to the seal. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "api/service.h"
#include "crypto/secmem.h"

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
	(void)fprintf(out, "usage: urnad --config FILE\n\n"
			   "Runs an election's service from the signed call to the seal. FILE is JSON with the fields\n"
			   "  data, record, outbox        folders: private state, public record, codes to be sent\n"
			   "  control                     Unix socket for operators (urna event submit, metrics, health)\n"
			   "  address, account_port, box_port\n"
			   "  ballots_key, events_key, authorizer_key, rsa_keys, pass_file\n"
			   "  private_roll, private_roll_key\n"
			   "  tls_certificate, tls_key    optional; without them put a proxy with TLS in front\n\n"
			   "Stop it with SIGTERM. Exit: 0 stopped, 1 could not start, 2 wrong usage.\n");
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
	struct http_options o = {.address = s->config.address, .port = s->config.account_port, .handle = account_handle, .ctx = s};
	struct http *account = NULL, *box = NULL, *control = NULL;
	struct timespec pause = {0, 200000000};
	enum err e;

	if ((e = read_text(&certificate, s->config.certificate, why)) != OK || (e = read_text(&key, s->config.tls_key, why)) != OK)
		goto done;
	if (certificate.n > 0) {
		o.certificate = buf_cstr(&certificate);
		o.key = buf_cstr(&key);
	}
	if ((e = service_start(s, why)) != OK || (e = http_start(&account, &o, why)) != OK)
		goto done;
	o.port = s->config.box_port;
	o.handle = box_handle;
	if ((e = http_start(&box, &o, why)) != OK)
		goto done;
	o = (struct http_options){.socket_path = s->config.control, .handle = control_handle, .ctx = s};
	if ((e = http_start(&control, &o, why)) != OK)
		goto done;
	(void)sd_notify(0, "READY=1");
	while (!stopping) {
		service_tick(s);
		(void)sd_notify(0, "WATCHDOG=1");
		(void)nanosleep(&pause, NULL);
	}
	(void)sd_notify(0, "STOPPING=1");
done:
	http_stop(control);
	http_stop(account);
	http_stop(box);
	service_stop(s);
	buf_free(&certificate);
	buf_free(&key);
	return e;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct service *s;
	struct why why = {""};

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
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
