/* tests/fuzz/fuzz_kept.c - the files that a voter keeps and hands to a verifier: a challenge, and the private one (.mine) */
#include "verifier/challenge_cmd.c"

#include "tests/fuzz/example.h"
#include "verifier/mine.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct record *r;
	struct ballot *b = calloc(1, sizeof *b);
	struct json *root = NULL;
	struct hash commitment, again;
	struct why why = {""};
	uint64_t index;
	char letters[40];

	if (r == NULL) {
		r = example_record();
		if (freopen("/dev/null", "w", stdout) == NULL) /* contests are printed */
			abort();
	}
	if (b == NULL)
		abort();
	if (json_parse(&root, p, n, 1 << 20, &why) == OK && check_challenge(&commitment, b, root, r, &why) == OK) {
		commitment_hash(&again, b);
		if (!hash_equal(&again, &commitment) || !hash_equal(&b->election, &r->election) || b->contests != r->m->style[b->style - 1].contests)
			abort();
	}
	json_free(root);
	if (mine_check(&index, letters, r, p, n, "persona000001", "aaaaabbbbbcccccdddddra", &why) == OK)
		abort(); /* the password is nobody's here */
	free(b);
	return 0;
}
