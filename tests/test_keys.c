/* tests/test_keys.c - crypto/{kdf,hpke,rsablind,keyfile,token}.c
 *
 * Source  RFC 5869 A.1, RFC 9180 A.1.1, RFC 9474 (round trips under RSA-3072);
 *         the token is a real SoftHSM2 one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/hpke.h"
#include "crypto/rsablind.h"
#include "crypto/token.h"

static size_t
unhex(uint8_t *out, const char *hex)
{
	assert_int_equal(hex_decode(out, strlen(hex) / 2, hex, strlen(hex)), OK);
	return strlen(hex) / 2;
}

static void
hkdf_vector(void **state)
{
	uint8_t ikm[22], salt[13], info[10], want[42], got[42];

	(void)state;
	memset(ikm, 0x0b, sizeof ikm);
	unhex(salt, "000102030405060708090a0b0c");
	unhex(info, "f0f1f2f3f4f5f6f7f8f9");
	unhex(want, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	assert_int_equal(hkdf(got, 42, ikm, 22, salt, 13, info, 10), OK);
	assert_memory_equal(got, want, 42);
}

static void
hpke_vector(void **state)
{
	uint8_t info[20], ephemeral[32], key[32], secret[32], aad[7], plain[29], want[77];
	struct buf got = {0}, back = {0};

	(void)state;
	unhex(info, "4f6465206f6e2061204772656369616e2055726e");
	unhex(ephemeral, "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
	unhex(key, "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
	unhex(secret, "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
	unhex(aad, "436f756e742d30");
	unhex(plain, "4265617574792069732074727574682c20747275746820626561757479");
	unhex(want, "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
		    "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
	assert_int_equal(hpke_seal_with(&got, ephemeral, key, info, 20, aad, 7, plain, 29), OK);
	assert_int_equal(got.n, sizeof want);
	assert_memory_equal(got.p, want, sizeof want);
	assert_int_equal(hpke_open(&back, secret, info, 20, aad, 7, got.p, got.n), OK);
	assert_memory_equal(back.p, plain, 29);
	for (size_t i = 0; i < got.n; i++) {
		if (i == 31) /* the top bit of an X25519 key is ignored by definition; the context still holds it */
			continue;
		got.p[i] ^= 1;
		assert_int_not_equal(hpke_open(&back, secret, info, 20, aad, 7, got.p, got.n), OK);
		got.p[i] ^= 1;
	}
	assert_int_not_equal(hpke_open(&back, secret, info, 19, aad, 7, got.p, got.n), OK);
	assert_int_equal(hpke_open(&back, secret, info, 20, aad, 7, got.p, 47), ERR_LENGTH);
	memset(key, 0, 32); /* of small order */
	assert_int_not_equal(hpke_seal(&back, key, info, 20, aad, 7, plain, 29), OK);
	buf_free(&got);
	buf_free(&back);
}

static void
blind_signatures(void **state)
{
	struct rsa_secret *k, *again;
	struct rsa_public *pub;
	struct hash m = {{1, 2, 3}}, other = {{9}};
	uint8_t n[RSA_BYTES], random[RSA_BLINDING_BYTES], blinded[RSA_BYTES], answer[RSA_BYTES], sig[RSA_BYTES];
	struct buf der = {0};

	(void)state;
	assert_int_equal(rsa_generate(&k), OK);
	assert_int_equal(rsa_secret_write(&der, k), OK);
	assert_int_equal(rsa_secret_read(&again, der.p, der.n), OK);
	rsa_modulus(n, again);
	assert_int_equal(rsa_public_make(&pub, n), OK);
	random_bytes(random, sizeof random);
	assert_int_equal(rsa_blind(blinded, pub, &m, random), OK);
	assert_int_equal(rsa_blind_sign(answer, again, blinded), OK);
	assert_int_equal(rsa_answer_check(pub, blinded, answer), OK);
	assert_int_equal(rsa_finalize(sig, pub, &m, answer, random), OK);
	assert_int_equal(rsa_verify(pub, &m, sig), OK);
	assert_int_equal(rsa_verify(pub, &other, sig), ERR_PROOF);
	answer[100] ^= 1;
	assert_int_equal(rsa_finalize(sig, pub, &m, answer, random), ERR_PROOF);
	for (size_t i = 0; i < RSA_BYTES; i += 37) {
		sig[i] ^= 1;
		assert_int_equal(rsa_verify(pub, &m, sig), ERR_PROOF);
		sig[i] ^= 1;
	}
	memset(blinded, 0xff, sizeof blinded);
	assert_int_equal(rsa_blind_sign(answer, k, blinded), ERR_RANGE);
	assert_int_equal(rsa_blinded_check(pub, blinded), ERR_RANGE);
	assert_int_equal(rsa_blinded_check(pub, n), ERR_RANGE);
	memset(blinded, 0, sizeof blinded);
	assert_int_equal(rsa_blinded_check(pub, blinded), ERR_RANGE);
	blinded[RSA_BYTES - 1] = 1;
	assert_int_equal(rsa_blinded_check(pub, blinded), OK);
	n[0] &= 0x7f;
	rsa_public_free(pub);
	assert_int_equal(rsa_public_make(&pub, n), ERR_RANGE);
	rsa_secret_free(k);
	rsa_secret_free(again);
	buf_free(&der);
}

static char dir[] = "/tmp/urna-keys-XXXXXX";

static int
make_folder(void **state)
{
	char path[128], text[256];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/tokens", dir);
	if (dir_make(path, NULL) != OK)
		return -1;
	(void)snprintf(path, sizeof path, "%s/softhsm2.conf", dir);
	(void)snprintf(text, sizeof text, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n", dir);
	if (file_write(path, text, strlen(text), 0600, NULL) != OK)
		return -1;
	return setenv("SOFTHSM2_CONF", path, 1);
}

static int
remove_folder(void **state)
{
	char cmd[64];

	(void)state;
	(void)snprintf(cmd, sizeof cmd, "rm -r %s", dir);
	return system(cmd);
}

static void
key_files(void **state)
{
	struct passphrase pass, wrong;
	struct vkey k;
	struct signer s;
	struct why why;
	uint8_t sig[64];
	char path[128];

	(void)state;
	passphrase_make(&pass);
	passphrase_make(&wrong);
	(void)snprintf(path, sizeof path, "%s/operator.key", dir);
	assert_int_equal(keyfile_create(path, "bad name", NOTE_ED25519, &pass, &k, &why), ERR_RANGE);
	assert_int_equal(keyfile_create(path, "operador", NOTE_ED25519, &pass, &k, &why), OK);
	assert_int_equal(keyfile_create(path, "operador", NOTE_ED25519, &pass, &k, &why), ERR_EXISTS);
	assert_int_equal(keyfile_signer(&s, path, &wrong, &why), ERR_DENIED);
	assert_int_equal(keyfile_signer(&s, path, &pass, &why), OK);
	assert_string_equal(s.name, "operador");
	assert_int_equal(s.sign(s.ctx, sig, "x", 1), OK);
	assert_int_equal(ed25519_verify(sig, k.key, "x", 1), OK);
	assert_int_equal(ed25519_verify(sig, k.key, "y", 1), ERR_PROOF);
	signer_close(&s);
	/* path.pub alone is a key too: of a card, or of a file that was moved away */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keyfile_create(path, "operador", NOTE_ED25519, &pass, &k, &why), ERR_EXISTS);
	(void)snprintf(path, sizeof path, "%s/witness.key", dir);
	assert_int_equal(keyfile_create(path, "testigo", NOTE_COSIGNATURE, &pass, &k, &why), OK);
	assert_int_equal(keyfile_public(&k, path, &why), OK);
	assert_int_equal(k.type, NOTE_COSIGNATURE);
	assert_int_equal(keyfile_signer(&s, path, &pass, &why), OK);
	signer_close(&s);
}

static void
cards(void **state)
{
	struct passphrase so, pin, wrong;
	struct token_info info, other;
	struct token *t;
	struct share_facts facts = {.call = {{7}}, .trustee = 2, .set = 1}, got;
	struct hash elsewhere = {{8}}, election = {{1}}, second = {{2}};
	uint8_t share[32] = {1, 2, 3}, back[32];
	struct why why;

	(void)state;
	passphrase_make(&so);
	passphrase_make(&pin);
	passphrase_make(&wrong);
	if (token_init(NULL, "custodio-2", &so, &pin, &info, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(token_init(NULL, "custodio-2", &so, &pin, &info, &why), ERR_EXISTS);
	assert_int_equal(token_init(NULL, "custodio-3", &so, &pin, &other, &why), OK);
	assert_int_equal(token_open(&t, NULL, "custodio-9", NULL, &pin, &why), ERR_ABSENT);
	assert_int_equal(token_open(&t, NULL, "custodio-2", NULL, &wrong, &why), ERR_DENIED);
	assert_int_equal(token_open(&t, NULL, "custodio-2", other.serial, &pin, &why), ERR_PROOF);
	assert_int_equal(token_open(&t, "/nonexistent.so", "custodio-2", NULL, &pin, &why), ERR_ABSENT);
	assert_int_equal(token_open(&t, NULL, "custodio-2", info.serial, &pin, &why), OK);
	assert_int_equal(token_share_load(t, &facts.call, back, &got, &why), ERR_ABSENT);
	assert_int_equal(token_share_store(t, &facts, share, &why), OK);
	assert_int_equal(token_share_store(t, &facts, share, &why), ERR_EXISTS);
	assert_int_equal(token_share_load(t, &elsewhere, back, &got, &why), ERR_ABSENT);
	assert_int_equal(token_remember(t, "election", "election", &facts.call, &election, &why), OK);
	assert_int_equal(token_remember(t, "election", "election", &facts.call, &election, &why), OK);
	assert_int_equal(token_remember(t, "election", "election", &facts.call, &second, &why), ERR_EXISTS);
	assert_int_equal(token_remember(t, "lists", "mixed output", &election, &second, &why), OK);
	token_close(t);
	assert_int_equal(token_open(&t, NULL, "custodio-2", info.serial, &pin, &why), OK);
	assert_int_equal(token_remember(t, "lists", "mixed output", &election, &second, &why), OK);
	assert_int_equal(token_remember(t, "lists", "mixed output", &election, &election, &why), ERR_EXISTS);
	assert_non_null(strstr(why.text, "has served another mixed output ("));
	assert_int_equal(token_share_load(t, &facts.call, back, &got, &why), OK);
	assert_memory_equal(back, share, 32);
	assert_int_equal(got.trustee, 2);
	assert_int_equal(token_remember(t, "election", "election", &facts.call, &second, &why), ERR_EXISTS);
	token_close(t);
}

/* Ed25519 on the token: made once, signs like any key, gone with the wrong PIN or name. */
static void
keys_on_token(void **state)
{
	struct passphrase pin, so, wrong;
	struct token_info info;
	struct token *t;
	struct vkey key, again;
	struct signer by;
	struct why why = {""};
	uint8_t sig[64];
	char label[33], object[128], module[512];

	(void)state;
	passphrase_make(&pin);
	passphrase_make(&so);
	passphrase_make(&wrong);
	assert_int_equal(token_init(NULL, "bitacora", &so, &pin, &info, &why), OK);
	assert_int_equal(token_open(&t, NULL, "bitacora", NULL, &pin, &why), OK);
	assert_int_equal(token_key_make(t, "urna.example/events", &key, &why), OK);
	assert_int_equal(token_key_make(t, "urna.example/events", &again, &why), ERR_EXISTS);
	token_close(t);
	assert_int_equal(key_signer(&by, "pkcs11:token=bitacora;object=urna.example%2Fevents", &pin, &why), OK);
	assert_memory_equal(by.key, key.key, 32);
	assert_string_equal(by.name, "urna.example/events");
	assert_int_equal(by.sign(by.ctx, sig, "entry", 5), OK);
	assert_int_equal(ed25519_verify(sig, key.key, "entry", 5), OK);
	assert_int_equal(ed25519_verify(sig, key.key, "Entry", 5), ERR_PROOF);
	signer_close(&by);
	assert_int_equal(key_signer(&by, "pkcs11:token=bitacora;object=other", &pin, &why), ERR_ABSENT);
	assert_int_equal(key_signer(&by, "pkcs11:token=bitacora;object=urna.example%2Fevents", &wrong, &why), ERR_DENIED);
	assert_int_equal(key_signer(&by, "pkcs11:token=nobody;object=x", &pin, &why), ERR_ABSENT);
	assert_int_equal(token_uri("pkcs11:object=a;token=b%20c?module-path=/x.so", label, object, module, &why), OK);
	assert_string_equal(label, "b c");
	assert_string_equal(object, "a");
	assert_string_equal(module, "/x.so");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(token_uri((const char *[]){"pkcs11:", "pkcs11:token=a", "pkcs11:token=a;object=%zz", "file:token=a;object=b", "pkcs11:token=;object=b"}[i], label, object, module, NULL), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hkdf_vector),
	    cmocka_unit_test(hpke_vector),
	    cmocka_unit_test(blind_signatures),
	    cmocka_unit_test(key_files),
	    cmocka_unit_test(cards),
	    cmocka_unit_test(keys_on_token),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
