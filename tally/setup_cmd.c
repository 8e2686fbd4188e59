/* tally/setup_cmd.c - `urna key, call, manifest, roll, dictamen, sign`: before the opening. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/parallel.h"
#include "election/docnote.h"
#include "tally/cli.h"

static const char *
word(struct args *a, int i)
{
	if (i >= a->argc)
		return "";
	a->used[i] = 1;
	return a->argv[i];
}

/* ---- key ------------------------------------------------------------------------------- */

int
cmd_key(struct args *a)
{
	const char *what = word(a, 0), *role = word(a, 1), *out = arg_need(a, "--out"), *name = arg_need(a, "--name");
	struct passphrase pass;
	struct why why = {""};
	struct vkey key;
	char text[256];

	if (strcmp(what, "init") != 0 || role[0] == '\0') {
		(void)fprintf(stderr, "usage: urna key init ROLE --name NAME --out FILE [--pass-file FILE]\n");
		return 2;
	}
	if (passphrase_get(&pass, arg(a, "--pass-file"), "New passphrase", &why) != OK)
		return fail("key", &why);
	args_end(a);
	if (keyfile_create(out, name, &pass, &key, &why) != OK) {
		wipe(&pass, sizeof pass);
		return fail("key", &why);
	}
	wipe(&pass, sizeof pass);
	/* a witness signs as a cosigner with the same key */
	if (strcmp(role, "witness") == 0 && vkey_make(&key, name, NOTE_COSIGNATURE, key.key) != OK)
		return 1;
	vkey_write(text, &key);
	(void)printf("%s\n", text);
	return 0;
}

/* ---- call ------------------------------------------------------------------------------- */

int
cmd_call(struct args *a)
{
	const char *what = word(a, 0), *file;
	struct buf b = {0};
	struct call *c = malloc(sizeof *c);
	struct why why = {""};
	char hex[65];

	if (c == NULL)
		return 1;
	if (strcmp(what, "example") == 0) {
		args_end(a);
		call_example(&b);
		(void)fwrite(b.p, 1, b.n, stdout);
		buf_free(&b);
		free(c);
		return 0;
	}
	if (strcmp(what, "check") != 0) {
		(void)fprintf(stderr, "usage: urna call example | urna call check FILE\n");
		return 2;
	}
	file = word(a, 1);
	args_end(a);
	if (file_read(&b, file, CALL_MAX_BYTES, &why) != OK || call_read(c, b.p, b.n, &why) != OK)
		return fail("call", &why);
	hash_hex(hex, &c->hash);
	(void)printf("the call is well formed\n  process      %s (%s)\n  hash         %s\n  trustees     %u, of which %u open the votes\n"
		     "  authorizers  %u, of which %u make a token%s\n  mixers       %u, at least %u\n  witnesses    %s\n",
	    c->process, c->simulacro ? "simulacro" : "election", hex, c->trustees, c->threshold, c->authorizers, c->quorum,
	    c->quorum == 1 ? " (the authority alone)" : "", c->mixers, c->minimum_mixers,
	    c->witness_quorum == 0 ? "none: the log's signature suffices" : "a quorum is demanded");
	buf_free(&b);
	free(c);
	return 0;
}

/* ---- sign (notary and others) -------------------------------------------------------------- */

int
cmd_sign(struct args *a)
{
	static const struct {
		const char *what, *file, *purpose;
	} table[] = {{"call", "call.json", "call"}, {"key-act", "acts/key.json", "key-act"}, {"manifest", "manifest.json", "manifest"},
	    {"opening", "opening.json", "opening"}, {"start", "acts/start-of-decryption.json", "start-of-decryption"},
	    {"handover", "acts/handover.json", "handover"}, {"dictamen", "dictamen.json", "dictamen"}, {"roll", "roll", "roll"}};
	const char *what = word(a, 0), *dir;
	struct record *r = calloc(1, sizeof *r);
	struct why why = {""};
	struct buf b = {0};
	char path[1400];

	for (size_t i = 0; r != NULL && i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].what, what) != 0)
			continue;
		dir = arg_need(a, "--record");
		(void)arg_need(a, "--key");
		(void)arg(a, "--pass-file");
		/* who signs is shown what: the text of an act, else the document itself */
		(void)snprintf(path, sizeof path, "%s/%s", dir, table[i].file);
		if (strncmp(table[i].file, "acts/", 5) == 0)
			memcpy(path + strlen(path) - 5, ".txt", 5);
		if (!arg_flag(a, "--yes")) {
			char answer[16] = "";

			if (file_read(&b, path, 1 << 24, &why) != OK)
				return fail("sign", &why);
			(void)fwrite(b.p, 1, b.n, stdout);
			buf_free(&b);
			(void)printf("\n\xc2\xbf" "Firmar este documento? (si/no) ");
			(void)fflush(stdout);
			if (fgets(answer, sizeof answer, stdin) == NULL || strncmp(answer, "si", 2) != 0) {
				(void)printf("no se firm\xc3\xb3\n");
				return 1;
			}
		}
		args_end(a);
		r->src = source_dir(dir);
		if (record_file(r, "call.json", CALL_MAX_BYTES, &r->call_bytes, &why) != OK ||
		    call_read(&r->call, r->call_bytes.p, r->call_bytes.n, &why) != OK ||
		    sign_file(a, dir, table[i].file, table[i].purpose, &r->call.hash, &why) != OK)
			return fail("sign", &why);
		(void)printf("signed %s\n", table[i].file);
		return 0;
	}
	(void)fprintf(stderr, "usage: urna sign call|key-act|manifest|roll|dictamen|opening|start|handover --record DIR --key FILE [--pass-file FILE] [--yes]\n"
			      "Shows the document, asks, and adds a signature to its .note. `urna notary sign` is the same.\n");
	return 2;
}

/* ---- manifest ---------------------------------------------------------------------------- */

static int
seal_manifest(struct args *a)
{
	const char *draft = arg_need(a, "--draft"), *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct buf b = {0}, sealed = {0}, file = {0};
	struct hash roll, keys[MAX_AUTHORIZERS];
	struct manifest *m = NULL;
	struct why why = {""};
	char path[300];
	int64_t latest;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_KEY, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK ||
	    manifest_read(&m, b.p, b.n, &why) != OK || custody_dates(&latest, r->custody.p, r->custody.n, &why) != OK)
		return fail("manifest", &why);
	if (!r->call.simulacro && latest > months_before(m->opens, 2)) {
		(void)why_set(&why, ERR_RANGE, "a card's custodian was designated less than two calendar months before the opening (article 20): "
					       "only a simulacro may do so");
		return fail("manifest", &why);
	}
	if (record_file(r, "roll", 1 << 30, &file, &why) != OK)
		return fail("manifest", &why);
	sha256(&roll, file.p, file.n);
	for (unsigned i = 0; i < r->call.authorizers; i++) {
		(void)snprintf(path, sizeof path, "authorizers/%.128s.json", r->call.authorizer[i].key.name);
		if (record_file(r, path, 4 << 20, &file, &why) != OK)
			return fail("manifest", &why);
		sha256(&keys[i], file.p, file.n);
	}
	if (manifest_seal(&sealed, b.p, b.n, &r->call, &roll, keys, r->call.authorizers, &why) != OK ||
	    put(dir, "manifest.json", &sealed, &why) != OK || sign_file(a, dir, "manifest.json", "manifest", &r->call.hash, &why) != OK)
		return fail("manifest", &why);
	(void)printf("sealed %s/manifest.json\n", dir);
	return 0;
}

int
cmd_manifest(struct args *a)
{
	const char *what = word(a, 0), *file;
	struct manifest *m;
	struct why why = {""};
	struct buf b = {0};

	if (strcmp(what, "seal") == 0)
		return seal_manifest(a);
	if (strcmp(what, "example") == 0) {
		args_end(a);
		manifest_example(&b);
		(void)fwrite(b.p, 1, b.n, stdout);
		return 0;
	}
	if (strcmp(what, "check") != 0) {
		(void)fprintf(stderr, "usage: urna manifest example | check FILE | seal --draft FILE --record DIR --key FILE [--pass-file FILE]\n");
		return 2;
	}
	file = word(a, 1);
	args_end(a);
	if (file_read(&b, file, MANIFEST_MAX_BYTES, &why) != OK || manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("manifest", &why);
	(void)printf("the manifest is well formed (%s)\n", m->sealed ? "sealed" : "a draft");
	for (unsigned c = 0; c < m->contests; c++) {
		(void)printf("  contest %s (%s, %s): %u lines:", m->contest[c].id, m->contest[c].type, m->contest[c].local ? "local" : "federal", m->contest[c].lines);
		for (unsigned l = 0; l < m->contest[c].lines; l++)
			(void)printf(" %s", m->contest[c].line[l].id);
		(void)printf("\n");
	}
	(void)printf("  %u ballot styles, %u groups\n", m->styles, m->groups);
	return 0;
}

/* ---- roll ---------------------------------------------------------------------------------- */

/* One CSV field, quotes understood; NULL at the end. */
static char *
csv_field(char **p)
{
	char *out = *p, *w = *p, *r = *p;

	if (r == NULL)
		return NULL;
	if (*r == '"') {
		for (r++; *r != '\0'; r++) {
			if (*r == '"' && *++r != '"')
				break;
			*w++ = *r;
		}
	} else
		while (*r != '\0' && *r != ',')
			*w++ = *r++;
	*p = *r == ',' ? r + 1 : NULL;
	*w = '\0';
	return out;
}

struct voter {
	struct person person;
	char password[PASSWORD_LETTERS + 1];
	struct roll_row row;
	uint64_t order;
};

static int
by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct voter *)a)->order, y = ((const struct voter *)b)->order;

	return x < y ? -1 : x > y;
}

static int
by_user(const void *a, const void *b)
{
	return strcmp(((const struct voter *)a)->person.user, ((const struct voter *)b)->person.user);
}

/* user,name,entity,district,modality,email,phone; the heading line is skipped. */
static size_t
read_csv(struct voter **out, const char *file, const struct manifest *m, unsigned *errors, struct why *why)
{
	struct voter *list = NULL;
	size_t n = 0, room = 0;
	char line[2048];
	unsigned at = 0;
	FILE *f = fopen(file, "r");

	*errors = 0;
	if (f == NULL) {
		(void)why_set(why, ERR_ABSENT, "%s: cannot be read", file);
		*errors = 1;
		return 0;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		static const char *const names[] = {"user", "name", "entity", "district", "modality", "email", "phone"};
		char *rest = line, *field[7];
		struct voter *v;
		const char *wrong = NULL;
		unsigned style = 0;

		line[strcspn(line, "\r\n")] = '\0';
		if (++at == 1 || line[0] == '\0')
			continue;
		for (int i = 0; i < 7; i++)
			if ((field[i] = csv_field(&rest)) == NULL)
				field[i] = line + strlen(line);
		for (int i = 0; i < 7 && wrong == NULL; i++)
			if (i != 3 && (field[i][0] == '\0' || !utf8_valid(field[i], strlen(field[i]))))
				wrong = names[i];
		if (wrong != NULL) {
			(void)fprintf(stderr, "%s:%u: %s is missing or not UTF-8\n", file, at, wrong);
			++*errors;
			continue;
		}
		for (unsigned s = 0; s < m->styles; s++)
			if (strcmp(m->style[s].entity, field[2]) == 0 && strcmp(m->style[s].district, field[3]) == 0)
				style = s + 1;
		if (strcmp(field[4], "internet") != 0)
			wrong = "modality must be internet";
		else if (style == 0)
			wrong = "no ballot style for this entity and district";
		else if (strchr(field[5], '@') == NULL)
			wrong = "the e-mail address has no @";
		else if (strspn(field[6], "+0123456789 ") != strlen(field[6]))
			wrong = "the phone may have only digits, + and spaces";
		else if (strlen(field[0]) > 63 || strlen(field[1]) > 127 || strlen(field[5]) > 127 || strlen(field[6]) > 31)
			wrong = "a field is too long";
		if (wrong != NULL) {
			(void)fprintf(stderr, "%s:%u: %s\n", file, at, wrong);
			++*errors;
			continue;
		}
		if (n == room) {
			struct voter *more = realloc(list, (room = room == 0 ? 1024 : 2 * room) * sizeof *list);

			if (more == NULL)
				abort();
			list = more;
		}
		v = &list[n++];
		memset(v, 0, sizeof *v);
		(void)snprintf(v->person.user, sizeof v->person.user, "%s", field[0]);
		(void)snprintf(v->person.name, sizeof v->person.name, "%s", field[1]);
		(void)snprintf(v->person.email, sizeof v->person.email, "%s", field[5]);
		(void)snprintf(v->person.phone, sizeof v->person.phone, "%s", field[6]);
		v->row.style = style;
		random_bytes(&v->order, sizeof v->order);
	}
	(void)fclose(f);
	if (n > 0)
		qsort(list, n, sizeof *list, by_user);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i].person.user, list[i - 1].person.user) == 0) {
			(void)fprintf(stderr, "%s: the user name %s stands twice\n", file, list[i].person.user);
			++*errors;
		}
	if (n > 0)
		qsort(list, n, sizeof *list, by_order); /* the roll is in random order */
	*out = list;
	return n;
}

struct credentials {
	struct voter *v;
	const struct call *call;
};

static void
make_credentials(void *ctx, size_t begin, size_t end)
{
	struct credentials *c = ctx;

	for (size_t i = begin; i < end; i++) {
		struct voter *v = &c->v[i];
		struct scalar secret;
		char text[512];

		password_make(v->password);
		random_bytes(v->person.salt, sizeof v->person.salt);
		if (credential_derive(&secret, v->row.key, v->password, &c->call->hash, v->person.user) != OK)
			abort();
		wipe(&secret, sizeof secret);
		(void)snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%u", v->person.user, v->person.name, v->person.email, v->person.phone, v->row.style);
		roll_row_hash(&v->row.row, &c->call->hash, v->person.salt, text);
	}
}

/* The registrar's message to a voter, sealed in the queue under the registrar's passphrase. */
static enum err
queue_message(const char *queue, const uint8_t key[32], const struct voter *v, const struct call *call, size_t i, struct why *why)
{
	struct buf text = {0}, sealed = {0};
	struct json_out o = json_out(&text);
	char name[32];
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "user", v->person.user);
	json_text(&o, "password", v->password);
	json_text(&o, "account", call->account);
	json_text(&o, "box", call->box);
	json_hash(&o, "call", &call->hash);
	json_text(&o, "phone", v->person.phone);
	json_text(&o, "email", v->person.email);
	json_end(&o, '}');
	(void)snprintf(name, sizeof name, "%08zu", i);
	e = text.failed ? ERR_NOMEM : seal(&sealed, key, text.p, text.n, call->hash.b, HASH_BYTES);
	if (e == OK)
		e = put(queue, name, &sealed, why);
	buf_free(&text);
	buf_free(&sealed);
	return e;
}

static int
import_roll(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *draft = arg_need(a, "--draft"), *csv = arg_need(a, "--csv"), *queue = arg_need(a, "--queue");
	const char *private = arg_need(a, "--private"), *private_key = arg_need(a, "--private-key");
	struct record *r = calloc(1, sizeof *r);
	struct buf b = {0}, out = {0}, sealed = {0};
	struct manifest *m = NULL;
	struct voter *v = NULL;
	struct person *people;
	struct roll roll = {0};
	struct passphrase pass;
	struct why why = {""};
	struct credentials c;
	uint8_t key[32], file_key[32];
	char hex[65];
	unsigned errors, per_style[MAX_STYLES] = {0};
	size_t n;

	(void)arg_need(a, "--key");
	if (passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK || manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("roll", &why);
	n = read_csv(&v, csv, m, &errors, &why);
	if (errors > 0 || n == 0 || (int64_t)n > r->call.maximum_voters) {
		if (why.text[0] == '\0')
			(void)why_set(&why, ERR_FORMAT, "%u errors in %s, or no voter, or more than the call's maximum; nothing was written", errors, csv);
		return fail("roll", &why);
	}
	c = (struct credentials){v, &r->call};
	parallel(n, core_count(), make_credentials, &c);
	roll.call = r->call.hash;
	roll.styles_hash = m->styles_hash;
	roll.n = (uint32_t)n;
	roll.row = calloc(n, sizeof *roll.row);
	people = calloc(n, sizeof *people);
	if (roll.row == NULL || people == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		roll.row[i] = v[i].row;
		people[i] = v[i].person;
		per_style[v[i].row.style - 1]++;
	}
	random_bytes(file_key, sizeof file_key);
	hex_encode(hex, file_key, 32);
	roll_write(&out, &roll);
	if (private_roll_write(&sealed, file_key, &r->call.hash, people, (uint32_t)n) != OK || put(dir, "roll", &out, &why) != OK ||
	    sign_file(a, dir, "roll", "roll", &r->call.hash, &why) != OK || file_write(private, sealed.p, sealed.n, 0600, &why) != OK ||
	    file_write(private_key, hex, 64, 0600, &why) != OK || slow_hash(key, pass.text, pass.n, r->call.hash.b, HASH_BYTES) != OK)
		return fail("roll", &why);
	for (size_t i = 0; i < n; i++)
		if (queue_message(queue, key, &v[i], &r->call, i, &why) != OK)
			return fail("roll", &why);
	for (unsigned s = 0; s < m->styles; s++)
		if (per_style[s] < m->small_group)
			(void)printf("warning: style %u (%s) has %u voters: a small group's result can reveal votes\n", s + 1, m->style[s].entity, per_style[s]);
	(void)printf("%zu voters; roll signed; one sealed message each in %s\n", n, queue);
	wipe(v, n * sizeof *v);
	wipe(people, n * sizeof *people);
	wipe(key, sizeof key);
	wipe(file_key, sizeof file_key);
	wipe(hex, sizeof hex);
	wipe(&pass, sizeof pass);
	return 0;
}

static int
deliver(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *queue = arg_need(a, "--queue"), *outbox = arg_need(a, "--outbox");
	struct record *r = calloc(1, sizeof *r);
	struct passphrase pass;
	struct why why = {""};
	struct dirent *entry;
	uint8_t key[32];
	unsigned n = 0;
	int fd;
	DIR *d;

	if (passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || slow_hash(key, pass.text, pass.n, r->call.hash.b, HASH_BYTES) != OK || dir_make(outbox, &why) != OK)
		return fail("roll", &why);
	wipe(&pass, sizeof pass);
	if ((d = opendir(queue)) == NULL) {
		(void)why_set(&why, ERR_ABSENT, "%s: no queue", queue);
		return fail("roll", &why);
	}
	while ((entry = readdir(d)) != NULL) {
		struct buf sealed = {0}, plain = {0};
		char path[1400], to[1400];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", queue, entry->d_name);
		(void)snprintf(to, sizeof to, "%s/%s.json", outbox, entry->d_name);
		if (file_read(&sealed, path, 65536, &why) != OK || unseal(&plain, key, sealed.p, sealed.n, r->call.hash.b, HASH_BYTES) != OK ||
		    file_write(to, plain.p, plain.n, 0600, &why) != OK) {
			if (why.text[0] == '\0')
				(void)why_set(&why, ERR_DENIED, "%s: wrong passphrase", path);
			return fail("roll", &why);
		}
		memset(sealed.p, 0, sealed.n); /* overwritten in place, then removed */
		if ((fd = open(path, O_WRONLY | O_CLOEXEC)) >= 0) {
			if (write(fd, sealed.p, sealed.n) < 0 || fsync(fd) != 0)
				(void)fprintf(stderr, "urna roll: %s could not be overwritten\n", path);
			(void)close(fd);
		}
		(void)unlink(path);
		buf_free(&sealed);
		buf_free(&plain);
		n++;
	}
	(void)closedir(d);
	wipe(key, sizeof key);
	(void)printf("%u messages delivered to %s and wiped from the queue\n", n, outbox);
	return 0;
}

struct rsa_job {
	struct rsa_secret *key[MAX_STYLES];
};

static void
make_rsa(void *ctx, size_t begin, size_t end)
{
	struct rsa_job *j = ctx;

	for (size_t i = begin; i < end; i++)
		if (rsa_generate(&j->key[i]) != OK)
			abort();
}

static int
authorizer_keys(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *draft = arg_need(a, "--draft"), *private = arg_need(a, "--private");
	struct record *r = calloc(1, sizeof *r);
	struct rsa_job *j = calloc(1, sizeof *j);
	struct buf b = {0}, plain = {0}, sealed = {0}, out = {0};
	uint8_t (*modulus)[RSA_BYTES] = calloc(MAX_STYLES, sizeof *modulus), key[32];
	struct manifest *m = NULL;
	struct passphrase pass;
	struct why why = {""};
	struct vkey name;
	char path[300];

	if (passphrase_get(&pass, arg(a, "--pass-file"), "Passphrase", &why) != OK || keyfile_public(&name, arg_need(a, "--key"), &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || j == NULL || modulus == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK ||
	    manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("roll", &why);
	parallel(m->styles, core_count(), make_rsa, j);
	for (unsigned i = 0; i < m->styles; i++) {
		struct buf der = {0};

		rsa_modulus(modulus[i], j->key[i]);
		if (rsa_secret_write(&der, j->key[i]) != OK)
			abort();
		buf_vec16(&plain, der.p, der.n);
		buf_free(&der);
		rsa_secret_free(j->key[i]);
	}
	authorizer_keys_write(&out, &r->call.hash, name.name, (const uint8_t (*)[RSA_BYTES])modulus, m->styles);
	(void)snprintf(path, sizeof path, "authorizers/%.128s.json", name.name);
	if (slow_hash(key, pass.text, pass.n, r->call.hash.b, HASH_BYTES) != OK || seal(&sealed, key, plain.p, plain.n, r->call.hash.b, HASH_BYTES) != OK ||
	    file_write(private, sealed.p, sealed.n, 0600, &why) != OK || put(dir, path, &out, &why) != OK || sign_file(a, dir, path, "authorizer", &r->call.hash, &why) != OK)
		return fail("roll", &why);
	wipe(key, sizeof key);
	wipe(&pass, sizeof pass);
	buf_free(&plain);
	(void)printf("%u RSA keys of authorizer %s\n", m->styles, name.name);
	return 0;
}

int
cmd_roll(struct args *a)
{
	const char *what = word(a, 0);

	if (strcmp(what, "import") == 0)
		return import_roll(a);
	if (strcmp(what, "deliver") == 0)
		return deliver(a);
	if (strcmp(what, "authorizer-keys") == 0)
		return authorizer_keys(a);
	(void)fprintf(stderr, "usage: urna roll import --record DIR --draft FILE --csv FILE --queue DIR --private FILE --private-key FILE --key REGISTRAR [--pass-file FILE]\n"
			      "       urna roll deliver --record DIR --queue DIR --outbox DIR [--pass-file FILE]\n"
			      "       urna roll authorizer-keys --record DIR --draft FILE --private FILE --key AUTHORIZER [--pass-file FILE]\n"
			      "The CSV has a heading line and user,name,entity,district,modality,email,phone.\n");
	return 2;
}

/* ---- dictamen -------------------------------------------------------------------------------- */

int
cmd_dictamen(struct args *a)
{
	const char *what = word(a, 0), *dir = arg_need(a, "--record"), *file;
	struct record *r = calloc(1, sizeof *r);
	struct buf out = {0}, b = {0};
	struct json_out o = json_out(&out);
	struct why why = {""};

	if (strcmp(what, "make") != 0) {
		(void)fprintf(stderr, "usage: urna dictamen make --record DIR --program FILE [--program FILE ...] --key AUDITOR [--pass-file FILE]\n");
		return 2;
	}
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK)
		return fail("dictamen", &why);
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "dictamen");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &r->call.hash);
	json_begin(&o, "files", '[');
	for (unsigned i = 0; (file = arg_nth(a, "--program", i)) != NULL; i++) {
		const char *base = strrchr(file, '/');
		struct hash h;

		buf_free(&b);
		if (file_read(&b, file, 1 << 28, &why) != OK)
			return fail("dictamen", &why);
		sha256(&h, b.p, b.n);
		json_begin(&o, NULL, '{');
		json_text(&o, "name", base != NULL ? base + 1 : file);
		json_hash(&o, "sha256", &h);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (put(dir, "dictamen.json", &out, &why) != OK || sign_file(a, dir, "dictamen.json", "dictamen", &r->call.hash, &why) != OK)
		return fail("dictamen", &why);
	(void)printf("inventory signed: %s/dictamen.json\n", dir);
	return 0;
}
