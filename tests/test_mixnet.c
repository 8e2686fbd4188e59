/* tests/test_mixnet.c - crypto/{bytetree,session,shuffle,decryption}.c
 *
 * Goal    transcripts by Verificatum verify, with one altered byte they do not;
 *         our own proofs verify, and false ones do not.
 * Source  tests/vectors/README.md; known values of rho and generators printed by vmnv
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/decryption.h"
#include "crypto/permutation.h"
#include "crypto/shuffle.h"
#include "crypto/source.h"

static struct session
session(const char *sid, const char *auxsid, unsigned ebitlen)
{
	struct session s = {.nopart = 1, .thres = 1, .ebitlen = ebitlen, .vbitlen = 256};

	(void)snprintf(s.sid, sizeof s.sid, "%s", sid);
	(void)snprintf(s.auxsid, sizeof s.auxsid, "%s", auxsid);
	session_start(&s);
	return s;
}

static void
known_session(void **state)
{
	static const char *const want[] = {"dd05b81b9235974ea3a47cea3e22302c69c9ab18e1dfcc3990ebb4af7404cdbf",
	    "6d2669a06e8071b2426bc2bcd1dae28d5afefae0cf494b745ceda591e73c16bf", "a77103740f8736be744a389ddc6ae6fcf30ce8411b665622d47231bb2c5d1146",
	    "7fb2600e1d331c1143f407529cf2617a9d2821ed098f878fe366ac89bc27ee54", "8170862c9c673d5d6a295307f669b1c2e8e84b2624a30a3c4050e557583adf5b",
	    "3c3ed32e6c36cc5576b25974cbc05972006eeb68daab2abbd3feb5318cd911c6"};
	struct session s = session("Ref", "default", 256);
	struct point h[3];
	char hex[65];

	(void)state;
	hash_hex(hex, &s.rho);
	assert_string_equal(hex, "7f00c914ad6b39b0519d26b347b69a3fb515edebb1b53b6c75142a64eb66e66c");
	assert_int_equal(session_generators(h, 3, &s), OK);
	for (int i = 0; i < 3; i++) {
		uint8_t x[32], y[32];

		assert_int_equal(point_write_xy(x, y, &h[i]), OK);
		hex_encode(hex, x, 32);
		assert_string_equal(hex, want[2 * i]);
		hex_encode(hex, y, 32);
		assert_string_equal(hex, want[2 * i + 1]);
	}
}

static void
load(struct buf *out, const char *name)
{
	char path[256];
	struct why why;

	(void)snprintf(path, sizeof path, "tests/vectors/verificatum/%s", name);
	buf_free(out);
	if (file_read(out, path, 1 << 20, &why) != OK)
		fail_msg("%s", why.text);
}

static struct ciphertext *
list(const char *name, size_t n)
{
	struct buf b = {0};
	struct ciphertext *c = NULL;

	load(&b, name);
	assert_int_equal(bt_ciphertexts_count(b.n), n);
	assert_int_equal(bt_ciphertexts_read(&c, n, b.p, b.n), OK);
	buf_free(&b);
	return c;
}

static struct point
public_key(const char *name)
{
	struct buf b = {0};
	struct point g, y, standard;
	struct rd r;

	load(&b, name);
	r = rd_init(b.p, b.n);
	bt_read_node(&r, 2);
	bt_read_point(&r, &g, 0);
	bt_read_point(&r, &y, 0);
	assert_int_equal(rd_done(&r), OK);
	point_generator(&standard);
	assert_true(point_equal(&g, &standard));
	buf_free(&b);
	return y;
}

#define SHUFFLE "k3-t2-n100-shuffle/nizkp/"

static void
foreign_shuffle(void **state)
{
	struct session s = session("Bench", "default", 256);
	struct point key = public_key(SHUFFLE "FullPublicKey.bt");
	struct ciphertext *l[3] = {list(SHUFFLE "Ciphertexts.bt", 100), list(SHUFFLE "proofs/Ciphertexts01.bt", 100),
	    list(SHUFFLE "ShuffledCiphertexts.bt", 100)};
	struct why why;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		struct shuffle_proof p = {0};
		struct buf *file[3] = {&p.permutation_commitment, &p.commitment, &p.reply};
		char name[100];

		(void)snprintf(name, sizeof name, SHUFFLE "proofs/PermutationCommitment%02d.bt", i);
		load(file[0], name);
		(void)snprintf(name, sizeof name, SHUFFLE "proofs/PoSCommitment%02d.bt", i);
		load(file[1], name);
		(void)snprintf(name, sizeof name, SHUFFLE "proofs/PoSReply%02d.bt", i);
		load(file[2], name);
		if (shuffle_verify(&s, NULL, &key, l[i - 1], l[i], 100, &p, 2, &why) != OK)
			fail_msg("%s", why.text);
		for (int f = 0; f < 3; f++)
			for (size_t at = 0; at < file[f]->n; at += file[f]->n / 7 + 1) {
				file[f]->p[at] ^= 1;
				assert_int_not_equal(shuffle_verify(&s, NULL, &key, l[i - 1], l[i], 100, &p, 2, &why), OK);
				file[f]->p[at] ^= 1;
			}
		/* another input, another output, a byte more */
		assert_int_not_equal(shuffle_verify(&s, NULL, &key, l[i], l[i], 100, &p, 2, &why), OK);
		assert_int_not_equal(shuffle_verify(&s, NULL, &key, l[i - 1], l[0], 100, &p, 2, &why), OK);
		buf_u8(file[2], 0);
		assert_int_equal(shuffle_verify(&s, NULL, &key, l[i - 1], l[i], 100, &p, 2, &why), ERR_FORMAT);
		shuffle_proof_free(&p);
	}
	for (int i = 0; i < 3; i++)
		free(l[i]);
}

static void
foreign_decryption(void **state)
{
	static const unsigned trustee[2] = {1, 3};
	struct point *factors[2], out[5], want[2000];
	struct ciphertext *l = NULL;
	struct why why;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct decryption_proof p = {0};
		struct buf *file[3] = {&p.factors, &p.commitment, &p.reply}, info = {0};
		struct session s;
		struct point key;
		char folder[64], name[200], sid[64], aux[32];
		const char *at;

		(void)snprintf(folder, sizeof folder, "one-trustee-sessions/t%u/", trustee[i]);
		(void)snprintf(name, sizeof name, "%sprotInfo.xml", folder);
		load(&info, name);
		assert_non_null(at = strstr(buf_cstr(&info), "<sid>"));
		assert_int_equal(sscanf(at, "<sid>%63[^<]", sid), 1);
		(void)snprintf(aux, sizeof aux, "D0001T%02u", trustee[i]);
		s = session(sid, aux, 128);
		(void)snprintf(name, sizeof name, "%snizkp/FullPublicKey.bt", folder);
		key = public_key(name);
		free(l);
		(void)snprintf(name, sizeof name, "%snizkp/Ciphertexts.bt", folder);
		l = list(name, 5);
		(void)snprintf(name, sizeof name, "%snizkp/proofs/DecryptionFactors01.bt", folder);
		load(file[0], name);
		(void)snprintf(name, sizeof name, "%snizkp/proofs/DecrFactCommitment01.bt", folder);
		load(file[1], name);
		(void)snprintf(name, sizeof name, "%snizkp/proofs/DecrFactReply01.bt", folder);
		load(file[2], name);
		for (int f = 0; f < 3; f++)
			for (size_t b = 0; b < file[f]->n; b += 11) {
				struct point *none;

				file[f]->p[b] ^= 1;
				assert_int_not_equal(decryption_verify(&none, &s, &key, l, 5, &p, 1, &why), OK);
				file[f]->p[b] ^= 1;
			}
		if (decryption_verify(&factors[i], &s, &key, l, 5, &p, 1, &why) != OK)
			fail_msg("trustee %u: %s", trustee[i], why.text);
		decryption_proof_free(&p);
		buf_free(&info);
	}
	assert_int_equal(decryption_combine(out, l, 5, 3, trustee, 2, factors, 1), OK);
	marking_table(want, 2000);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(marking_find(want, 2000, &out[i]), 1000 + i);
	free(factors[0]);
	free(factors[1]);
	free(l);
}

/* A whole own round: encrypt, shuffle twice, decrypt with trustees 2, 3, 5 of 5 (t = 3). */
static void
own_round(void **state)
{
	enum { N = 40, K = 5, T = 3 };
	static const unsigned set[T] = {2, 3, 5};
	size_t sizes[] = {1, 2, N};
	struct scalar a[T], pf, ipf;
	struct point y, table[N];
	struct why why;

	(void)state;
	decryption_factor(&pf, &ipf, K);
	marking_table(table, N);
	for (int i = 0; i < T; i++)
		scalar_random(&a[i]);
	point_mul_base(&y, &a[0]);
	for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
		size_t n = sizes[z];
		struct ciphertext in[N], mid[N], out[N];
		struct shuffle_proof proof[2] = {0};
		struct session s = session("E0123456789", "S0001", 128);
		struct point *factors[T], plain[N];
		int seen[N + 1] = {0};

		for (size_t i = 0; i < n; i++) {
			struct scalar r;

			scalar_random(&r);
			elgamal_encrypt(&in[i], &table[i], &y, &r);
		}
		assert_int_equal(shuffle_prove(mid, &proof[0], &s, &y, in, n, 2), OK);
		assert_int_equal(shuffle_prove(out, &proof[1], &s, &y, mid, n, 2), OK);
		if (shuffle_verify(&s, NULL, &y, in, mid, n, &proof[0], 2, &why) != OK)
			fail_msg("%s", why.text);
		assert_int_equal(shuffle_verify(&s, NULL, &y, mid, out, n, &proof[1], 2, &why), OK);
		assert_int_not_equal(shuffle_verify(&s, NULL, &y, in, out, n, &proof[1], 2, &why), OK);
		out[0].c2 = in[0].c2; /* a replaced vote */
		assert_int_not_equal(shuffle_verify(&s, NULL, &y, mid, out, n, &proof[1], 2, &why), OK);
		shuffle_proof_free(&proof[0]);
		shuffle_proof_free(&proof[1]);
		for (int i = 0; i < T; i++) {
			struct decryption_proof d = {0};
			struct scalar x, l, t;
			struct point key, other;

			scalar_u64(&l, set[i]);
			scalar_mul(&x, &a[2], &l);
			scalar_add(&x, &x, &a[1]);
			scalar_mul(&x, &x, &l);
			scalar_add(&x, &x, &a[0]);
			scalar_mul(&x, &x, &ipf);
			point_mul_base(&key, &x);
			assert_int_equal(decryption_prove(&d, &s, &x, &key, mid, n, 2), OK);
			if (decryption_verify(&factors[i], &s, &key, mid, n, &d, 2, &why) != OK)
				fail_msg("%s", why.text);
			free(factors[i]);
			scalar_add(&t, &x, &SCALAR_ONE);
			point_mul_base(&other, &t);
			assert_int_equal(decryption_verify(&factors[i], &s, &other, mid, n, &d, 2, &why), ERR_PROOF);
			assert_int_equal(decryption_verify(&factors[i], &s, &key, mid, n, &d, 2, &why), OK);
			decryption_proof_free(&d);
		}
		assert_int_equal(decryption_combine(plain, mid, n, K, set, T, factors, 2), OK);
		for (size_t i = 0; i < n; i++)
			seen[marking_find(table, N, &plain[i])]++;
		for (size_t i = 1; i <= n; i++)
			assert_int_equal(seen[i], 1);
		for (int i = 0; i < T; i++)
			free(factors[i]);
	}
}

/* The network moves items, loses none, and undoes itself; every item reaches every place about equally often. */
static void
permutations(void **state)
{
	static unsigned seen[7][7];

	(void)state;
	for (size_t n = 0; n < 70; n++) {
		struct permutation *p;
		uint32_t a[70], b[70], mark[70] = {0};

		for (uint32_t i = 0; i < n; i++)
			a[i] = b[i] = i;
		assert_int_equal(permutation_new(&p, n), OK);
		assert_int_equal(permutation_apply(p, b, sizeof *b), OK);
		for (size_t i = 0; i < n; i++)
			mark[b[i]]++;
		for (size_t i = 0; i < n; i++)
			assert_int_equal(mark[i], 1);
		assert_int_equal(permutation_undo(p, b, sizeof *b), OK);
		assert_memory_equal(a, b, n * sizeof *a);
		permutation_free(p);
	}
	for (unsigned k = 0; k < 7000; k++) {
		struct permutation *p;
		uint8_t b[7] = {0, 1, 2, 3, 4, 5, 6};

		assert_int_equal(permutation_new(&p, 7), OK);
		assert_int_equal(permutation_apply(p, b, 1), OK);
		for (size_t i = 0; i < 7; i++)
			seen[b[i]][i]++;
		permutation_free(p);
	}
	for (size_t i = 0; i < 49; i++) /* 1000 expected, 29 the deviation: seven of them */
		assert_in_range(seen[i / 7][i % 7], 790, 1210);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(permutations), cmocka_unit_test(known_session),
	    cmocka_unit_test(foreign_shuffle),
	    cmocka_unit_test(foreign_decryption),
	    cmocka_unit_test(own_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
