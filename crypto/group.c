#include "crypto/group.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <secp256k1_ecdh.h>

#include "crypto/ct.h"

const struct scalar SCALAR_ZERO = {{0}};
const struct scalar SCALAR_ONE = {{[31] = 1}};
const struct point POINT_INFINITY = {.inf = 1};

/* The group order n, and 2^256 mod n (SEC 2, section 2.4.1). */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const struct scalar two_256 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x45, 0x51, 0x23, 0x19, 0x50,
    0xb7, 0x5f, 0xc4, 0x40, 0x2d, 0xa1, 0x73, 0x2f, 0xc9, 0xbe, 0xbf}};

static secp256k1_context *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Misuse makes a call return 0, which every caller here handles; the library's
 * default would abort the process. */
static void
illegal(const char *message, void *data)
{
	(void)message;
	(void)data;
}

static void
prepare(void)
{
	uint8_t seed[32];

	context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
	if (context == NULL)
		abort();
	secp256k1_context_set_illegal_callback(context, illegal, NULL);
	random_bytes(seed, sizeof seed);
	if (secp256k1_context_randomize(context, seed) != 1)
		abort();
	wipe(seed, sizeof seed);
}

const secp256k1_context *
group_context(void)
{
	(void)pthread_once(&once, prepare);
	return context;
}

/* A call that cannot fail on the inputs given here; its answer must not be
 * branched on, as it may depend on a secret. */
static void
sure(int good)
{
	(void)good;
}

/* ---- constant-time bytes -------------------------------------------------- */

/* 0xff if all of a is zero, else 0. */
static uint8_t
zero_mask(const uint8_t a[32])
{
	unsigned any = 0;

	for (size_t i = 0; i < 32; i++)
		any |= a[i];
	return (uint8_t)((any - 1) >> 8);
}

/* r = mask ? a : b, mask 0xff or 0. */
static void
select32(uint8_t r[32], uint8_t mask, const uint8_t a[32], const uint8_t b[32])
{
	for (size_t i = 0; i < 32; i++)
		r[i] = (uint8_t)((a[i] & mask) | (b[i] & ~mask));
}

/* r = a - n; 1 if a < n (r is then meaningless), else 0. */
static unsigned
minus_order(uint8_t r[32], const uint8_t a[32])
{
	unsigned borrow = 0;

	for (size_t i = 32; i-- > 0;) {
		unsigned d = 256u + a[i] - order[i] - borrow;

		r[i] = (uint8_t)d;
		borrow = 1u - (d >> 8);
	}
	return borrow;
}

/* A 256-bit integer is below 2n: one subtraction reduces it. */
static void
reduce32(struct scalar *r, const uint8_t a[32])
{
	uint8_t less[32];
	unsigned below = minus_order(less, a);

	select32(r->b, (uint8_t)(0u - below), a, less);
	wipe(less, sizeof less);
}

/* ---- scalars -------------------------------------------------------------- */

enum err
scalar_read(struct scalar *out, const uint8_t b[SCALAR_BYTES])
{
	uint8_t less[32];
	unsigned below = minus_order(less, b);

	wipe(less, sizeof less);
	declassify(&below, sizeof below); /* whether an input is valid is public */
	if (!below)
		return ERR_RANGE;
	memcpy(out->b, b, 32);
	return OK;
}

void
scalar_u64(struct scalar *out, uint64_t v)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < 8; i++)
		out->b[31 - i] = (uint8_t)(v >> (8 * i));
}

void
scalar_random(struct scalar *out)
{
	struct {
		uint8_t b[32];
	} s;
	int good;

	do {
		random_bytes(s.b, sizeof s.b);
		good = secp256k1_ec_seckey_verify(group_context(), s.b);
		declassify(&good, sizeof good); /* what is thrown away tells nothing of what is kept */
	} while (!good);
	memcpy(out->b, s.b, 32);
	wipe(&s, sizeof s);
}

void
scalar_reduce64(struct scalar *out, const uint8_t wide[64])
{
	struct {
		struct scalar high, low;
	} s;

	reduce32(&s.high, wide);
	reduce32(&s.low, wide + 32);
	scalar_mul(&s.high, &s.high, &two_256);
	scalar_add(out, &s.high, &s.low);
	wipe(&s, sizeof s);
}

void
scalar_reduce(struct scalar *out, const uint8_t *p, size_t n)
{
	struct {
		uint8_t wide[64];
	} s = {{0}};

	if (n > sizeof s.wide)
		abort();
	memcpy(s.wide + sizeof s.wide - n, p, n);
	scalar_reduce64(out, s.wide);
	wipe(&s, sizeof s);
}

/* The library refuses zero as input and as result; both are put in and out by
 * selection, so that no branch sees them. */
void
scalar_add(struct scalar *r, const struct scalar *a, const struct scalar *b)
{
	struct {
		uint8_t sum[32], term[32];
	} s;
	uint8_t zero = zero_mask(a->b), good;

	memcpy(s.term, b->b, 32);
	select32(s.sum, zero, SCALAR_ONE.b, a->b);
	good = (uint8_t)(0 - secp256k1_ec_seckey_tweak_add(group_context(), s.sum, s.term));
	select32(s.sum, good, s.sum, SCALAR_ZERO.b);
	select32(r->b, zero, s.term, s.sum);
	wipe(&s, sizeof s);
}

void
scalar_mul(struct scalar *r, const struct scalar *a, const struct scalar *b)
{
	struct {
		uint8_t x[32], y[32];
	} s;
	uint8_t zero = zero_mask(a->b) | zero_mask(b->b);

	select32(s.x, zero, SCALAR_ONE.b, a->b);
	select32(s.y, zero, SCALAR_ONE.b, b->b);
	sure(secp256k1_ec_seckey_tweak_mul(group_context(), s.x, s.y));
	select32(r->b, zero, SCALAR_ZERO.b, s.x);
	wipe(&s, sizeof s);
}

void
scalar_neg(struct scalar *r, const struct scalar *a)
{
	struct {
		uint8_t x[32];
	} s;
	uint8_t zero = zero_mask(a->b);

	select32(s.x, zero, SCALAR_ONE.b, a->b);
	sure(secp256k1_ec_seckey_negate(group_context(), s.x));
	select32(r->b, zero, SCALAR_ZERO.b, s.x);
	wipe(&s, sizeof s);
}

void
scalar_sub(struct scalar *r, const struct scalar *a, const struct scalar *b)
{
	struct {
		struct scalar minus;
	} s;

	scalar_neg(&s.minus, b);
	scalar_add(r, a, &s.minus);
	wipe(&s, sizeof s);
}

/* a^(n-2), by Fermat. The exponent is public. */
enum err
scalar_inv(struct scalar *r, const struct scalar *a)
{
	struct {
		struct scalar x, base;
	} s;
	uint8_t exponent[32];
	int zero = scalar_is_zero(a);

	declassify(&zero, sizeof zero); /* a caller that may invert zero says so in public */
	if (zero)
		return ERR_RANGE;
	memcpy(exponent, order, 32);
	exponent[31] = (uint8_t)(exponent[31] - 2);
	s.base = *a;
	s.x = SCALAR_ONE;
	for (size_t bit = 0; bit < 256; bit++) {
		scalar_mul(&s.x, &s.x, &s.x);
		if (exponent[bit / 8] >> (7 - bit % 8) & 1)
			scalar_mul(&s.x, &s.x, &s.base);
	}
	*r = s.x;
	wipe(&s, sizeof s);
	return OK;
}

int
scalar_is_zero(const struct scalar *a)
{
	return zero_mask(a->b) & 1;
}

int
scalar_equal(const struct scalar *a, const struct scalar *b)
{
	return ct_equal(a->b, b->b, 32);
}

/* ---- points --------------------------------------------------------------- */

void
point_generator(struct point *out)
{
	point_mul_base(out, &SCALAR_ONE);
}

static enum err
parse(struct point *out, const uint8_t *b, size_t n)
{
	struct point p = {.inf = 0};

	if (secp256k1_ec_pubkey_parse(group_context(), &p.pk, b, n) != 1)
		return ERR_RANGE;
	*out = p;
	return OK;
}

enum err
point_read(struct point *out, const uint8_t b[POINT_BYTES])
{
	if (b[0] != 2 && b[0] != 3)
		return ERR_FORMAT;
	return parse(out, b, POINT_BYTES);
}

enum err
point_write(uint8_t out[POINT_BYTES], const struct point *p)
{
	size_t n = POINT_BYTES;

	if (p->inf)
		return ERR_RANGE;
	return secp256k1_ec_pubkey_serialize(group_context(), out, &n, &p->pk, SECP256K1_EC_COMPRESSED) == 1 ? OK
													     : ERR_RANGE;
}

enum err
point_read_xy(struct point *out, const uint8_t x[32], const uint8_t y[32])
{
	uint8_t b[POINT_UNCOMPRESSED];

	b[0] = 4;
	memcpy(b + 1, x, 32);
	memcpy(b + 33, y, 32);
	return parse(out, b, sizeof b);
}

enum err
point_write_xy(uint8_t x[32], uint8_t y[32], const struct point *p)
{
	uint8_t b[POINT_UNCOMPRESSED];
	size_t n = sizeof b;

	if (p->inf || secp256k1_ec_pubkey_serialize(group_context(), b, &n, &p->pk, SECP256K1_EC_UNCOMPRESSED) != 1)
		return ERR_RANGE;
	memcpy(x, b + 1, 32);
	memcpy(y, b + 33, 32);
	return OK;
}

int
point_equal(const struct point *a, const struct point *b)
{
	if (a->inf || b->inf)
		return a->inf && b->inf;
	return secp256k1_ec_pubkey_cmp(group_context(), &a->pk, &b->pk) == 0;
}

void
point_neg(struct point *r, const struct point *a)
{
	*r = *a;
	if (!r->inf)
		sure(secp256k1_ec_pubkey_negate(group_context(), &r->pk));
}

void
point_add(struct point *r, const struct point *a, const struct point *b)
{
	const secp256k1_pubkey *both[2] = {&a->pk, &b->pk};
	struct point sum = {.inf = 0};

	if (a->inf)
		sum = *b;
	else if (b->inf)
		sum = *a;
	else
		sum.inf = secp256k1_ec_pubkey_combine(group_context(), &sum.pk, both, 2) != 1;
	*r = sum;
}

void
point_mul_base(struct point *r, const struct scalar *s)
{
	struct {
		uint8_t k[32];
	} t;
	struct point p = {.inf = 0};
	uint8_t zero = zero_mask(s->b);

	select32(t.k, zero, SCALAR_ONE.b, s->b);
	sure(secp256k1_ec_pubkey_create(group_context(), &p.pk, t.k));
	p.inf = zero & 1;
	declassify(&p.inf, sizeof p.inf); /* zero secrets do not happen; zero inputs are public */
	wipe(&t, sizeof t);
	*r = p;
}

/* The "hash" of the exchange is the shared point itself. */
static int
whole_point(unsigned char *out, const unsigned char *x32, const unsigned char *y32, void *data)
{
	(void)data;
	out[0] = 4;
	memcpy(out + 1, x32, 32);
	memcpy(out + 33, y32, 32);
	return 1;
}

void
point_mul(struct point *r, const struct point *p, const struct scalar *s)
{
	struct {
		uint8_t k[32], xy[POINT_UNCOMPRESSED];
	} t;
	struct point q = {.inf = 0};
	uint8_t zero = zero_mask(s->b);

	if (p->inf) {
		*r = POINT_INFINITY;
		return;
	}
	select32(t.k, zero, SCALAR_ONE.b, s->b);
	sure(secp256k1_ecdh(group_context(), t.xy, &p->pk, t.k, whole_point, NULL));
	/* A product is always on the curve: parse's branches go one way whatever the value. */
	declassify(t.xy, sizeof t.xy);
	sure(secp256k1_ec_pubkey_parse(group_context(), &q.pk, t.xy, sizeof t.xy));
	q.inf = zero & 1;
	declassify(&q.inf, sizeof q.inf);
	wipe(&t, sizeof t);
	*r = q;
}

void
point_mul_var(struct point *r, const struct point *p, const struct scalar *s)
{
	struct point q = *p;

	if (!q.inf && scalar_is_zero(s))
		q.inf = 1;
	if (!q.inf)
		sure(secp256k1_ec_pubkey_tweak_mul(group_context(), &q.pk, s->b));
	*r = q;
}

void
point_sum(struct point *r, const struct point *p, size_t n)
{
	const secp256k1_pubkey *some[256];
	struct point sum = POINT_INFINITY;
	size_t at = 0;

	while (at < n) {
		size_t k = 0;
		struct point part = {.inf = 0};

		if (!sum.inf)
			some[k++] = &sum.pk;
		for (; at < n && k < sizeof some / sizeof *some; at++)
			if (!p[at].inf)
				some[k++] = &p[at].pk;
		if (k == 0)
			continue;
		part.inf = secp256k1_ec_pubkey_combine(group_context(), &part.pk, some, k) != 1;
		sum = part;
	}
	*r = sum;
}
