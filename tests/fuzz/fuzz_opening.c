/* tests/fuzz/fuzz_opening.c - opening.json, signed by operator and notary whatever it says; and the dictamen and an authorizer's keys */
#include <string.h>

#include "election/authorizer.h"
#include "election/dictamen.h"
#include "election/docnote.h"
#include "tests/fuzz/example.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct signer by[2];
static struct record *r;
static const uint8_t *opening;
static size_t opening_n;

/* The example's files, but for the opening and its note. */
static enum err
read_file(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct file_source dir = source_dir(EXAMPLE);
	enum err e = OK;

	(void)ctx;
	if (strcmp(path, "opening.json") == 0)
		buf_put(out, opening, opening_n);
	else if (strcmp(path, "opening.json.note") == 0)
		for (int i = 0; i < 2 && e == OK; i++)
			e = docnote_sign(out, "opening", &r->call.hash, opening, opening_n, &by[i], why);
	else
		e = dir.read(dir.ctx, path, max, out, why);
	return e;
}

static void
begin(void)
{
	static const char *const names[] = {"operador", "notaria"};

	r = example_record();
	for (int i = 0; i < 2; i++) {
		uint8_t seed[32] = {(uint8_t)(i + 1)};

		if (signer_of_seed(&by[i], names[i], seed) != OK || vkey_make(i == 0 ? &r->call.operator.key : &r->call.notary.key, names[i], NOTE_ED25519, by[i].key) != OK)
			abort();
	}
	r->src = (struct file_source){.read = read_file};
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct authorizer_keys keys = {0};
	struct dictamen d = {0};
	struct hash h;
	struct why why = {""};

	if (r == NULL)
		begin();
	opening = p;
	opening_n = n;
	sha256(&h, p, n);
	if (n < 60000 && record_opening(r, &why) == OK && !hash_equal(&h, &r->election))
		abort();
	if (dictamen_read(&d, p, n, &r->call.hash, &why) == OK)
		for (size_t i = 0; i < d.n; i++)
			if (dictamen_find(&d, d.file[i].name) != &d.file[i])
				abort(); /* a name twice */
	dictamen_free(&d);
	if (authorizer_keys_read(&keys, p, n, &r->call.hash, r->m->styles, &why) == OK) {
		if (keys.styles != r->m->styles || rsa_modulus_check(keys.modulus[0]) != OK)
			abort();
		free(keys.modulus);
	}
	return 0;
}
