#include "election/authorization.h"

#include <string.h>

void
authorization_row_write(struct buf *out, const struct authorization_row *row)
{
	buf_put(out, row->sig, SCHNORR_BYTES);
	buf_put(out, row->sealed, SEALED_SEED_BYTES);
	buf_u8(out, row->answers);
	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		if (row->answers >> a & 1)
			buf_put(out, row->answer[a], RSA_BYTES);
}

enum err
authorization_row_read(struct authorization_row *out, const void *p, size_t n)
{
	struct rd r = rd_init(p, n);

	memset(out, 0, sizeof *out);
	rd_copy(&r, out->sig, SCHNORR_BYTES);
	rd_copy(&r, out->sealed, SEALED_SEED_BYTES);
	out->answers = rd_u8(&r);
	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		if (out->answers >> a & 1)
			rd_copy(&r, out->answer[a], RSA_BYTES);
	return rd_done(&r);
}

enum err
authorization_fits(struct authorization *out, const void *request, size_t n, const struct hash *election, const struct roll *roll, unsigned authorizers, struct why *why)
{
	if (authorization_read(out, request, n) != OK)
		return why_set(why, ERR_FORMAT, "the request's bytes are not canonical");
	if (!hash_equal(&out->election, election) || out->index >= roll->n || out->style != roll->row[out->index].style || out->n != authorizers)
		return why_set(why, ERR_RANGE, "the request is of another election, voter or ballot style");
	return OK;
}

enum err
authorization_check(struct authorization *out, const void *request, size_t n, const uint8_t sig[SCHNORR_BYTES], const uint8_t *sealed,
    const struct hash *election, const struct roll *roll, struct rsa_public *const *const *key, unsigned authorizers, int64_t now, struct why *why)
{
	enum err e = authorization_fits(out, request, n, election, roll, authorizers, why);
	const struct roll_row *voter;
	struct hash h;

	if (e != OK)
		return e;
	if (sealed != NULL) {
		sealed_seed_hash(&h, election, sealed);
		if (!hash_equal(&h, &out->sealed_seed))
			return why_set(why, ERR_RANGE, "the request names another sealed seed");
	}
	voter = &roll->row[out->index];
	if (now != EITHER_CREDENTIAL && voter->excluded)
		return why_set(why, ERR_DENIED, "by order of a court this roll index may not vote; ask the authority");
	authorization_hash(&h, request, n);
	if ((now == EITHER_CREDENTIAL ? roll_signed(voter, sig, &h) : schnorr_verify(sig, roll_credential(voter, now), &h)) != OK)
		return why_set(why, ERR_PROOF, "the request is not signed by the voter's credential");
	for (unsigned k = 0; k < authorizers; k++)
		if ((e = rsa_blinded_check(key[k][out->style - 1], out->blinded[k])) != OK)
			return why_set(why, e, "the blinded element for authorizer %u is not between 0 and its modulus", k + 1);
	return OK;
}
