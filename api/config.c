#include "api/config.h"

#include <string.h>

#include "election/json.h"

enum err
config_read(struct config *out, const char *path, struct why *why)
{
	struct config c;
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	int local;
	enum err e;

	memset(&c, 0, sizeof c);
	if ((e = file_read(&b, path, 65536, why)) != OK)
		return e; /* it names the file */
	if ((e = json_parse(&root, b.p, b.n, 65536, why)) == OK) {
		f = fields_of(root, why);
		field_copy(&f, "data", c.data, sizeof c.data);
		field_copy(&f, "fence", c.fence, sizeof c.fence);
		field_copy(&f, "record", c.record, sizeof c.record);
		field_copy(&f, "outbox", c.outbox, sizeof c.outbox);
		field_copy(&f, "control", c.control, sizeof c.control);
		field_copy(&f, "address", c.address, sizeof c.address);
		c.account_port = (unsigned)field_int(&f, "account_port", 1, 65535);
		c.box_port = (unsigned)field_int(&f, "box_port", 1, 65535);
		field_copy(&f, "ballots_key", c.ballots_key, sizeof c.ballots_key);
		field_copy(&f, "events_key", c.events_key, sizeof c.events_key);
		field_copy(&f, "authorizer_key", c.authorizer_key, sizeof c.authorizer_key);
		field_copy(&f, "rsa_keys", c.rsa_keys, sizeof c.rsa_keys);
		field_copy(&f, "private_roll", c.private_roll, sizeof c.private_roll);
		field_copy(&f, "private_roll_key", c.private_key, sizeof c.private_key);
		field_copy(&f, "pass_file", c.pass_file, sizeof c.pass_file);
		c.patience = field_has(&f, "authorizer_patience_seconds") ? (unsigned)field_int(&f, "authorizer_patience_seconds", 1, 3600) : 60;
		if (field_has(&f, "mirror"))
			field_copy(&f, "mirror", c.mirror, sizeof c.mirror);
		/* behind a proxy on this machine all requests come from one address, and the proxy counts */
		local = strncmp(c.address, "127.", 4) == 0 || strcmp(c.address, "::1") == 0;
		c.per_address = local ? 0 : 64;
		c.rate = local ? 0 : 100;
		if (field_has(&f, "connections_per_address"))
			c.per_address = (unsigned)field_int(&f, "connections_per_address", 0, 1024);
		if (field_has(&f, "requests_per_second"))
			c.rate = (unsigned)field_int(&f, "requests_per_second", 0, 100000);
		if (field_has(&f, "tls_certificate")) {
			field_copy(&f, "tls_certificate", c.certificate, sizeof c.certificate);
			field_copy(&f, "tls_key", c.tls_key, sizeof c.tls_key);
		}
		e = fields_end(&f);
		json_free(root);
	}
	buf_free(&b);
	if (e != OK)
		return why_prefix(why, e, "%s", path);
	*out = c;
	return OK;
}

void
config_example(struct buf *out)
{
	static const char *const comment = "Every object may carry a _comment. Start: urnad --config FILE. Keys: urna key init; RSA keys: urna roll authorizer-keys; the private roll "
		"and its key: urna roll import. The fence belongs outside data and its backups. Optional: mirror, tls_certificate and tls_key, connections_per_address, requests_per_second";
	static const char *const fields[][2] = {{"data", "/var/lib/urna/data"}, {"fence", "/var/lib/urna-fence"}, {"record", "/var/lib/urna/record"},
	    {"outbox", "/var/lib/urna/outbox"}, {"control", "/var/lib/urna/control.sock"}, {"address", "127.0.0.1"}};
	static const char *const files[][2] = {{"ballots_key", "/etc/urna/ballots.key"}, {"events_key", "/etc/urna/events.key"},
	    {"authorizer_key", "/etc/urna/authorizer.key"}, {"rsa_keys", "/etc/urna/authorizer.rsa"}, {"private_roll", "/etc/urna/private-roll"},
	    {"private_roll_key", "/etc/urna/private-roll.key"}, {"pass_file", "/etc/urna/service.pass"}};
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "_comment", comment);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		json_text(&o, fields[i][0], fields[i][1]);
	json_int(&o, "account_port", 8180);
	json_int(&o, "box_port", 8181);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		json_text(&o, files[i][0], files[i][1]);
	json_int(&o, "authorizer_patience_seconds", 60);
	json_end(&o, '}');
	buf_str(out, out->n > 0 && out->p[out->n - 1] == '\n' ? "" : "\n");
}
