/* tests/test_vectors.c - what others published: BIP 340, RFC 9474, RFC 4226 and 6238, RFC 8032, C2SP's notes and
 * logs, Merkle proofs, Ed25519's edge cases.
 *
 * Method  tests/vectors/ holds what may be copied; the rest is read from ../shared/vectors and skipped, with a line
 *         that says so, where that folder is absent.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <liboath/oath.h>
#include <openssl/bn.h>

#include "crypto/rsablind.h"
#include "crypto/schnorr.h"
#include "crypto/tile.h"
#include "election/json.h"

#define SHARED "../shared/vectors"

static int
absent(const char *folder)
{
	if (access(folder, F_OK) == 0)
		return 0;
	print_message("skipped: %s is not here\n", folder);
	return 1;
}

static void
read_whole(struct buf *b, const char *path)
{
	struct why why = {""};

	buf_free(b);
	if (file_read(b, path, 1 << 24, &why) != OK)
		fail_msg("%s", why.text);
}

static void
bip340(void **state)
{
	FILE *f = fopen("tests/vectors/bip340.txt", "r");
	char line[2048], secret[80], key[80], aux[80], message[512], sig[140], result[8];
	unsigned index, signed_ones = 0, judged = 0, refused = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		struct hash m = {{0}}, a;
		uint8_t k[32], s[64], made[64];
		struct scalar x;
		enum err e;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%u %79s %79s %79s %511s %139s %7s", &index, secret, key, aux, message, sig, result), 7);
		if (strlen(message) != 64) /* messages here are hashes of 32 bytes */
			continue;
		assert_int_equal(hex_decode(k, 32, key, 64), OK);
		assert_int_equal(hex_decode(m.b, 32, message, 64), OK);
		assert_int_equal(hex_decode(s, 64, sig, 128), OK);
		e = schnorr_verify(s, k, &m);
		if ((e == OK) != (strcmp(result, "TRUE") == 0))
			fail_msg("BIP 340, row %u: %s", index, err_name(e));
		judged++;
		refused += e != OK;
		if (strcmp(secret, "-") == 0)
			continue;
		assert_int_equal(hex_decode(x.b, 32, secret, 64), OK);
		assert_int_equal(hex_decode(a.b, 32, aux, 64), OK);
		assert_int_equal(schnorr_sign_with(made, &x, &m, a.b), OK);
		assert_memory_equal(made, s, 64);
		signed_ones++;
	}
	(void)fclose(f);
	assert_true(judged >= 15 && refused >= 9 && signed_ones >= 4);
}

/* name -> bytes of tests/vectors/rfc9474.txt */
static BIGNUM *
number(const char *name, struct buf *bytes)
{
	FILE *f = fopen("tests/vectors/rfc9474.txt", "r");
	static char line[4096], want[32];
	BIGNUM *n = NULL;

	assert_non_null(f);
	(void)snprintf(want, sizeof want, "%s ", name);
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, want, strlen(want)) == 0) {
			char *hex = line + strlen(want);

			hex[strcspn(hex, "\n")] = '\0';
			assert_true(BN_hex2bn(&n, hex) > 0);
			if (bytes != NULL) {
				uint8_t b[1024];

				assert_int_equal(hex_decode(b, strlen(hex) / 2, hex, strlen(hex)), OK);
				buf_put(bytes, b, strlen(hex) / 2);
			}
		}
	(void)fclose(f);
	assert_non_null(n);
	return n;
}

static void
rfc9474(void **state)
{
	struct buf msg = {0}, modulus = {0}, blinded = {0}, inverse = {0};
	BIGNUM *n = number("n", &modulus), *e = number("e", NULL), *m = number("msg", &msg), *inv = number("inv", &inverse);
	BIGNUM *b = number("blinded_msg", &blinded), *bs = number("blind_sig", NULL), *sig = number("sig", NULL), *x = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	uint8_t em[512], out[512], factor[512] = {0};
	size_t size = modulus.n;

	(void)state;
	assert_int_equal(size, 512);
	/* the encoding is what the signature opens to */
	assert_int_equal(pss_encode(em, (size_t)BN_num_bits(n) - 1, msg.p, msg.n), OK);
	assert_int_equal(BN_mod_exp(x, sig, e, n, ctx), 1);
	assert_int_equal(BN_bn2binpad(x, out, (int)size), (int)size);
	assert_memory_equal(out, em, size);
	/* blinding gives the published request */
	memcpy(factor + size - inverse.n, inverse.p, inverse.n);
	assert_int_equal(rsa_blind_raw(out, modulus.p, size, msg.p, msg.n, factor), OK);
	assert_memory_equal(out, blinded.p, size);
	/* the answer belongs to it, and unblinds to the signature */
	assert_int_equal(BN_mod_exp(x, bs, e, n, ctx), 1);
	assert_int_equal(BN_cmp(x, b), 0);
	assert_int_equal(BN_mod_mul(x, bs, inv, n, ctx), 1);
	assert_int_equal(BN_cmp(x, sig), 0);
	for (size_t i = 0; i < 8; i++)
		BN_free((BIGNUM *[]){n, e, m, inv, b, bs, sig, x}[i]);
	BN_CTX_free(ctx);
	for (size_t i = 0; i < 4; i++)
		buf_free((struct buf *[]){&msg, &modulus, &blinded, &inverse}[i]);
}

/* The function that makes our codes, on the counters of both standards (RFC 6238: time / 30). */
static void
one_time_codes(void **state)
{
	static const struct {
		uint64_t counter;
		unsigned digits;
		const char *code;
	} v[] = {{0, 6, "755224"}, {1, 6, "287082"}, {2, 6, "359152"}, {3, 6, "969429"}, {4, 6, "338314"}, {5, 6, "254676"}, {6, 6, "287922"},
	    {7, 6, "162583"}, {8, 6, "399871"}, {9, 6, "520489"}, {59 / 30, 8, "94287082"}, {1111111109 / 30, 8, "07081804"},
	    {1111111111 / 30, 8, "14050471"}, {1234567890 / 30, 8, "89005924"}, {2000000000 / 30, 8, "69279037"}, {20000000000 / 30, 8, "65353130"}};
	char otp[16];

	(void)state;
	assert_int_equal(oath_init(), OATH_OK);
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		assert_int_equal(oath_hotp_generate("12345678901234567890", 20, v[i].counter, v[i].digits, 0, OATH_HOTP_DYNAMIC_TRUNCATION, otp), OATH_OK);
		assert_string_equal(otp, v[i].code);
	}
}

/* RFC 8032, section 7.1, tests 1 and 2 */
static void
rfc8032(void **state)
{
	static const char *const v[][4] = {
	    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "r",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t seed[32], key[32], made[32], sig[64], have[64];

		assert_int_equal(hex_decode(seed, 32, v[i][0], 64), OK);
		assert_int_equal(hex_decode(key, 32, v[i][1], 64), OK);
		assert_int_equal(hex_decode(sig, 64, v[i][3], 128), OK);
		assert_int_equal(ed25519_public(made, seed), OK);
		assert_memory_equal(made, key, 32);
		assert_int_equal(ed25519_sign(have, seed, v[i][2], strlen(v[i][2])), OK);
		assert_memory_equal(have, sig, 64);
		assert_int_equal(ed25519_verify(sig, key, v[i][2], strlen(v[i][2])), OK);
		sig[40] ^= 1;
		assert_int_equal(ed25519_verify(sig, key, v[i][2], strlen(v[i][2])), ERR_PROOF);
	}
}

/* ---- small readers of others' JSON ------------------------------------------------------- */

static const char *
after(const char *text, const char *name)
{
	char want[64];
	const char *p;

	(void)snprintf(want, sizeof want, "\"%s\":", name);
	p = strstr(text, want);
	if (p == NULL)
		fail_msg("no %s", name);
	p += strlen(want);
	return p + strspn(p, " ");
}

/* A base64 text of at most 32 bytes (some cases have shorter "roots": they are filled with zeros); 0 if longer or empty. */
static int
hash_at(struct hash *out, const char *p)
{
	char text[128] = "";
	size_t n = 32, len;

	if (*p != '"')
		return 0;
	len = strcspn(p + 1, "\"");
	if (len == 0 || len >= sizeof text)
		return 0;
	memcpy(text, p + 1, len);
	memset(out->b, 0, 32);
	return base64_decode(out->b, &n, text, len) == OK;
}

static size_t
proof_at(struct hash *out, int *good, const char *text)
{
	const char *p = after(text, "proof");
	size_t n = 0;

	*good = 1;
	if (*p != '[')
		return 0; /* null */
	for (p++; (p += strcspn(p, "\"]")), *p == '"'; n++) {
		if (n == 64)
			return 64;
		*good &= hash_at(&out[n], p);
		p += 1 + strcspn(p + 1, "\"") + 1;
	}
	return n;
}

static unsigned cases, wrong;

static void
merkle_case(const char *path, int consistency)
{
	struct buf b = {0};
	struct hash path_[64], one, two;
	const char *text;
	int good, want;
	size_t n;
	enum err e = ERR_FORMAT;

	read_whole(&b, path);
	text = buf_cstr(&b);
	want = strncmp(after(text, "wantErr"), "true", 4) != 0;
	n = proof_at(path_, &good, text);
	if (consistency) {
		uint64_t size1 = strtoull(after(text, "size1"), NULL, 10), size2 = strtoull(after(text, "size2"), NULL, 10);

		if (hash_at(&one, after(text, "root1")) && hash_at(&two, after(text, "root2")) && good && n < 64)
			e = consistency_check(size1, size2, path_, n, &one, &two);
		if (size1 == 0 && size2 > 0) { /* the witness specification starts from size 0, these cases do not */
			buf_free(&b);
			return;
		}
	} else if (hash_at(&one, after(text, "leafHash")) && hash_at(&two, after(text, "root")) && good && n < 64)
		e = inclusion_check(strtoull(after(text, "leafIdx"), NULL, 10), strtoull(after(text, "treeSize"), NULL, 10), &one, path_, n, &two);
	cases++;
	if ((e == OK) != want) {
		print_message("%s: %s\n", path, err_name(e));
		wrong++;
	}
	buf_free(&b);
}

static void
merkle_folder(const char *top, int consistency)
{
	DIR *d = opendir(top);
	struct dirent *x;

	if (d == NULL)
		return;
	while ((x = readdir(d)) != NULL) {
		char path[1024];

		if (x->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", top, x->d_name);
		if (strlen(path) > 5 && strcmp(path + strlen(path) - 5, ".json") == 0)
			merkle_case(path, consistency);
		else
			merkle_folder(path, consistency);
	}
	(void)closedir(d);
}

static void
merkle(void **state)
{
	(void)state;
	if (absent(SHARED "/merkle"))
		skip();
	cases = wrong = 0;
	merkle_folder(SHARED "/merkle/inclusion", 0);
	merkle_folder(SHARED "/merkle/consistency", 1);
	assert_int_equal(wrong, 0);
	assert_true(cases >= 190);
}

/* Notes of real logs and witnesses: those of our two key types verify, other types are refused as keys. */
static void
notes(void **state)
{
	DIR *d;
	struct dirent *x;
	unsigned plain = 0, cosigned = 0, other = 0;

	(void)state;
	if (absent(SHARED "/notes"))
		skip();
	d = opendir(SHARED "/notes");
	while ((x = readdir(d)) != NULL) {
		struct buf b = {0};
		struct vkey key;
		struct note note;
		struct why why = {""};
		char path[1024], text[1024];
		size_t n = strlen(x->d_name), count = 0;

		if (n < 6 || strcmp(x->d_name + n - 5, ".vkey") != 0)
			continue;
		(void)snprintf(path, sizeof path, SHARED "/notes/%s", x->d_name);
		read_whole(&b, path);
		(void)snprintf(text, sizeof text, "%s", buf_cstr(&b));
		text[strcspn(text, " \n")] = '\0';
		(void)snprintf(path, sizeof path, SHARED "/notes/%.*s.note", (int)(n - 5), x->d_name);
		read_whole(&b, path);
		if (note_read(&note, b.p, b.n, &why) != OK)
			fail_msg("%s: %s", x->d_name, why.text);
		if (vkey_read(&key, text, &why) != OK)
			other++;
		else if (key.type == NOTE_ED25519) {
			if (note_verify(&note, &key) != OK)
				fail_msg("%s is not accepted", x->d_name);
			plain++;
		} else {
			if (checkpoint_cosigners(&count, b.p, b.n, &key, 1, &why) != OK || count != 1)
				fail_msg("%s is not accepted: %s", x->d_name, why.text);
			cosigned++;
		}
		if (vkey_read(&key, text, NULL) == OK) { /* one flipped bit of the text */
			((uint8_t *)(uintptr_t)note.text)[0] ^= 1;
			assert_true(note_read(&note, b.p, b.n, NULL) != OK || key.type == NOTE_COSIGNATURE ? checkpoint_cosigners(&count, b.p, b.n, &key, 1, NULL) != OK || count == 0
											      : note_verify(&note, &key) == ERR_PROOF);
		}
		buf_free(&b);
	}
	(void)closedir(d);
	print_message("%u signed notes, %u cosignatures; %u keys of types that we do not take\n", plain, cosigned, other);
	assert_true(plain >= 20 && cosigned >= 4 && plain + cosigned + other == 62);
}

/* A whole log that Go's sumdb/tlog wrote. */
static enum err
count_entries(void *ctx, uint64_t index, const uint8_t *p, size_t n, const struct hash *leaf)
{
	(void)p;
	(void)leaf;
	assert_true(index != 5 || n == 0); /* entry 5 is empty */
	++*(unsigned *)ctx;
	return OK;
}

static enum err
count_any(void *ctx, uint64_t index, const uint8_t *p, size_t n, const struct hash *leaf)
{
	(void)index;
	(void)p;
	(void)n;
	(void)leaf;
	++*(unsigned *)ctx;
	return OK;
}

static void
ref600(void **state)
{
	static const unsigned proofs[] = {0, 1, 5, 255, 256, 300, 599};
	struct file_source src = source_dir("tests/vectors/tlog/ref600");
	struct buf b = {0}, leaf = {0};
	struct vkey log, witness[2];
	struct head head;
	struct why why = {""};
	unsigned entries = 0;
	size_t count;
	char text[1024], *second;

	(void)state;
	read_whole(&b, "tests/vectors/tlog/ref600/vkey");
	(void)snprintf(text, sizeof text, "%s", buf_cstr(&b));
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(vkey_read(&log, text, &why), OK);
	read_whole(&b, "tests/vectors/tlog/ref600/checkpoint");
	assert_int_equal(checkpoint_open(&head, b.p, b.n, &log, &why), OK);
	assert_int_equal(head.size, 600);
	if (log_read(&src, "", &head, count_entries, &entries, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(entries, 600);
	read_whole(&b, "tests/vectors/tlog/ref600/witness-vkeys");
	(void)snprintf(text, sizeof text, "%s", buf_cstr(&b));
	second = strchr(text, '\n');
	*second++ = '\0';
	second[strcspn(second, "\n")] = '\0';
	assert_int_equal(vkey_read(&witness[0], text, &why), OK);
	assert_int_equal(vkey_read(&witness[1], second, &why), OK);
	read_whole(&b, "tests/vectors/tlog/ref600/checkpoint.cosigned");
	assert_int_equal(checkpoint_cosigners(&count, b.p, b.n, witness, 2, &why), OK);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
		struct receipt r;
		struct hash h;
		char path[200];

		(void)snprintf(path, sizeof path, "tests/vectors/tlog/ref600/proofs/%u.leaf", proofs[i]);
		read_whole(&leaf, path);
		(void)snprintf(path, sizeof path, "tests/vectors/tlog/ref600/proofs/%u.tlog-proof", proofs[i]);
		read_whole(&b, path);
		leaf_hash(&h, leaf.p, leaf.n);
		if (receipt_read(&r, b.p, b.n, &why) != OK || receipt_verify(&r, &h, &log, &head, &why) != OK)
			fail_msg("%s: %s", path, why.text);
		assert_int_equal(r.index, proofs[i]);
		h.b[0] ^= 1;
		assert_int_not_equal(receipt_verify(&r, &h, &log, &head, NULL), OK);
	}
	buf_free(&b);
	buf_free(&leaf);
}

/* A log of 15 entries by Tessera: every checkpoint's tree from its tiles, and of one history. */
static void
tessera_15(void **state)
{
	static const char dir[] = SHARED "/tlog/tessera-15/testdata/log";
	struct file_source src = source_dir(dir);
	struct buf b = {0};
	struct vkey log;
	struct why why = {""};
	char path[300], text[300];

	(void)state;
	if (absent(dir) || absent(SHARED "/notes"))
		return;
	read_whole(&b, SHARED "/notes/043-example.com_log_testdata-15.vkey");
	(void)snprintf(text, sizeof text, "%.250s", buf_cstr(&b));
	text[strcspn(text, " \n")] = '\0';
	assert_int_equal(vkey_read(&log, text, &why), OK);
	for (unsigned n = 0; n <= 15; n++) {
		struct head head;
		unsigned entries = 0;

		(void)snprintf(path, sizeof path, "%s/checkpoint.%u", dir, n);
		read_whole(&b, path);
		if (checkpoint_open(&head, b.p, b.n, &log, &why) != OK)
			fail_msg("%s: %s", path, why.text);
		assert_int_equal(head.size, n);
		if (log_read(&src, "", &head, count_any, &entries, &why) != OK)
			fail_msg("%s: %s", path, why.text);
		assert_int_equal(entries, n);
		head.root.b[n] ^= 1;
		assert_int_not_equal(log_read(&src, "", &head, NULL, NULL, NULL), OK);
	}
	buf_free(&b);
}

/* Cosignatures of a type that we do not take: the key is refused, the line in a note is passed over. */
static void
mldsa44(void **state)
{
	struct buf b = {0}, note = {0};
	struct json *root = NULL;
	struct fields f;
	struct vkey key;
	struct note n;
	struct json *list;

	(void)state;
	if (absent(SHARED "/tlog/mldsa44-cosignature.json"))
		return;
	read_whole(&b, SHARED "/tlog/mldsa44-cosignature.json");
	assert_int_equal(json_parse(&root, b.p, b.n, 1 << 20, NULL), OK);
	f = fields_of(root, NULL);
	assert_int_not_equal(vkey_read(&key, field_text(&f, "vkey", 4096), NULL), OK);
	list = field_array(&f, "cases", 100);
	assert_true(list != NULL && list->n >= 3);
	for (size_t i = 0; i < list->n; i++) {
		struct fields g = fields_of(list->item[i], NULL);

		note.n = 0;
		buf_printf(&note, "example.com/log\n1\n+zoErtsZtGO6sfiSV/v4UJSIyowisE8hvjw0q5+bD38=\n\n%s", field_text(&g, "signature_line", 8192));
		assert_int_equal(note_read(&n, note.p, note.n, NULL), OK);
		assert_int_equal(n.signatures, 1);
		assert_int_equal(vkey_make(&key, "example.com/mldsa-log", NOTE_ED25519, (const uint8_t[32]){9}), OK);
		assert_int_equal(note_verify(&n, &key), ERR_ABSENT);
	}
	json_free(root);
	buf_free(&b);
	buf_free(&note);
}

/* Ed25519's edge cases: no key of small order, nothing non-canonical, no cofactor. */
static void
ed25519_edges(void **state)
{
	struct buf b = {0};
	const char *p;
	unsigned n = 0, accepted = 0;

	(void)state;
	if (absent(SHARED "/ed25519"))
		skip();
	read_whole(&b, SHARED "/ed25519/ed25519vectors.json");
	for (p = buf_cstr(&b); (p = strstr(p, "\"number\":")) != NULL; p++) {
		const char *key = after(p, "key"), *sig = after(p, "sig"), *msg = after(p, "msg"), *flags = after(p, "flags");
		char all[512] = "", text[64] = "";
		uint8_t k[32], s[64];
		int want;
		enum err e;

		assert_int_equal(hex_decode(k, 32, key + 1, 64), OK);
		assert_int_equal(hex_decode(s, 64, sig + 1, 128), OK);
		(void)snprintf(text, sizeof text, "%.*s", (int)strcspn(msg + 1, "\""), msg + 1);
		if (*flags == '[')
			(void)snprintf(all, sizeof all, "%.*s", (int)strcspn(flags, "]"), flags);
		want = strstr(all, "\"low_order_A\"") == NULL && strstr(all, "\"low_order_residue\"") == NULL && strstr(all, "\"non_canonical_R\"") == NULL;
		e = ed25519_verify(s, k, text, strlen(text));
		if ((e == OK) != want)
			fail_msg("case %ld: %s, %s", strtol(after(p, "number"), NULL, 10), err_name(e), all);
		if (strstr(all, "\"low_order_A\"") != NULL) {
			struct vkey v;

			assert_int_equal(e, ERR_RANGE);
			assert_int_not_equal(vkey_make(&v, "small", NOTE_ED25519, k), OK);
		}
		accepted += e == OK;
		n++;
	}
	print_message("%u cases, %u accepted\n", n, accepted);
	assert_true(n > 800 && accepted > 10);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bip340), cmocka_unit_test(rfc9474), cmocka_unit_test(one_time_codes), cmocka_unit_test(rfc8032),
	    cmocka_unit_test(merkle), cmocka_unit_test(notes), cmocka_unit_test(ref600), cmocka_unit_test(tessera_15), cmocka_unit_test(mldsa44), cmocka_unit_test(ed25519_edges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
