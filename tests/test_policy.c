/* tests/test_policy.c - crypto/policy.c
 *
 * Goal    a policy file says what c2sp.org/tlog-policy says it does, and nothing else is a policy file.
 * Method  files that are and are not, with the line that is wrong; every subset of six witnesses against the rule written out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/policy.h"

enum { WITNESSES = 6 };

static struct signer logs[2], witness[WITNESSES];
static char log_key[2][256], key[WITNESSES][256], again[256]; /* again: the first witness's key under another name */
static struct policy *policy;
static struct head head = {.size = 3};

static int
make_keys(void **state)
{
	uint8_t seed[32] = {7};
	struct vkey k;

	(void)state;
	policy = calloc(1, sizeof *policy);
	assert_non_null(policy);
	for (int i = 0; i < 2; i++) {
		seed[1] = (uint8_t)i;
		assert_int_equal(signer_of_seed(&logs[i], i == 0 ? "example.com/log" : "example.com/other", seed), OK);
		assert_int_equal(vkey_make(&k, logs[i].name, NOTE_ED25519, logs[i].key), OK);
		vkey_write(log_key[i], &k);
	}
	seed[2] = 1;
	for (int i = 0; i < WITNESSES; i++) {
		char name[32];

		seed[1] = (uint8_t)i;
		(void)snprintf(name, sizeof name, "witness.example/%d", i);
		assert_int_equal(signer_of_seed(&witness[i], name, seed), OK);
		assert_int_equal(vkey_make(&k, name, NOTE_COSIGNATURE, witness[i].key), OK);
		vkey_write(key[i], &k);
	}
	assert_int_equal(vkey_make(&k, "another-name", NOTE_COSIGNATURE, witness[0].key), OK);
	vkey_write(again, &k);
	return 0;
}

static int
drop_keys(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		signer_close(&logs[i]);
	for (int i = 0; i < WITNESSES; i++)
		signer_close(&witness[i]);
	free(policy);
	return 0;
}

/* L, M: the logs' keys; 0 to 5: the witnesses'; A: the first one's again; every other character after '$' is itself. */
static void
fill_in(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != '$') {
			buf_u8(out, (unsigned char)*text);
			continue;
		}
		text++;
		buf_str(out, *text == 'L' ? log_key[0] : *text == 'M' ? log_key[1] : *text == 'A' ? again : key[*text - '0']);
	}
}

static enum err
read_text(const char *text, struct why *why)
{
	struct buf b = {0};
	enum err e;

	fill_in(&b, text);
	e = policy_read(policy, b.p, b.n, why);
	buf_free(&b);
	return e;
}

/* A checkpoint of logs[log], cosigned by the witnesses whose bit is in `who`, i at the time 1000 + i. */
static void
checkpoint_by(struct buf *out, int log, unsigned who)
{
	assert_int_equal(checkpoint_sign(out, &head, &logs[log]), OK);
	for (unsigned i = 0; i < WITNESSES; i++)
		if (who >> i & 1)
			assert_int_equal(checkpoint_cosign(out, 1000 + i, &witness[i]), OK);
}

/* Two organizations with three witnesses each: two of the first and one of the second must have seen it. */
static const char two_levels[] = "log $L\n\nwitness X1 $0\nwitness X2 $1\nwitness X3 $2\ngroup X-witnesses 2 X1 X2 X3\n\n"
				 "witness Y1 $3\nwitness Y2 $4\nwitness Y3 $5\ngroup Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";

static int
two_and_one(unsigned who)
{
	unsigned x = (who & 1) + (who >> 1 & 1) + (who >> 2 & 1);

	return x >= 2 && who >> 3 != 0;
}

static void
groups(void **state)
{
	(void)state;
	assert_int_equal(read_text(two_levels, NULL), OK);
	assert_true(policy->logs == 1 && policy->witnesses == 6 && policy->groups == 3);
	assert_string_equal(policy_quorum(policy), "X-and-Y");
	for (unsigned who = 0; who < 1 << WITNESSES; who++) {
		struct buf b = {0};
		struct policy_view v;
		unsigned n = 0, newest = 0;

		for (unsigned i = 0; i < WITNESSES; i++)
			if (who >> i & 1) {
				n++;
				newest = 1000 + i;
			}
		checkpoint_by(&b, 0, who);
		assert_int_equal(policy_open(&v, policy, b.p, b.n, NULL), OK);
		assert_true(v.head.size == head.size && v.log == 0 && v.cosigned == n && v.newest == newest);
		assert_int_equal(v.quorum, two_and_one(who));
		buf_free(&b);
	}
}

/* Every k of six, written by hand, by policy_any, and as one group of each shape. */
static void
thresholds(void **state)
{
	(void)state;
	for (unsigned k = 0; k <= WITNESSES; k++) {
		static struct policy by_hand;
		struct buf file = {0};
		struct vkey v;
		struct why why;

		policy_init(&by_hand);
		assert_int_equal(vkey_read(&v, log_key[0], NULL), OK);
		assert_int_equal(policy_add_log(&by_hand, &v, "https://example.com/log", NULL), OK);
		for (int i = 0; i < WITNESSES; i++) {
			char name[8];

			(void)snprintf(name, sizeof name, "W%d", i);
			assert_int_equal(vkey_read(&v, key[i], NULL), OK);
			assert_int_equal(policy_add_witness(&by_hand, name, &v, NULL, NULL), OK);
		}
		assert_int_equal(policy_any(&by_hand, k, NULL), OK);
		assert_int_equal(policy_any(&by_hand, WITNESSES + 1, NULL), ERR_RANGE);
		policy_write(&file, &by_hand);
		assert_int_equal(policy_read(policy, file.p, file.n, &why), OK);
		for (unsigned who = 0; who < 1 << WITNESSES; who++) {
			struct buf b = {0};
			struct policy_view one, two;
			unsigned n = 0;

			for (unsigned i = 0; i < WITNESSES; i++)
				n += who >> i & 1;
			checkpoint_by(&b, 0, who);
			assert_int_equal(policy_open(&one, &by_hand, b.p, b.n, NULL), OK);
			assert_int_equal(policy_open(&two, policy, b.p, b.n, NULL), OK);
			assert_true(one.quorum == (n >= k) && two.quorum == one.quorum);
			buf_free(&b);
		}
		buf_free(&file);
	}
}

static void
judged(void **state)
{
	static const struct {
		const char *policy;
		int log;
		unsigned who;
		enum err want;
		int quorum;
	} cases[] = {
	    {"log $L\nquorum none\n", 0, 0, OK, 1},
	    {"log $L\nwitness a $0\nquorum none\n", 0, 0, OK, 1},
	    {"log $L\nlog $M\nquorum none\n", 1, 0, OK, 1}, /* any of the logs */
	    {"log $L\nquorum none\n", 1, 0, ERR_ABSENT, 0}, /* another log */
	    {"quorum none\n", 0, 0, ERR_ABSENT, 0},
	    {"log $L\nwitness a $0\nquorum a\n", 0, 0, OK, 0}, /* one witness without a group */
	    {"log $L\nwitness a $0\nquorum a\n", 0, 1, OK, 1},
	    {"log $L\nwitness a $0\nquorum a\n", 0, 2, OK, 0}, /* a witness the policy does not know */
	    {"log $L\nwitness a $A\nquorum a\n", 0, 1, OK, 0}, /* the same key under another name has another id */
	    {"log $L\nwitness a $0\nwitness b $1\ngroup g any a\ngroup h all g b\nquorum g\n", 0, 1, OK, 1}, /* the quorum may be in a group itself */
	    {"log $L\nwitness a $0\nwitness b $1\ngroup g any a\ngroup h all g b\nquorum h\n", 0, 1, OK, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		struct policy_view v = {.quorum = 0};

		assert_int_equal(read_text(cases[i].policy, NULL), OK);
		checkpoint_by(&b, cases[i].log, cases[i].who);
		if (policy_open(&v, policy, b.p, b.n, NULL) != cases[i].want || v.quorum != cases[i].quorum)
			fail_msg("case %zu: %s", i, cases[i].policy);
		buf_free(&b);
	}
}

/* No bit of a checkpoint with three cosignatures: what still passes says less, never more. */
static void
changed(void **state)
{
	struct buf b = {0};
	struct policy_view v;

	(void)state;
	assert_int_equal(read_text(two_levels, NULL), OK);
	checkpoint_by(&b, 0, 1 + 2 + 8);
	for (size_t i = 0; i < b.n * 8; i++) {
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (policy_open(&v, policy, b.p, b.n, NULL) == OK && (v.quorum || v.cosigned > 2 || v.head.size != head.size || !hash_equal(&v.head.root, &head.root)))
			fail_msg("bit %zu may be flipped", i);
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf_free(&b);
}

/* Comments, empty lines, tabs, white space at both ends, octets above ASCII, and the most that is to be taken. */
static void
well_formed(void **state)
{
	static const char *const good[] = {"quorum none\n", "#\n \t # x\n\n\t\nquorum none\n", "\tquorum\t  none \t\n", "log $L https://example.com/log\nquorum none\n",
	    "witness \xe2\x84\xaa $0 https://\xff/\nwitness K $1\nquorum K\n", "witness any $0\nwitness all $1\nwitness 2 $2\ngroup g any any all\ngroup 1 2 2 g\nquorum 1\n",
	    "witness a $0\ngroup g 1 a\nquorum g\n", "quorum none\nwitness a $0\nlog $L\n", "log $L\nlog $M\nwitness log $0\ngroup group any log\nquorum group\n"};
	struct buf b = {0}, twice = {0};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct why why = {""};

		if (read_text(good[i], &why) != OK)
			fail_msg("%s: %s", good[i], why.text);
		buf_free(&b);
		buf_free(&twice);
		policy_write(&b, policy);
		assert_int_equal(policy_read(policy, b.p, b.n, NULL), OK);
		policy_write(&twice, policy);
		assert_int_equal(b.n, twice.n);
		assert_memory_equal(b.p, twice.p, b.n);
	}
	buf_free(&b);
	buf_free(&twice);
	for (unsigned i = 0; i < 64; i++) { /* twice what the specification asks for */
		uint8_t seed[32] = {9, (uint8_t)i};
		struct signer s;
		struct vkey k;
		char text[256];

		assert_int_equal(signer_of_seed(&s, "x", seed), OK);
		for (int cosigner = 0; cosigner < 2; cosigner++) {
			assert_int_equal(vkey_make(&k, s.name, cosigner ? NOTE_COSIGNATURE : NOTE_ED25519, s.key), OK);
			vkey_write(text, &k);
			if (cosigner)
				buf_printf(&b, "witness w%u %s\ngroup g%u all w%u%s\n", i, text, i, i, i == 63 ? " g62" : "");
			else
				buf_printf(&b, "log %s\n", text);
		}
		signer_close(&s);
	}
	buf_str(&b, "quorum g63\n");
	assert_int_equal(policy_read(policy, b.p, b.n, NULL), OK);
	buf_str(&b, "group g64 all g63\n");
	assert_int_equal(policy_read(policy, b.p, b.n, NULL), ERR_RANGE);
	buf_free(&b);
}

static void
malformed(void **state)
{
	static const struct {
		const char *text;
		enum err want;
		const char *said;
	} bad[] = {
	    {"", ERR_FORMAT, "no quorum line"},
	    {"log $L\n", ERR_FORMAT, "no quorum line"},
	    {"quorum none", ERR_FORMAT, "line 1: no newline"},
	    {"quorum none\n# cut", ERR_FORMAT, "line 2: no newline"},
	    {"quorum none\nquorum none\n", ERR_FORMAT, "line 2: a second quorum"},
	    {"quorum none # why\n", ERR_FORMAT, "line 1: #: nothing more"}, /* a comment has its own line */
	    {"quorum\n", ERR_RANGE, "line 1"},
	    {"quorum a\nwitness a $0\n", ERR_RANGE, "line 1: no witness and no group above"},
	    {"\r\nquorum none\r\n", ERR_FORMAT, "line 1: control character 0d"},
	    {"# \x7f\nquorum none\n", ERR_FORMAT, "line 1: control character 7f"},
	    {"quorum none\n\x01\n", ERR_FORMAT, "line 2: control character 01"},
	    {"Quorum none\n", ERR_FORMAT, "line 1: Quorum"},
	    {"quorum None\n", ERR_RANGE, "line 1"},
	    {"log\nquorum none\n", ERR_FORMAT, "line 1"},
	    {"log example.com/log+00000000+AQ==\nquorum none\n", ERR_FORMAT, "line 1: verifier key"},
	    {"log $0\nquorum none\n", ERR_FORMAT, "line 1: witness.example/0: not a log's key"},
	    {"log $L u v\nquorum none\n", ERR_FORMAT, "line 1: v: nothing more"},
	    {"log $L u\n\nlog $L v\nquorum none\n", ERR_RANGE, "line 3: log example.com/log: this key"},
	    {"witness a $L\nquorum none\n", ERR_FORMAT, "line 1: example.com/log: not a cosigner's key"},
	    {"witness $0\nquorum none\n", ERR_FORMAT, "line 1"},
	    {"witness a\nquorum none\n", ERR_FORMAT, "line 1"},
	    {"witness a $0\nwitness a $1\nquorum none\n", ERR_RANGE, "line 2: there is a a already"},
	    {"witness a $0\nwitness b $A\nquorum none\n", ERR_RANGE, "line 2: witness b: the key of a"},
	    {"witness none $0\nquorum none\n", ERR_RANGE, "line 1: nobody can be named none"},
	    {"witness a $0\ngroup none any a\nquorum none\n", ERR_RANGE, "line 2: nobody can be named none"},
	    {"witness a $0\ngroup a any a\nquorum none\n", ERR_RANGE, "line 2: there is a a already"},
	    {"witness a $0\ngroup g any a none\nquorum g\n", ERR_RANGE, "line 2: no witness and no group above is named none"},
	    {"witness a $0\ngroup g any a g\nquorum g\n", ERR_RANGE, "line 2: no witness and no group above is named g"},
	    {"group g any a\nwitness a $0\nquorum g\n", ERR_RANGE, "line 1: no witness and no group above is named a"},
	    {"witness a $0\ngroup g any a a\nquorum g\n", ERR_RANGE, "line 2: group g: a is in a group already"},
	    {"witness a $0\ngroup g any a\ngroup h any a g\nquorum h\n", ERR_RANGE, "line 3: group h: a is in a group already"},
	    {"group g all\nquorum g\n", ERR_RANGE, "line 1: group g: 0 of 0"},
	    {"group g\nquorum g\n", ERR_FORMAT, "line 1: how many"},
	    {"witness a $0\ngroup g 0 a\nquorum g\n", ERR_RANGE, "line 2: group g: 0 of 1"},
	    {"witness a $0\ngroup g 2 a\nquorum g\n", ERR_RANGE, "line 2: group g: 2 of 1"},
	    {"witness a $0\ngroup g 4294967297 a\nquorum g\n", ERR_FORMAT, "line 2: how many"},
	    {"witness a $0\ngroup g -1 a\nquorum g\n", ERR_FORMAT, "line 2: how many"},
	    {"witness a $0\ngroup g 01 a\nquorum g\n", ERR_FORMAT, "line 2: how many"},
	    {"witness a $0\ngroup g ALL a\nquorum g\n", ERR_FORMAT, "line 2: how many"},
	};
	struct buf b = {0};
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		enum err e = read_text(bad[i].text, &why);

		if (e != bad[i].want || strstr(why.text, bad[i].said) == NULL)
			fail_msg("%s\n%s: %s", bad[i].text, err_name(e), e == OK ? "" : why.text);
	}
	assert_int_equal(policy_read(policy, "quorum none\n\0\n", 14, &why), ERR_FORMAT);
	for (size_t n = 127; n <= 512; n++) { /* a name and an address as long as may be, then longer, then no words at all */
		buf_free(&b);
		buf_str(&b, "witness ");
		for (size_t i = 0; i < n; i++)
			buf_u8(&b, 'w');
		buf_printf(&b, " %s ", key[0]);
		for (size_t i = 0; i < 2 * n; i++)
			buf_u8(&b, 'u');
		buf_str(&b, "\nquorum none\n");
		assert_int_equal(policy_read(policy, b.p, b.n, &why), n == 127 ? OK : n < 256 ? ERR_RANGE : ERR_LENGTH);
	}
	buf_free(&b);
	buf_room(&b, POLICY_MAX_BYTES + 1);
	while (b.n <= POLICY_MAX_BYTES)
		buf_u8(&b, '\n');
	assert_int_equal(policy_read(policy, b.p, b.n, &why), ERR_LENGTH);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups),
	    cmocka_unit_test(thresholds),
	    cmocka_unit_test(judged),
	    cmocka_unit_test(changed),
	    cmocka_unit_test(well_formed),
	    cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
