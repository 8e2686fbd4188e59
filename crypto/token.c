#include "crypto/token.h"

#include <ctype.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <p11-kit/pkcs11.h>

#include "crypto/kdf.h"

struct token {
	CK_FUNCTION_LIST *fn;
	CK_SESSION_HANDLE session;
	struct token_info info;
	struct passphrase pin;
};

/* Modules stay loaded for the life of the process, each initialised once. */
static struct {
	char path[512];
	CK_FUNCTION_LIST *fn;
} modules[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static enum err
load(CK_FUNCTION_LIST **out, const char *module, struct why *why)
{
	const char *path = module != NULL ? module : TOKEN_DEFAULT_MODULE;
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV (*list)(CK_FUNCTION_LIST **);
	CK_FUNCTION_LIST *fn;
	enum err e = why_set(why, ERR_ABSENT, "%s: too many PKCS#11 modules in one process", path); /* if no place is free below */
	void *so;
	CK_RV rv;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
		if (modules[i].fn != NULL && strcmp(modules[i].path, path) == 0) {
			*out = modules[i].fn;
			e = OK;
			break;
		}
		if (modules[i].fn != NULL)
			continue;
		if ((so = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL ||
		    (*(void **)&list = dlsym(so, "C_GetFunctionList")) == NULL || list(&fn) != CKR_OK) {
			why_set(why, e, "%s: no PKCS#11 module there (install softhsm2, or name the card's module)", path);
			break;
		}
		rv = fn->C_Initialize(&args);
		if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
			e = why_set(why, ERR_CRYPTO, "%s: C_Initialize failed with 0x%lx", path, rv);
			break;
		}
		(void)snprintf(modules[i].path, sizeof modules[i].path, "%s", path);
		*out = modules[i].fn = fn;
		e = OK;
		break;
	}
	(void)pthread_mutex_unlock(&lock);
	return e;
}

/* A blank-padded field as a string. */
static void
trimmed(char *out, const unsigned char *p, size_t n)
{
	while (n > 0 && p[n - 1] == ' ')
		n--;
	memcpy(out, p, n);
	out[n] = '\0';
}

static void
read_info(struct token_info *out, const CK_TOKEN_INFO *ti)
{
	trimmed(out->label, ti->label, sizeof ti->label);
	trimmed(out->serial, ti->serialNumber, sizeof ti->serialNumber);
	trimmed(out->model, ti->model, sizeof ti->model);
}

/* The slot of the initialised token with this label, or with label NULL a slot for a new one. */
static enum err
find_slot(CK_FUNCTION_LIST *fn, const char *label, CK_SLOT_ID *slot, struct token_info *info)
{
	CK_SLOT_ID slots[256];
	CK_ULONG n = sizeof slots / sizeof *slots;

	/* asking for the number first makes a module look for new slots */
	if (fn->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_OK)
		return ERR_CRYPTO;
	n = sizeof slots / sizeof *slots;
	if (fn->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return ERR_CRYPTO;
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO ti;

		if (fn->C_GetTokenInfo(slots[i], &ti) != CKR_OK)
			continue;
		read_info(info, &ti);
		*slot = slots[i];
		if (label == NULL ? !(ti.flags & CKF_TOKEN_INITIALIZED)
				  : (ti.flags & CKF_TOKEN_INITIALIZED) && strcmp(info->label, label) == 0)
			return OK;
	}
	return ERR_ABSENT;
}

static CK_UTF8CHAR *
chars(const struct passphrase *p)
{
	return (CK_UTF8CHAR *)(uintptr_t)p->text;
}

enum err
token_init(const char *module, const char *label, const struct passphrase *so_pin, const struct passphrase *pin, struct token_info *out, struct why *why)
{
	CK_FUNCTION_LIST *fn;
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;
	struct token_info info;
	unsigned char padded[32];
	enum err e;

	if (strlen(label) == 0 || strlen(label) > 32)
		return why_set(why, ERR_RANGE, "a token's label has 1 to 32 characters");
	if ((e = load(&fn, module, why)) != OK)
		return e;
	if (find_slot(fn, label, &slot, &info) == OK)
		return why_set(why, ERR_EXISTS, "there is a token %s already", label);
	if (find_slot(fn, NULL, &slot, &info) != OK)
		return why_set(why, ERR_ABSENT, "no slot with an empty token");
	memset(padded, ' ', sizeof padded);
	memcpy(padded, label, strlen(label));
	if (fn->C_InitToken(slot, chars(so_pin), so_pin->n, padded) != CKR_OK)
		return why_set(why, ERR_CRYPTO, "token %s: cannot be initialised", label);
	if (find_slot(fn, label, &slot, &info) != OK)
		return why_set(why, ERR_CRYPTO, "token %s: not there after initialising", label);
	if (fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) != CKR_OK)
		return why_set(why, ERR_CRYPTO, "token %s: no session", label);
	e = fn->C_Login(session, CKU_SO, chars(so_pin), so_pin->n) == CKR_OK &&
		    fn->C_InitPIN(session, chars(pin), pin->n) == CKR_OK
	    ? OK
	    : why_set(why, ERR_CRYPTO, "token %s: the PIN cannot be set", label);
	(void)fn->C_Logout(session);
	(void)fn->C_CloseSession(session);
	if (e == OK)
		*out = info;
	return e;
}

enum err
token_open(struct token **out, const char *module, const char *label, const char *serial, const struct passphrase *pin, struct why *why)
{
	struct token *t;
	CK_FUNCTION_LIST *fn;
	CK_SLOT_ID slot;
	struct token_info info;
	CK_TOKEN_INFO ti;
	enum err e;
	CK_RV rv;

	if ((e = load(&fn, module, why)) != OK)
		return e;
	if (find_slot(fn, label, &slot, &info) != OK)
		return why_set(why, ERR_ABSENT, "card %s is not there: put it into the reader", label);
	if (serial != NULL && strcmp(info.serial, serial) != 0)
		return why_set(why, ERR_PROOF, "card %s has serial %s, but %s is the one on record: swapped?", label, info.serial, serial);
	if ((t = calloc(1, sizeof *t)) == NULL)
		return ERR_NOMEM;
	t->fn = fn;
	t->info = info;
	t->pin = *pin;
	if (fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->session) != CKR_OK) {
		wipe(t, sizeof *t);
		free(t);
		return why_set(why, ERR_CRYPTO, "card %s: no session", label);
	}
	rv = fn->C_Login(t->session, CKU_USER, chars(pin), pin->n);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
		const char *left = "";

		if (fn->C_GetTokenInfo(slot, &ti) == CKR_OK)
			left = ti.flags & CKF_USER_PIN_LOCKED	   ? "; it is now locked"
			    : ti.flags & CKF_USER_PIN_FINAL_TRY ? "; one last try is left"
			    : ti.flags & CKF_USER_PIN_COUNT_LOW ? "; few tries are left"
								: "";
		token_close(t);
		return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED
		    ? why_set(why, ERR_DENIED, "card %s (serial %s): wrong PIN%s", label, info.serial, left)
		    : why_set(why, ERR_CRYPTO, "card %s: login failed with 0x%lx", label, rv);
	}
	*out = t;
	return OK;
}

void
token_close(struct token *t)
{
	if (t == NULL)
		return;
	(void)t->fn->C_Logout(t->session);
	(void)t->fn->C_CloseSession(t->session);
	wipe(t, sizeof *t);
	free(t);
}

const struct token_info *
token_info(const struct token *t)
{
	return &t->info;
}

/* ---- private data objects -------------------------------------------------- */

static const char application[] = "urna";

/* Object label: purpose and the first 16 hex digits of the call's hash. */
static void
object_label(char out[64], const char *purpose, const struct hash *call)
{
	char hex[65];

	hash_hex(hex, call);
	(void)snprintf(out, 64, "urna %.30s %.16s", purpose, hex);
}

static CK_ATTRIBUTE
attribute(CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
	CK_ATTRIBUTE a = {type, (void *)(uintptr_t)p, n};

	return a;
}

static enum err
find_object(struct token *t, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE a[] = {attribute(CKA_CLASS, &class, sizeof class), attribute(CKA_LABEL, label, strlen(label))};
	CK_ULONG n = 0;

	if (t->fn->C_FindObjectsInit(t->session, a, 2) != CKR_OK)
		return ERR_CRYPTO;
	if (t->fn->C_FindObjects(t->session, out, 1, &n) != CKR_OK)
		n = 0;
	(void)t->fn->C_FindObjectsFinal(t->session);
	return n == 1 ? OK : ERR_ABSENT;
}

static enum err
read_object(struct token *t, const char *label, uint8_t *p, size_t *n)
{
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE a = attribute(CKA_VALUE, p, *n);
	enum err e = find_object(t, CKO_DATA, label, &object);

	if (e != OK)
		return e;
	if (t->fn->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK)
		return ERR_CRYPTO;
	*n = a.ulValueLen;
	return OK;
}

static enum err
write_object(struct token *t, const char *label, const uint8_t *p, size_t n)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE a[] = {attribute(CKA_CLASS, &class, sizeof class), attribute(CKA_TOKEN, &yes, sizeof yes),
	    attribute(CKA_PRIVATE, &yes, sizeof yes), attribute(CKA_APPLICATION, application, sizeof application - 1),
	    attribute(CKA_LABEL, label, strlen(label)), attribute(CKA_VALUE, p, n)};
	CK_OBJECT_HANDLE object;

	return t->fn->C_CreateObject(t->session, a, sizeof a / sizeof *a, &object) == CKR_OK ? OK : ERR_CRYPTO;
}

/* ---- shares ----------------------------------------------------------------- */

enum { FACTS_BYTES = 40, SALT_BYTES = 16 };

static enum err
seal_key(uint8_t key[32], const struct token *t, const uint8_t salt[SALT_BYTES])
{
	struct buf b = {0};
	struct hash h;
	enum err e;

	buf_put(&b, salt, SALT_BYTES);
	buf_vec8(&b, t->info.serial, strlen(t->info.serial));
	tagged_hash(&h, TAG_SHARE_SEAL, b.p, b.n);
	e = b.failed ? ERR_NOMEM : slow_hash(key, t->pin.text, t->pin.n, h.b, sizeof h.b);
	buf_free(&b);
	return e;
}

static void
facts_write(struct buf *b, const struct share_facts *f)
{
	buf_put(b, f->call.b, HASH_BYTES);
	buf_u32(b, f->trustee);
	buf_u32(b, f->set);
}

enum err
token_share_store(struct token *t, const struct share_facts *facts, const uint8_t share[32], struct why *why)
{
	struct {
		uint8_t key[32], back[32];
	} s;
	struct share_facts again;
	CK_OBJECT_HANDLE object;
	struct buf b = {0};
	uint8_t salt[SALT_BYTES];
	char label[64];
	enum err e;

	object_label(label, "share", &facts->call);
	if (find_object(t, CKO_DATA, label, &object) == OK)
		return why_set(why, ERR_EXISTS, "card %s holds a share of this call already, of an attempt that was begun before: make a card anew (urna trustee card --label NEW --pin-file NEW), or erase this one with the tool of its maker first", t->info.label);
	random_bytes(salt, sizeof salt);
	facts_write(&b, facts);
	buf_put(&b, salt, sizeof salt);
	if ((e = seal_key(s.key, t, salt)) != OK || (e = seal(&b, s.key, share, 32, b.p, FACTS_BYTES)) != OK ||
	    (e = write_object(t, label, b.p, b.n)) != OK) {
		why_set(why, e, "card %s: the share cannot be stored", t->info.label);
		goto done;
	}
	if ((e = token_share_load(t, &facts->call, s.back, &again, why)) == OK && !ct_equal(s.back, share, 32))
		e = why_set(why, ERR_CRYPTO, "card %s gives back another share than was stored", t->info.label);
done:
	wipe(&s, sizeof s);
	buf_free(&b);
	return e;
}

enum err
token_share_load(struct token *t, const struct hash *call, uint8_t share[32], struct share_facts *facts, struct why *why)
{
	struct {
		uint8_t key[32];
		struct buf plain;
	} s = {0};
	uint8_t object[256];
	size_t n = sizeof object;
	struct share_facts f;
	struct rd r;
	char label[64];
	enum err e;

	object_label(label, "share", call);
	if ((e = read_object(t, label, object, &n)) != OK)
		return why_set(why, e, "card %s (serial %s) holds no share of this call", t->info.label, t->info.serial);
	r = rd_init(object, n);
	rd_copy(&r, f.call.b, HASH_BYTES);
	f.trustee = rd_u32(&r);
	f.set = rd_u32(&r);
	if (n != FACTS_BYTES + SALT_BYTES + SEAL_OVERHEAD + 32 || !hash_equal(&f.call, call))
		e = ERR_FORMAT;
	else if ((e = seal_key(s.key, t, object + FACTS_BYTES)) == OK)
		e = unseal(&s.plain, s.key, object + FACTS_BYTES + SALT_BYTES, n - FACTS_BYTES - SALT_BYTES, object, FACTS_BYTES);
	if (e == OK) {
		memcpy(share, s.plain.p, 32);
		*facts = f;
	} else
		why_set(why, e, "card %s: its share cannot be unsealed (copied from another card?)", t->info.label);
	wipe(s.key, sizeof s.key);
	buf_free(&s.plain);
	return e;
}

enum err
token_remember(struct token *t, const char *name, const char *what, const struct hash *call, const struct hash *value, struct why *why)
{
	uint8_t have[64];
	size_t n = sizeof have;
	char label[64], hex[65];
	enum err e;

	object_label(label, name, call);
	e = read_object(t, label, have, &n);
	if (e == ERR_ABSENT)
		return write_object(t, label, value->b, HASH_BYTES) == OK ? OK : why_set(why, ERR_CRYPTO, "card %s: cannot note the %s", t->info.label, what);
	if (e != OK)
		return why_set(why, e, "card %s: its memory cannot be read", t->info.label);
	if (n != HASH_BYTES || memcmp(have, value->b, HASH_BYTES) != 0) {
		hex_encode(hex, have, HASH_BYTES);
		return why_set(why, ERR_EXISTS, "card %s (serial %s) has served another %s (%.16s...) and refuses this one", t->info.label,
		    t->info.serial, what, hex);
	}
	return OK;
}

/* ---- signing keys ------------------------------------------------------------ */

/* The 32 bytes of a public key object: an OCTET STRING, or bare. */
static enum err
public_bytes(struct token *t, const char *name, uint8_t key[32])
{
	CK_OBJECT_HANDLE object;
	uint8_t point[64] = {0};
	CK_ATTRIBUTE a = attribute(CKA_EC_POINT, point, sizeof point);
	enum err e = find_object(t, CKO_PUBLIC_KEY, name, &object);

	if (e != OK)
		return e;
	if (t->fn->C_GetAttributeValue(t->session, object, &a, 1) != CKR_OK)
		return ERR_CRYPTO;
	if (a.ulValueLen == 34 && point[0] == 4 && point[1] == 32)
		memcpy(key, point + 2, 32);
	else if (a.ulValueLen == 32)
		memcpy(key, point, 32);
	else
		return ERR_FORMAT;
	return OK;
}

enum err
token_key_make(struct token *t, const char *name, struct vkey *out, struct why *why)
{
	static const uint8_t ed25519[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'}; /* the curve's name, as PKCS #11 3.0 has it */
	CK_MECHANISM m = {CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE public[] = {attribute(CKA_TOKEN, &yes, sizeof yes), attribute(CKA_VERIFY, &yes, sizeof yes), attribute(CKA_LABEL, name, strlen(name)),
	    attribute(CKA_EC_PARAMS, ed25519, sizeof ed25519)};
	CK_ATTRIBUTE private[] = {attribute(CKA_TOKEN, &yes, sizeof yes), attribute(CKA_PRIVATE, &yes, sizeof yes), attribute(CKA_SENSITIVE, &yes, sizeof yes),
	    attribute(CKA_EXTRACTABLE, &no, sizeof no), attribute(CKA_SIGN, &yes, sizeof yes), attribute(CKA_LABEL, name, strlen(name))};
	CK_OBJECT_HANDLE pub, priv;
	uint8_t key[32];
	enum err e;
	CK_RV rv;

	if (!signer_name_valid(name))
		return why_set(why, ERR_RANGE, "%s: not a key name (no spaces, no '+')", name);
	if (find_object(t, CKO_PRIVATE_KEY, name, &priv) == OK)
		return why_set(why, ERR_EXISTS, "card %s holds a key %s already; keys are never overwritten", t->info.label, name);
	rv = t->fn->C_GenerateKeyPair(t->session, &m, public, sizeof public / sizeof *public, private, sizeof private / sizeof *private, &pub, &priv);
	if (rv != CKR_OK)
		return why_set(why, ERR_CRYPTO, "card %s makes no Ed25519 key (0x%lx)", t->info.label, rv);
	if ((e = public_bytes(t, name, key)) != OK || (e = vkey_make(out, name, NOTE_ED25519, key)) != OK)
		return why_set(why, e, "card %s: the new key cannot be read", t->info.label);
	return OK;
}

struct token_key {
	struct token *t;
	CK_OBJECT_HANDLE object;
	char name[128];
	pthread_mutex_t lock; /* one operation at a time in a session */
};

static int
sign_once(struct token_key *k, uint8_t sig[64], const void *message, size_t n)
{
	CK_MECHANISM m = {CKM_EDDSA, NULL, 0};
	CK_ULONG len = 64;

	return k->t->fn->C_SignInit(k->t->session, &m, k->object) == CKR_OK &&
	    k->t->fn->C_Sign(k->t->session, (CK_BYTE *)(uintptr_t)message, n, sig, &len) == CKR_OK && len == 64;
}

/* Some modules never find again what was gone (SoftHSM2 keeps a dead slot), unless they are begun anew, which ends all
 * sessions; so nobody may be signing, and it is done once a second at most. */
static pthread_rwlock_t signing = PTHREAD_RWLOCK_INITIALIZER;

static void
begin_module_anew(CK_FUNCTION_LIST *fn)
{
	static time_t last;
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	struct timespec now;

	(void)pthread_rwlock_wrlock(&signing);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (last != now.tv_sec) {
		last = now.tv_sec;
		(void)fn->C_Finalize(NULL);
		(void)fn->C_Initialize(&args);
	}
	(void)pthread_rwlock_unlock(&signing);
}

/* A session ends with the card's absence: a new one with the same card, if it is there again. The PIN is given to no other. */
static enum err
open_again(struct token_key *k)
{
	struct token *t = k->t;
	struct token_info info;
	CK_SLOT_ID slot;
	CK_RV rv;

	(void)t->fn->C_CloseSession(t->session);
	t->session = CK_INVALID_HANDLE;
	if (find_slot(t->fn, t->info.label, &slot, &info) != OK || strcmp(info.serial, t->info.serial) != 0 ||
	    t->fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->session) != CKR_OK)
		return ERR_ABSENT;
	rv = t->fn->C_Login(t->session, CKU_USER, chars(&t->pin), t->pin.n);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		return ERR_DENIED;
	return find_object(t, CKO_PRIVATE_KEY, k->name, &k->object);
}

static int
sign_again(struct token_key *k, uint8_t sig[64], const void *message, size_t n)
{
	int good;

	(void)pthread_rwlock_rdlock(&signing);
	good = open_again(k) == OK && sign_once(k, sig, message, n);
	(void)pthread_rwlock_unlock(&signing);
	return good;
}

static enum err
sign_on_token(void *ctx, uint8_t sig[64], const void *message, size_t n)
{
	struct token_key *k = ctx;
	int good;

	(void)pthread_mutex_lock(&k->lock);
	(void)pthread_rwlock_rdlock(&signing);
	good = sign_once(k, sig, message, n);
	(void)pthread_rwlock_unlock(&signing);
	if (!good && !(good = sign_again(k, sig, message, n))) {
		begin_module_anew(k->t->fn);
		good = sign_again(k, sig, message, n);
	}
	(void)pthread_mutex_unlock(&k->lock);
	return good ? OK : ERR_CRYPTO;
}

static void
close_key(void *ctx)
{
	struct token_key *k = ctx;

	token_close(k->t);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

enum err
token_signer(struct signer *out, struct token *t, const char *name, struct why *why)
{
	struct token_key *k = calloc(1, sizeof *k);
	struct signer s = {.sign = sign_on_token, .close = close_key};
	enum err e;

	if (k == NULL)
		return ERR_NOMEM;
	if (strlen(name) >= sizeof s.name || strlen(name) >= sizeof k->name || (e = find_object(t, CKO_PRIVATE_KEY, name, &k->object)) != OK || (e = public_bytes(t, name, s.key)) != OK) {
		free(k);
		return why_set(why, ERR_ABSENT, "card %s holds no Ed25519 key %s", t->info.label, name);
	}
	(void)pthread_mutex_init(&k->lock, NULL);
	k->t = t;
	(void)snprintf(k->name, sizeof k->name, "%s", name);
	(void)snprintf(s.name, sizeof s.name, "%s", name);
	s.ctx = k;
	*out = s;
	return OK;
}

/* ---- pkcs11: names (RFC 7512) ---------------------------------------------------- */

/* A path attribute, percent-decoded. */
static enum err
uri_part(const char *uri, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), k = 0;
	const char *p = uri + strlen("pkcs11:");

	while (!(strncmp(p, name, n) == 0 && p[n] == '=')) {
		if ((p = strpbrk(p, ";?&")) == NULL)
			return ERR_ABSENT;
		p++;
	}
	for (p += n + 1; *p != '\0' && strchr(";?&", *p) == NULL; p++) {
		uint8_t c = (uint8_t)*p;

		if (*p == '%') {
			char two[2] = {(char)tolower((uint8_t)p[1]), p[1] != '\0' ? (char)tolower((uint8_t)p[2]) : '\0'};

			if (strlen(p) < 3 || hex_decode(&c, 1, two, 2) != OK || c == 0)
				return ERR_FORMAT;
			p += 2;
		}
		if (k + 1 >= size)
			return ERR_LENGTH;
		out[k++] = (char)c;
	}
	out[k] = '\0';
	return k > 0 ? OK : ERR_FORMAT;
}

enum err
token_uri(const char *uri, char label[33], char object[128], char module[512], struct why *why)
{
	module[0] = '\0';
	if (strncmp(uri, "pkcs11:", 7) != 0 || uri_part(uri, "token", label, 33) != OK || uri_part(uri, "object", object, 128) != OK)
		return why_set(why, ERR_FORMAT, "%s: a name like pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/... is needed", uri);
	if (uri_part(uri, "module-path", module, 512) == ERR_FORMAT)
		return why_set(why, ERR_FORMAT, "%s: the module path is malformed", uri);
	return OK;
}

enum err
key_signer(struct signer *out, const char *path, const struct passphrase *pass, struct why *why)
{
	char label[33], object[128], module[512], source[1024];
	struct passphrase pin;
	struct token *t = NULL;
	enum err e;

	if (strncmp(path, "pkcs11:", 7) != 0)
		return keyfile_signer(out, path, pass, why);
	pin = *pass;
	if ((e = token_uri(path, label, object, module, why)) == OK && uri_part(path, "pin-source", source, sizeof source) == OK)
		e = passphrase_get(&pin, strncmp(source, "file:", 5) == 0 ? source + 5 : source, "PIN", why);
	if (e == OK)
		e = token_open(&t, module[0] != '\0' ? module : NULL, label, NULL, &pin, why);
	wipe(&pin, sizeof pin);
	if (e != OK)
		return e;
	if ((e = token_signer(out, t, object, why)) != OK)
		token_close(t);
	return e;
}
