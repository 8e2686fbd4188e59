/* crypto/keyfile.h - private keys in encrypted files, and passphrases.
 *
 * FILE is PKCS#8 PEM, encrypted by scrypt and AES-256-CBC, mode 0600; FILE.pub
 * holds the verifier key string and a newline.
 * Spec    spec/README.md#key-files
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "crypto/note.h"

struct passphrase {
	char text[256];
	size_t n;
};

/* The first line of a file; or, path NULL, typed at the terminal without echo
 * after `prompt`. ERR_ABSENT without a terminal: it names the option that takes a file. Wipe after use. */
MUST_CHECK enum err passphrase_ask(struct passphrase *out, const char *path, const char *option, const char *prompt, struct why *why);
/* The same where that option is --pass-file. */
MUST_CHECK enum err passphrase_get(struct passphrase *out, const char *path, const char *prompt, struct why *why);
/* Over 100 random bits: 7 groups of 3 out of 31 unmistakable letters and digits. */
void passphrase_make(struct passphrase *out);

/* Write a new Ed25519 key under `name` to path and its verifier key of `type`
 * (NOTE_COSIGNATURE: a witness's) to path.pub. ERR_EXISTS if one of them is
 * there: keys are never overwritten. */
MUST_CHECK enum err keyfile_create(const char *path, const char *name, uint8_t type, const struct passphrase *pass, struct vkey *out, struct why *why);
/* Load it as a signer. ERR_DENIED for a wrong passphrase, ERR_PROOF if path.pub is another key. */
MUST_CHECK enum err keyfile_signer(struct signer *out, const char *path, const struct passphrase *pass, struct why *why);
/* The verifier key of path.pub. */
MUST_CHECK enum err keyfile_public(struct vkey *out, const char *path, struct why *why);

#endif
