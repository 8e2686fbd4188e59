#include "crypto/session.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>

#include "crypto/bytetree.h"

static const char version[] = "3.1.0", group_class[] = "com.verificatum.arithm.ECqPGroup", curve[] = "secp256k1";
enum { STATDIST = 100 };

/* "ECqPGroup(secp256k1)::" and the hex of node(class, curve). */
static void
group_text(struct buf *out)
{
	struct buf tree = {0};
	char hex[256];

	bt_node(&tree, 2);
	bt_text(&tree, group_class);
	bt_text(&tree, curve);
	hex_encode(hex, tree.p, tree.n);
	buf_printf(out, "ECqPGroup(%s)::%s", curve, hex);
	buf_free(&tree);
}

void
session_start(struct session *s)
{
	struct buf b = {0}, group = {0};
	char id[100];

	(void)snprintf(id, sizeof id, "%s.%s", s->sid, s->auxsid);
	group_text(&group);
	bt_node(&b, 8);
	bt_text(&b, version);
	bt_text(&b, id);
	bt_int(&b, STATDIST);
	bt_int(&b, s->vbitlen);
	bt_int(&b, s->ebitlen);
	bt_text(&b, "SHA-256");
	bt_leaf(&b, group.p, group.n);
	bt_text(&b, "SHA-256");
	sha256(&s->rho, b.p, b.n);
	buf_free(&b);
	buf_free(&group);
}

void
session_protinfo(struct buf *out, const struct session *s)
{
	struct buf group = {0};

	group_text(&group);
	buf_printf(out,
	    "<protocol><version>%s</version><sid>%s</sid><name>%s</name><descr></descr><nopart>%u</nopart>"
	    "<statdist>%d</statdist><bullboard>com.verificatum.protocol.com.BullBoardBasicHTTPW</bullboard>"
	    "<thres>%u</thres><pgroup>%s</pgroup><keywidth>1</keywidth><vbitlen>128</vbitlen><vbitlenro>%u</vbitlenro>"
	    "<ebitlen>128</ebitlen><ebitlenro>%u</ebitlenro><prg>SHA-256</prg><rohash>SHA-256</rohash>"
	    "<corr>noninteractive</corr><width>1</width><maxciph>0</maxciph>",
	    version, s->sid, s->sid, s->nopart, STATDIST, s->thres, buf_cstr(&group), s->vbitlen, s->ebitlen);
	for (unsigned i = 1; i <= s->nopart; i++)
		buf_printf(out,
		    "<party><name>Party%02u</name><srtbyrole>anyrole</srtbyrole><descr></descr><pkey>unused</pkey>"
		    "<http>http://127.0.0.1:%u</http><hint>127.0.0.1:%u</hint></party>",
		    i, 8040 + i, 4040 + i);
	buf_str(out, "</protocol>");
	buf_free(&group);
}

void
prg_start(struct prg *g, const struct hash *seed)
{
	memset(g, 0, sizeof *g);
	g->seed = *seed;
	g->used = HASH_BYTES;
}

void
prg_bytes(struct prg *g, uint8_t *out, size_t n)
{
	while (n > 0) {
		size_t k;

		if (g->used == HASH_BYTES) {
			uint32_t c = g->counter++;
			uint8_t be[4] = {(uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c};
			struct hash h;

			sha256_3(&h, g->seed.b, HASH_BYTES, be, 4, NULL, 0);
			memcpy(g->block, h.b, HASH_BYTES);
			g->used = 0;
		}
		k = HASH_BYTES - g->used < n ? HASH_BYTES - g->used : n;
		memcpy(out, g->block + g->used, k);
		g->used += (unsigned)k;
		out += k;
		n -= k;
	}
}

void
prg_scalar(struct prg *g, struct scalar *out, unsigned bits)
{
	uint8_t b[32];

	prg_bytes(g, b, bits / 8);
	scalar_reduce(out, b, bits / 8);
}

void
oracle(uint8_t *out, unsigned bits, const struct session *s, const void *data, size_t n)
{
	uint8_t length[4] = {0, 0, (uint8_t)(bits >> 8), (uint8_t)bits};
	struct hash seed;
	struct prg g;

	sha256_3(&seed, length, 4, s->rho.b, HASH_BYTES, data, n);
	prg_start(&g, &seed);
	prg_bytes(&g, out, bits / 8);
}

void
oracle_seed(struct hash *out, const struct session *s, const struct buf *data)
{
	oracle(out->b, 256, s, data->p, data->n);
}

void
oracle_challenge(struct scalar *out, const struct session *s, const struct buf *data)
{
	uint8_t b[32];

	oracle(b, s->vbitlen, s, data->p, data->n);
	scalar_reduce(out, b, s->vbitlen / 8);
}

enum err
session_generators(struct point *h, size_t n, const struct session *s)
{
	static const char order_of_field[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F";
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = NULL, *x = BN_new();
	struct buf label = {0};
	struct hash seed;
	struct prg g;
	enum err e = ERR_NOMEM;

	bt_text(&label, "generators");
	if (ctx == NULL || x == NULL || BN_hex2bn(&p, order_of_field) == 0 || label.failed)
		goto done;
	oracle_seed(&seed, s, &label);
	prg_start(&g, &seed);
	for (size_t i = 0; i < n;) {
		uint8_t wide[45], b[POINT_BYTES], y[32], minus[32], same[32];
		struct point one, other;

		prg_bytes(&g, wide, sizeof wide); /* 356 bits */
		wide[0] &= 0x0f;
		if (BN_bin2bn(wide, sizeof wide, x) == NULL || BN_nnmod(x, x, p, ctx) != 1 || BN_bn2binpad(x, b + 1, 32) != 32)
			goto done;
		b[0] = 2;
		if (point_read(&one, b) != OK)
			continue; /* x^3 + 7 is no square */
		point_neg(&other, &one);
		if (point_write_xy(same, y, &one) != OK || point_write_xy(same, minus, &other) != OK)
			goto done;
		h[i++] = memcmp(y, minus, 32) < 0 ? one : other;
	}
	e = OK;
done:
	BN_free(p);
	BN_free(x);
	BN_CTX_free(ctx);
	buf_free(&label);
	return e;
}
