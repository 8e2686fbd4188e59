#include "witness/config.h"

#include <stdlib.h>
#include <string.h>

#include "election/call.h"
#include "witness/witness.h"

enum { CONFIG_MAX_BYTES = 1 << 20 };

static void
read_logs(struct witness_config *c, struct fields *f)
{
	struct json *list = field_array(f, "logs", WITNESS_MAX_LOGS);

	if (list == NULL)
		return;
	if (list->n == 0) {
		(void)field_bad(f, list->line, "logs is empty");
		return;
	}
	if ((c->log = calloc(list->n, sizeof *c->log)) == NULL) {
		f->e = ERR_NOMEM;
		return;
	}
	for (; c->logs < list->n && f->e == OK; c->logs++) {
		const struct json *j = list->item[c->logs];
		struct why why = {""};

		if (j->type != JSON_TEXT)
			(void)field_bad(f, j->line, "a log is a verifier key, a text");
		else if (vkey_read(&c->log[c->logs], j->text, &why) != OK)
			(void)field_bad(f, j->line, "%s", why.text);
	}
}

static void
read_authorizer(struct witness_config *c, struct fields *f)
{
	struct fields g = fields_of(field_object(f, "authorizer"), f->why);

	if (f->e != OK)
		return;
	field_copy(&g, "key", c->authorizer_key, sizeof c->authorizer_key);
	field_copy(&g, "pass_file", c->authorizer_pass, sizeof c->authorizer_pass);
	field_copy(&g, "rsa_keys", c->rsa_keys, sizeof c->rsa_keys);
	field_copy(&g, "registry", c->registry, sizeof c->registry);
	field_copy(&g, "fence", c->fence, sizeof c->fence);
	f->e = fields_end(&g);
	if (f->e == OK && c->call[0] == '\0')
		(void)field_bad(f, 1, "an authorizer needs the election's call, not a list of logs");
}

static enum err
read_call(struct witness_config *c, struct why *why)
{
	struct call *call = malloc(sizeof *call);
	struct buf b = {0};
	enum err e = ERR_NOMEM;

	if (call != NULL && (e = file_read(&b, c->call, CALL_MAX_BYTES, why)) == OK) {
		if ((e = call_read(call, b.p, b.n, why)) != OK)
			why_prefix(why, e, "%s", c->call);
		else if ((c->log = calloc(2, sizeof *c->log)) == NULL)
			e = ERR_NOMEM;
		else {
			c->log[0] = call->log_ballots;
			c->log[1] = call->log_events;
			c->logs = 2;
			c->election = call;
			call = NULL;
		}
	}
	buf_free(&b);
	free(call);
	return e;
}

enum err
witness_config_read(struct witness_config *out, const char *path, struct why *why)
{
	struct witness_config c = {.connections = 512};
	struct json *root = NULL;
	struct buf b = {0};
	struct fields f;
	enum err e;

	if ((e = file_read(&b, path, CONFIG_MAX_BYTES, why)) != OK)
		goto done;
	if ((e = json_parse(&root, b.p, b.n, CONFIG_MAX_BYTES, why)) != OK) {
		why_prefix(why, e, "%s", path);
		goto done;
	}
	f = fields_of(root, why);
	field_copy(&f, "address", c.address, sizeof c.address);
	c.port = (unsigned)field_int(&f, "port", 1, 65535);
	field_copy(&f, "key", c.key, sizeof c.key);
	field_copy(&f, "pass_file", c.pass_file, sizeof c.pass_file);
	field_copy(&f, "state", c.state, sizeof c.state);
	if (field_has(&f, "logs") == field_has(&f, "call"))
		(void)field_bad(&f, root->line, "either logs or call says whom to witness, not both and not neither");
	else if (field_has(&f, "call"))
		field_copy(&f, "call", c.call, sizeof c.call);
	else
		read_logs(&c, &f);
	if (field_has(&f, "tls_certificate") || field_has(&f, "tls_key")) {
		field_copy(&f, "tls_certificate", c.certificate, sizeof c.certificate);
		field_copy(&f, "tls_key", c.tls_key, sizeof c.tls_key);
	}
	if (field_has(&f, "authorizer"))
		read_authorizer(&c, &f);
	if (field_has(&f, "control"))
		field_copy(&f, "control", c.control, sizeof c.control);
	if (field_has(&f, "connections"))
		c.connections = (unsigned)field_int(&f, "connections", 1, 16384);
	if (field_has(&f, "connections_per_address"))
		c.per_address = (unsigned)field_int(&f, "connections_per_address", 0, 16384);
	if ((e = fields_end(&f)) != OK)
		why_prefix(why, e, "%s", path);
	else if (c.call[0] != '\0')
		e = read_call(&c, why);
done:
	json_free(root);
	buf_free(&b);
	if (e != OK)
		witness_config_free(&c);
	else
		*out = c;
	return e;
}

void
witness_config_free(struct witness_config *c)
{
	free(c->log);
	free(c->election);
	c->election = NULL;
	c->log = NULL;
	c->logs = 0;
}

void
witness_config_example(struct buf *out)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "_comment", "Every object may carry a _comment. Start: urna-witness --config FILE. Make the key: urna key init witness --name "
	    "NAME --out FILE --pass-file FILE, which prints the verifier key for the call's list of witnesses. To witness other logs than an election's, give \"logs\": [VERIFIER KEY, ...] instead of \"call\", and no authorizer");
	json_text(&o, "address", "127.0.0.1");
	json_int(&o, "port", 8190);
	json_text(&o, "key", "/etc/urna/witness.key");
	json_text(&o, "pass_file", "/etc/urna/witness.pass");
	json_text(&o, "state", "/var/lib/urna-witness");
	json_text(&o, "call", "/etc/urna/call.json");
	json_text(&o, "control", "/run/urna-witness/control.sock");
	json_begin(&o, "authorizer", '{');
	json_text(&o, "_comment", "Leave this object out to witness alone. The keys: urna key init "
	    "authorizer, urna roll authorizer-keys. The fence belongs outside the registry's backups");
	json_text(&o, "key", "/etc/urna/authorizer.key");
	json_text(&o, "pass_file", "/etc/urna/authorizer.pass");
	json_text(&o, "rsa_keys", "/etc/urna/authorizer.rsa");
	json_text(&o, "registry", "/var/lib/urna-witness/registry.sqlite");
	json_text(&o, "fence", "/var/lib/urna-witness-fence/registry.count");
	json_end(&o, '}');
	json_int(&o, "connections", 512);
	json_int(&o, "connections_per_address", 0);
	json_end(&o, '}');
	buf_str(out, out->n > 0 && out->p[out->n - 1] == '\n' ? "" : "\n");
}
