/* tests/fuzz/fuzz_relay.c - what another authorizer answers urnad: to a request, and after closing with its list's entry */
#include "api/collect.c"
#include "api/exchange.c"

#include "tests/fuzz/example.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct service *s;
	static struct record *r;
	struct event *e = calloc(1, sizeof *e);
	uint8_t answer[RSA_BYTES], blinded[RSA_BYTES];
	struct hash list = {{1}};
	struct buf body = {0};
	struct why why = {""};

	if (r == NULL) {
		r = example_record();
		if ((s = calloc(1, sizeof *s)) == NULL)
			abort();
		s->call = r->call;
		s->election = r->election;
	}
	if (e == NULL)
		abort();
	memset(blinded, 0x11, sizeof blinded);
	buf_put(&body, p, n);
	if (read_answer(answer, r->key[1][0], blinded, &body) == ANSWERED)
		abort(); /* it has not the key */
	if (list_entry(e, &body, r->call.authorizer[1].key.name, &list, s, &why) == OK)
		abort(); /* of another list */
	event_free(e);
	free(e);
	buf_free(&body);
	return 0;
}
