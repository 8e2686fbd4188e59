/* tests/fuzz/fuzz_voter.c - what the service answers a voter's program: refused or read, and never a token or a receipt that is none
 *
 * The input is the answers in their order, each a letter for the status and then the body, with a zero byte between two.
 */
#include <time.h>

#define http_call fuzz_call
#define world_check_set fuzz_check_set
#define nanosleep(a, b) ((void)(a), (void)(b), 0)
#include "tally/voter.c"

#include "tests/fuzz/example.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const uint8_t *at, *end;

/* The next answer. */
enum err
http_call(const char *socket, const char *url, const char *type, const void *body, size_t n, long *status, struct buf *out, struct why *why)
{
	const uint8_t *stop;

	(void)socket;
	(void)url;
	(void)type;
	(void)body;
	(void)n;
	if (at == end)
		return why_set(why, ERR_IO, "no answer");
	*status = *at == '2' ? 200 : *at == '4' ? 409 : 403;
	at++;
	if ((stop = memchr(at, 0, (size_t)(end - at))) == NULL)
		stop = end;
	buf_put(out, at, (size_t)(stop - at));
	at = stop < end ? stop + 1 : end;
	return OK;
}

enum err
world_check_set(struct world *w, const char *box, unsigned set, struct why *why)
{
	(void)w;
	(void)box;
	return set == 7 ? OK : why_set(why, ERR_ABSENT, "not the set in use");
}

static enum err
code(void *ctx, const struct voter *v, char out[OTP_SIZE], struct why *why)
{
	(void)ctx;
	(void)v;
	(void)why;
	(void)strcpy(out, "123456");
	return OK;
}

/* The voter of roll index 0, whose password the example does not tell: another is put in its place. */
static struct world *
our_world(struct voter_message *m)
{
	struct world *w = calloc(1, sizeof *w);
	struct record *r = example_record();
	struct scalar secret;

	if (w == NULL)
		abort();
	w->r = *r;
	free(r);
	(void)strcpy(m->user, "persona000001");
	(void)strcpy(m->password, "aaaaabbbbbcccccdddddra");
	m->call = w->r.call.hash;
	if (credential_derive(&secret, w->r.roll.row[0].key, m->password, &m->call, m->user) != OK)
		abort();
	return w;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct voter_message m;
	static struct world *w;
	struct voter *v = calloc(1, sizeof *v);
	struct ballot *b = calloc(1, sizeof *b);
	struct buf ballot = {0}, receipt = {0};
	struct why why = {""};
	long status;

	if (v == NULL || b == NULL)
		abort();
	if (w == NULL)
		w = our_world(&m);
	at = p;
	end = p + n;
	v->w = w;
	v->m = m;
	v->take_code = code;
	v->quiet = 1;
	if (voter_login(v, &why) == OK) {
		if (v->index != 0 || v->style != w->r.roll.row[0].style)
			abort(); /* another's place */
		if (voter_authorize(v, b, &why) == OK)
			abort(); /* signatures of nobody */
	}
	buf_str(&ballot, "a ballot");
	if (http_call(NULL, "", "", "", 0, &status, &receipt, &why) == OK && voter_check_receipt(v, &ballot, &receipt, &why) == OK)
		abort(); /* no log signed it */
	(void)!voter_confirm(v, &why);
	buf_free(&ballot);
	buf_free(&receipt);
	free(v);
	free(b);
	return 0;
}
