#include "crypto/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

enum err
passphrase_get(struct passphrase *out, const char *path, const char *prompt, struct why *why)
{
	return passphrase_ask(out, path, "--pass-file", prompt, why);
}

enum err
passphrase_ask(struct passphrase *out, const char *path, const char *option, const char *prompt, struct why *why)
{
	struct termios old, quiet;
	int tty = 0;
	FILE *f;
	char *got;

	if (path != NULL && (f = fopen(path, "r")) == NULL)
		return why_set(why, ERR_ABSENT, "%s: cannot read the passphrase file", path);
	if (path == NULL) {
		if ((f = fopen("/dev/tty", "r+")) == NULL)
			return why_set(why, ERR_ABSENT, "no terminal to ask for %s: give a file with %s", prompt, option);
		(void)fprintf(f, "%s: ", prompt);
		(void)fflush(f);
		if (tcgetattr(fileno(f), &old) == 0) {
			quiet = old;
			quiet.c_lflag &= (tcflag_t)~ECHO;
			tty = tcsetattr(fileno(f), TCSAFLUSH, &quiet) == 0;
		}
	}
	(void)setvbuf(f, NULL, _IONBF, 0); /* no second copy in a stdio buffer */
	got = fgets(out->text, sizeof out->text, f);
	if (tty)
		(void)tcsetattr(fileno(f), TCSAFLUSH, &old);
	(void)fclose(f);
	if (got == NULL)
		return why_set(why, ERR_ABSENT, "%s: empty passphrase", path != NULL ? path : prompt);
	out->n = strcspn(out->text, "\r\n");
	out->text[out->n] = '\0';
	return out->n > 0 ? OK : why_set(why, ERR_ABSENT, "%s: empty passphrase", path != NULL ? path : prompt);
}

void
passphrase_make(struct passphrase *out)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	uint8_t random[21];
	size_t n = 0;

	random_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		if (i > 0 && i % 3 == 0)
			out->text[n++] = '-';
		/* 31 letters: reject to stay uniform */
		while (random[i] >= 31 * 8)
			random_bytes(&random[i], 1);
		out->text[n++] = letters[random[i] % 31];
	}
	out->text[n] = '\0';
	out->n = n;
	wipe(random, sizeof random);
}

static enum err
public_path(char out[4096], const char *path)
{
	return snprintf(out, 4096, "%s.pub", path) < 4096 ? OK : ERR_LENGTH;
}

/* PKCS#8, encrypted with scrypt (N 2^14, r 8, p 1: the most that OpenSSL reads back by default) and AES-256-CBC, as PEM. */
static enum err
encrypt_pem(struct buf *out, EVP_PKEY *key, const struct passphrase *pass)
{
	uint8_t salt[16];
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	X509_ALGOR *alg;
	X509_SIG *sealed = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;
	enum err e = ERR_CRYPTO;

	random_bytes(salt, sizeof salt);
	alg = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, 1 << 14, 8, 1);
	if (info == NULL || alg == NULL || bio == NULL)
		goto done;
	if ((sealed = PKCS8_set0_pbe(pass->text, (int)pass->n, info, alg)) == NULL)
		goto done;
	alg = NULL; /* now part of sealed */
	if (PEM_write_bio_PKCS8(bio, sealed) != 1 || (n = BIO_get_mem_data(bio, &p)) <= 0)
		goto done;
	buf_put(out, p, (size_t)n);
	e = out->failed ? ERR_NOMEM : OK;
done:
	X509_ALGOR_free(alg);
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(info);
	BIO_free(bio);
	return e;
}

enum err
keyfile_create(const char *path, const char *name, uint8_t type, const struct passphrase *pass, struct vkey *out, struct why *why)
{
	struct {
		uint8_t seed[32];
	} s;
	EVP_PKEY *key = NULL;
	struct buf pem = {0};
	char pub[4096], text[256];
	uint8_t public[32];
	struct vkey k;
	enum err e;

	random_bytes(s.seed, 32);
	if (public_path(pub, path) != OK)
		e = why_set(why, ERR_LENGTH, "%s: path too long", path);
	else if (access(path, F_OK) == 0 || access(pub, F_OK) == 0)
		e = why_set(why, ERR_EXISTS, "%s is there already; keys are never overwritten: name another file", access(path, F_OK) == 0 ? path : pub);
	else if ((e = ed25519_public(public, s.seed)) != OK)
		e = why_set(why, e, "OpenSSL cannot make an Ed25519 key");
	else if ((e = vkey_make(&k, name, type, public)) != OK)
		e = why_set(why, e, "%s: not a key name (no spaces, no '+')", name);
	else if ((key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, s.seed, 32)) == NULL || encrypt_pem(&pem, key, pass) != OK)
		e = why_set(why, ERR_CRYPTO, "OpenSSL cannot encrypt the key");
	else if ((e = file_write(path, pem.p, pem.n, 0600, why)) == OK) {
		vkey_write(text, &k);
		(void)strcat(text, "\n");
		if ((e = file_write(pub, text, strlen(text), 0644, why)) == OK)
			*out = k;
	}
	wipe(&s, sizeof s);
	EVP_PKEY_free(key);
	buf_free(&pem);
	return e;
}

enum err
keyfile_public(struct vkey *out, const char *path, struct why *why)
{
	struct buf b = {0};
	char pub[4096];
	enum err e;

	if (public_path(pub, path) != OK)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	if ((e = file_read(&b, pub, 300, why)) == OK) {
		if (b.n == 0 || b.p[b.n - 1] != '\n')
			e = why_set(why, ERR_FORMAT, "%s: not a verifier key", pub);
		else {
			b.p[b.n - 1] = '\0';
			if ((e = vkey_read(out, (const char *)b.p, why)) != OK)
				why_prefix(why, e, "%s", pub);
		}
	}
	buf_free(&b);
	return e;
}

enum err
keyfile_signer(struct signer *out, const char *path, const struct passphrase *pass, struct why *why)
{
	struct {
		uint8_t seed[32];
	} s;
	struct buf pem = {0};
	struct signer signer = {0};
	struct vkey k;
	EVP_PKEY *key = NULL;
	BIO *bio = NULL;
	size_t n = 32;
	enum err e;

	if ((e = keyfile_public(&k, path, why)) != OK || (e = file_read(&pem, path, 65536, why)) != OK)
		goto done;
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL || (key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)pass->text)) == NULL) {
		e = why_set(why, ERR_DENIED, "%s: wrong passphrase, or not a key file", path);
		goto done;
	}
	if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_private_key(key, s.seed, &n) != 1) {
		e = why_set(why, ERR_FORMAT, "%s: not an Ed25519 key", path);
		goto done;
	}
	if ((e = signer_of_seed(&signer, k.name, s.seed)) != OK) {
		why_set(why, e, "%s: cannot be loaded", path);
		goto done;
	}
	if (memcmp(signer.key, k.key, 32) != 0) {
		signer_close(&signer);
		e = why_set(why, ERR_PROOF, "%s and %s.pub are not the same key", path, path);
		goto done;
	}
	*out = signer;
done:
	wipe(&s, sizeof s);
	buf_free(&pem);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return e;
}
