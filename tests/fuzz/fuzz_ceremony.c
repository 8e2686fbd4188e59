/* tests/fuzz/fuzz_ceremony.c - the ceremony's transcript, messages of trustees and the list of cards, against the worked example's call */
#include <stdlib.h>
#include <string.h>

#include "election/acts.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct call *call;
	static struct card cards[64];
	struct joint_key joint;
	struct message m = {{0}, {0}};
	struct why why;
	struct buf b = {0};
	size_t k = 64, half = n / 2;
	int64_t latest;

	if (call == NULL) {
		call = malloc(sizeof *call);
		if (call == NULL || file_read(&b, "spec/vectors/record/call.json", CALL_MAX_BYTES, &why) != OK || call_read(call, b.p, b.n, &why) != OK)
			abort();
		buf_free(&b);
	}
	if (transcript_read(&joint, cards, &k, p, n, call, &why) == OK && (joint.k != call->trustees || joint.key.inf))
		abort();
	(void)!custody_dates(&latest, p, n, &why);
	buf_put(&m.text, p, half);
	buf_put(&m.note, p + half, n - half);
	k = 0;
	if (ceremony_cards_read(cards, &k, 64, &m, call, 1, 1, &why) == OK)
		abort(); /* nobody signed it */
	message_free(&m);
	return 0;
}
