/* tests/fuzz/fuzz_witness.c - bodies of add-checkpoint: the log never signed any of them, so none is cosigned */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int64_t
fixed(void)
{
	return 1700000000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct witness *w;
	static struct signer log, own;
	static struct vkey key;
	struct witness_answer a = {.status = 0};
	struct checkpoint c;

	if (w == NULL) {
		static char dir[] = "/tmp/urna-fuzz-XXXXXX";
		uint8_t seed[32], other[32];
		struct witness_options o = {dir, &key, 1, &own, fixed};
		struct why why;

		random_bytes(other, sizeof other);
		random_bytes(seed, sizeof seed); /* of a key that no corpus can have signed with */
		if (mkdtemp(dir) == NULL || signer_of_seed(&log, "urna.example/events", seed) != OK || vkey_make(&key, log.name, NOTE_ED25519, log.key) != OK ||
		    signer_of_seed(&own, "testigo", other) != OK || witness_open(&w, &o, &why) != OK)
			abort();
	}
	witness_add_checkpoint(w, p, n, &a);
	if (a.status == 200 || a.status >= 500)
		abort();
	buf_free(&a.body);
	(void)!checkpoint_read(&c, p, n, NULL);
	return 0;
}
