#include "verifier/policy_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/record.h"
#include "verifier/options.h"

static int
usage(void)
{
	(void)fprintf(stderr, "usage: urna-verify policy CALL.json\n"
			      "       urna-verify policy DIR-or-URL\n"
			      "  Prints the election's logs, witnesses and quorum as a policy file of C2SP (tlog-policy), for --policy of\n"
			      "  watch, log and receipt and for everybody's tools: as the call has them, or as they are at the end of the\n"
			      "  record there, after every replacement. It is worth as much as the call or record that it is made of.\n"
			      "Exit: 0 printed, 1 not a call or record, 2 could not run.\n");
	return 2;
}

enum err
policy_add_call(struct policy *p, const struct call *call, struct why *why)
{
	enum err e = OK;

	for (unsigned i = 0; i < call->witnesses && e == OK; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "W%u", i + 1); /* the file's own: a key's name may be "none" */
		e = policy_add_witness(p, name, &call->witness[i].key, call->witness[i].url, why);
	}
	return e == OK ? policy_any(p, call->witness_quorum, why) : e;
}

static enum err
policy_of_call(struct policy *p, const struct call *call, struct why *why)
{
	char url[sizeof call->box + 16];
	enum err e;

	policy_init(p);
	(void)snprintf(url, sizeof url, "%s/ballots", call->box);
	if ((e = policy_add_log(p, &call->log_ballots, url, why)) != OK)
		return e;
	(void)snprintf(url, sizeof url, "%s/events", call->box);
	if ((e = policy_add_log(p, &call->log_events, url, why)) != OK)
		return e;
	return policy_add_call(p, call, why);
}

static enum err
read_call(struct call *call, const char *file, struct why *why)
{
	struct buf b = {0};
	enum err e = file_read(&b, file, CALL_MAX_BYTES, why);

	if (e == OK)
		e = call_read(call, b.p, b.n, why);
	buf_free(&b);
	return e;
}

int
cmd_policy(int argc, char **argv)
{
	const char *where = word(argc, argv);
	struct record *rec = calloc(1, sizeof *rec);
	struct policy *p = calloc(1, sizeof *p);
	struct buf out = {0};
	struct why why = {""};
	char hex[65];
	enum err e;

	if (rec == NULL || p == NULL)
		abort();
	if (where == NULL) {
		(void)say_left(argc, argv);
		return usage();
	}
	if (source_open(&rec->src, where, &why) != OK)
		e = read_call(&rec->call, where, &why);
	else if ((e = record_call(rec, &why)) == OK && (e = record_key(rec, &why)) == OK && (e = record_setup(rec, &why)) == OK &&
	    (e = record_opening(rec, &why)) == OK)
		e = record_events(rec, &why);
	if (e == OK && (e = policy_of_call(p, &rec->call, &why)) == OK) {
		hash_hex(hex, &rec->call.hash);
		buf_printf(&out, "# %s\n# the call is %s\n", rec->call.process, hex);
		policy_write(&out, p);
		e = out.failed ? ERR_NOMEM : OK;
	}
	if (e == OK)
		(void)fwrite(out.p, 1, out.n, stdout);
	else
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
	buf_free(&out);
	record_free(rec);
	free(rec);
	free(p);
	return e == OK ? 0 : e == ERR_IO || e == ERR_NOMEM || e == ERR_ABSENT ? 2 : 1;
}
