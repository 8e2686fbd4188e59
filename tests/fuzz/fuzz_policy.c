/* tests/fuzz/fuzz_policy.c - policy files
 *
 * What is read is written so that the same is read again, and a checkpoint with more cosignatures never shows less.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* tests/vectors/tlog/ref600/checkpoint.cosigned */
static const char text[] = "example.com/interop/ref600\n600\n8deXYOTkAUqowiHoxtCyvA3/oXh9U83LGR6rPwmKB1o=\n\n"
			   "\xe2\x80\x94 example.com/interop/ref600 Adut7vSk7fxXSbzgrkwBeqoQWDDB3bPyU6oTlWM6cVJUfiGp+xpUlutc9Mk3dZ3lRDGEmHpz7IwlpUH7TBHNgZ1QSwU=\n",
		  line[2][256] = {"\xe2\x80\x94 witness1.example.com XZKhVQAAAABlU/EBPAvzyHSBecc7sbA6pOgUO8lcBhdkQRcfKUV9gYg5OMFEcckH52de141oYFbUlFC3NXyf+B9I3powLf0aTRBHDw==\n",
		      "\xe2\x80\x94 witness2.example.com teCafQAAAABlU/EC1dLV+R0a68/9shfZPSBUXDf/unt1u2WskC9QS+W76USEQt8eFXNhJzX9jtWMpLRZByMfhvMgm/8YGtqZ5zj1Cw==\n"};

static void
judge(const struct policy *p, enum err first)
{
	struct policy_view before = {.quorum = 0}, v;
	struct buf note = {0};

	buf_str(&note, text);
	for (int i = 0; i < 2; i++) {
		buf_str(&note, line[i]);
		if (policy_open(&v, p, note.p, note.n, NULL) != first || (first == OK && (v.quorum < before.quorum || v.cosigned < before.cosigned || v.newest < before.newest)))
			abort();
		before = v;
	}
	buf_free(&note);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct policy policy, again;
	struct buf one = {0}, two = {0};
	struct policy_view v = {.quorum = 0};
	enum err e;

	if (policy_read(&policy, p, n, NULL) != OK)
		return 0;
	policy_write(&one, &policy);
	if (policy_read(&again, one.p, one.n, NULL) != OK)
		abort();
	policy_write(&two, &again);
	if (one.n != two.n || memcmp(one.p, two.p, one.n) != 0 || again.logs != policy.logs || again.witnesses != policy.witnesses || again.groups != policy.groups || again.quorum != policy.quorum)
		abort();
	e = policy_open(&v, &policy, text, sizeof text - 1, NULL);
	if (e == OK && (v.cosigned != 0 || v.quorum != (policy.quorum < 0)))
		abort();
	judge(&policy, e);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
