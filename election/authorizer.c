#include "election/authorizer.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/kdf.h"
#include "election/json.h"

/* ---- published ------------------------------------------------------------------------ */

void
authorizer_keys_write(struct buf *out, const struct hash *call, const char *name, const uint8_t (*modulus)[RSA_BYTES], unsigned styles)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "authorizer-keys");
	json_int(&o, "version", 1);
	json_hash(&o, "call", call);
	json_text(&o, "name", name);
	json_begin(&o, "keys", '[');
	for (unsigned i = 0; i < styles; i++) {
		json_begin(&o, NULL, '{');
		json_int(&o, "style", i + 1);
		json_hex(&o, "modulus", modulus[i], RSA_BYTES);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
}

enum err
authorizer_keys_read(struct authorizer_keys *out, const void *p, size_t n, const struct hash *call, unsigned styles, struct why *why)
{
	struct authorizer_keys k = {.styles = styles, .modulus = calloc(styles + 1, sizeof *k.modulus)};
	struct json *root = NULL, *list;
	struct fields f;
	struct hash of;
	enum err e;

	if (k.modulus == NULL)
		return ERR_NOMEM;
	if ((e = json_parse(&root, p, n, 4 << 20, why)) == OK) {
		f = fields_of(root, why);
		if (strcmp(field_text(&f, "urna", 20), "authorizer-keys") != 0)
			(void)field_bad(&f, 1, "not a file of authorizer's keys");
		(void)field_int(&f, "version", 1, 1);
		field_hash(&f, "call", &of);
		field_copy(&f, "name", k.name, sizeof k.name);
		list = field_array(&f, "keys", styles);
		if (f.e == OK && (!hash_equal(&of, call) || list->n != styles))
			(void)field_bad(&f, 1, "keys of another call, or not one for each of the %u styles", styles);
		for (unsigned i = 0; f.e == OK && i < styles; i++) {
			struct fields g = fields_of(list->item[i], why);

			(void)field_int(&g, "style", i + 1, i + 1);
			field_hex(&g, "modulus", k.modulus[i], RSA_BYTES);
			if (g.e == OK && rsa_modulus_check(k.modulus[i]) != OK)
				(void)field_bad(&g, list->item[i]->line, "not an RSA modulus of exactly 3072 bits");
			for (unsigned j = 0; g.e == OK && j < i; j++)
				if (memcmp(k.modulus[i], k.modulus[j], RSA_BYTES) == 0)
					(void)field_bad(&g, list->item[i]->line, "one key for two styles");
			f.e = fields_end(&g);
		}
		e = fields_end(&f);
		json_free(root);
	}
	if (e != OK) {
		free(k.modulus);
		return why_prefix(why, e, "authorizer's keys");
	}
	sha256(&k.hash, p, n);
	*out = k;
	return OK;
}

/* ---- secret --------------------------------------------------------------------------- */

static enum err
sealing_key(uint8_t out[32], const struct passphrase *pass, const struct hash *call)
{
	return slow_hash(out, pass->text, pass->n, call->b, HASH_BYTES);
}

enum err
authorizer_secrets_write(struct buf *out, struct rsa_secret *const *key, unsigned styles, const struct passphrase *pass, const struct hash *call)
{
	struct buf plain = {0};
	uint8_t sealing[32];
	enum err e = OK;

	for (unsigned i = 0; i < styles && e == OK; i++) {
		struct buf der = {0};

		if ((e = rsa_secret_write(&der, key[i])) == OK)
			buf_vec16(&plain, der.p, der.n);
		buf_free(&der);
	}
	if (e == OK && plain.failed)
		e = ERR_NOMEM;
	if (e == OK && (e = sealing_key(sealing, pass, call)) == OK)
		e = seal(out, sealing, plain.p, plain.n, call->b, HASH_BYTES);
	wipe(sealing, sizeof sealing);
	buf_free(&plain);
	return e;
}

enum err
authorizer_secrets_read(struct rsa_secret ***out, const void *p, size_t n, unsigned styles, const struct passphrase *pass, const struct hash *call, struct why *why)
{
	struct rsa_secret **key = calloc(styles + 1u, sizeof *key);
	struct buf plain = {0};
	uint8_t sealing[32];
	struct rd r;
	enum err e;

	if (key == NULL)
		return ERR_NOMEM;
	if ((e = sealing_key(sealing, pass, call)) == OK && (e = unseal(&plain, sealing, p, n, call->b, HASH_BYTES)) != OK)
		e = why_set(why, ERR_DENIED, "wrong passphrase, or RSA keys of another call");
	r = rd_init(plain.p, plain.n);
	for (unsigned i = 0; e == OK && i < styles; i++) {
		size_t len = 0;
		const uint8_t *der = rd_vec16(&r, &len);

		if (der == NULL || rsa_secret_read(&key[i], der, len) != OK)
			e = why_set(why, ERR_FORMAT, "no RSA key for style %u", i + 1);
	}
	if (e == OK && rd_done(&r) != OK)
		e = why_set(why, ERR_LENGTH, "RSA keys for more than %u styles", styles);
	wipe(sealing, sizeof sealing);
	buf_free(&plain);
	if (e != OK)
		authorizer_secrets_free(key, styles);
	else
		*out = key;
	return e;
}

void
authorizer_secrets_free(struct rsa_secret **key, unsigned styles)
{
	for (unsigned i = 0; key != NULL && i < styles; i++)
		rsa_secret_free(key[i]);
	free(key);
}
