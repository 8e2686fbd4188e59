#include "crypto/shuffle.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/ct.h"
#include "crypto/parallel.h"
#include "crypto/permutation.h"

void
shuffle_proof_free(struct shuffle_proof *p)
{
	buf_free(&p->permutation_commitment);
	buf_free(&p->commitment);
	buf_free(&p->reply);
}

/* Challenges: the seed over the statement, the exponents e_i, the challenge v. Without memory none is made. */
static enum err
statement_seed(struct hash *seed, const struct session *s, const struct point *h, const struct point *u,
    const struct point *key, const struct ciphertext *in, const struct ciphertext *out, size_t n)
{
	struct buf b = {0};
	struct point g;
	enum err e;

	point_generator(&g);
	buf_room(&b, 100 + (6 * n + 3) * BT_POINT_BYTES);
	bt_node(&b, 6);
	bt_point(&b, &g);
	bt_points(&b, h, n);
	bt_points(&b, u, n);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_point(&b, key);
	bt_ciphertexts(&b, in, n);
	bt_ciphertexts(&b, out, n);
	if ((e = b.failed ? ERR_NOMEM : OK) == OK)
		oracle_seed(seed, s, &b);
	buf_free(&b);
	return e;
}

static void
batching(struct scalar *e, size_t n, const struct session *s, const struct hash *seed)
{
	struct prg g;

	prg_start(&g, seed);
	for (size_t i = 0; i < n; i++)
		prg_scalar(&g, &e[i], s->ebitlen);
}

static enum err
challenge(struct scalar *v, const struct session *s, const struct hash *seed, const struct buf *commitment)
{
	struct buf b = {0};
	enum err e;

	bt_node(&b, 2);
	bt_leaf(&b, seed->b, HASH_BYTES);
	buf_put(&b, commitment->p, commitment->n);
	if ((e = b.failed || commitment->failed ? ERR_NOMEM : OK) == OK)
		oracle_challenge(v, s, &b);
	buf_free(&b);
	return e;
}

/* ---- prover ------------------------------------------------------------------ */

struct prover {
	size_t n;
	const struct point *key;
	const struct ciphertext *in;
	struct ciphertext *out;
	/* secrets, wiped at the end */
	struct {
		struct scalar alpha, gamma, delta, phi, sum, x;
	} k;
	struct scalar *secrets; /* one allocation, of these: */
	struct scalar *r, *t, *b, *beta, *eps, *d, *product, *permuted;
	struct permutation *pi;
	struct point *moved; /* position i: h_{pi(i)} */
	/* results */
	struct scalar *e;
	struct point *points; /* one allocation, of these: */
	struct point *h, *u, *chain, *chain2, *a_terms, *f1_terms, *f2_terms;
};

enum { PROVER_SCALARS = 8, PROVER_POINTS = 7 };

static enum err
prover_new(struct prover *p)
{
	struct scalar **scalars[PROVER_SCALARS] = {&p->r, &p->t, &p->b, &p->beta, &p->eps, &p->d, &p->product, &p->permuted};
	struct point **points[PROVER_POINTS] = {&p->h, &p->u, &p->chain, &p->chain2, &p->a_terms, &p->f1_terms, &p->f2_terms};

	p->secrets = calloc(PROVER_SCALARS * p->n, sizeof *p->secrets);
	p->points = calloc(PROVER_POINTS * p->n, sizeof *p->points);
	p->moved = calloc(p->n, sizeof *p->moved);
	p->e = calloc(p->n, sizeof *p->e);
	if (p->secrets == NULL || p->points == NULL || p->moved == NULL || p->e == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < PROVER_SCALARS; i++)
		*scalars[i] = p->secrets + i * p->n;
	for (size_t i = 0; i < PROVER_POINTS; i++)
		*points[i] = p->points + i * p->n;
	return OK;
}

static void
prover_free(struct prover *p)
{
	if (p->secrets != NULL)
		wipe(p->secrets, PROVER_SCALARS * p->n * sizeof *p->secrets);
	if (p->points != NULL)
		wipe(p->points, PROVER_POINTS * p->n * sizeof *p->points);
	if (p->moved != NULL)
		wipe(p->moved, p->n * sizeof *p->moved);
	permutation_free(p->pi);
	free(p->secrets);
	free(p->points);
	free(p->moved);
	free(p->e);
	wipe(p, sizeof *p);
}

/* A fresh permutation, and every exponent and nonce. */
static enum err
draw(struct prover *p)
{
	enum err e;

	memcpy(p->moved, p->h, p->n * sizeof *p->moved);
	if ((e = permutation_new(&p->pi, p->n)) != OK || (e = permutation_undo(p->pi, p->moved, sizeof *p->moved)) != OK)
		return e;
	for (size_t i = 0; i < p->n; i++) {
		scalar_random(&p->r[i]);
		scalar_random(&p->t[i]);
		scalar_random(&p->b[i]);
		scalar_random(&p->beta[i]);
		scalar_random(&p->eps[i]);
	}
	scalar_random(&p->k.alpha);
	scalar_random(&p->k.gamma);
	scalar_random(&p->k.delta);
	scalar_random(&p->k.phi);
	classify(p->secrets, PROVER_SCALARS * p->n * sizeof *p->secrets);
	classify(&p->k, sizeof p->k);
	return OK;
}

/* libsecp256k1 adds points in constant time, but looks whether one has x = 0 and whether the sum is infinity, which
 * does not happen: points are marked before they are added, scalars never. */
static void
addends(struct point *p, size_t n)
{
	declassify(p, n * sizeof *p);
}

/* w_i + t_i (G, Y), still at position i, where the network will take it from;  u_i = r_i G + h_{pi(i)} */
static void
reencrypt(void *ctx, size_t begin, size_t end)
{
	struct prover *p = ctx;

	for (size_t i = begin; i < end; i++) {
		struct ciphertext c;
		struct point g;

		point_mul_base(&g, &p->t[i]);
		addends(&g, 1);
		point_add(&c.c1, &p->in[i].c1, &g);
		point_mul(&g, p->key, &p->t[i]);
		addends(&g, 1);
		point_add(&c.c2, &p->in[i].c2, &g);
		p->out[i] = c;
		point_mul_base(&g, &p->r[i]);
		addends(&g, 1);
		addends(&p->moved[i], 1);
		point_add(&p->u[i], &g, &p->moved[i]);
	}
}

/* B_i = d_i G + (e'_0 .. e'_i) h_0;  B'_i = (beta_i + eps_i d_{i-1}) G + eps_i (e'_0 .. e'_{i-1}) h_0;
 * the terms eps_i h_i of A' and eps_i w'_i of F'. */
static void
commit(void *ctx, size_t begin, size_t end)
{
	struct prover *p = ctx;
	struct {
		struct scalar x, y;
		struct point g, h;
	} s;

	for (size_t i = begin; i < end; i++) {
		point_mul_base(&s.g, &p->d[i]);
		point_mul(&s.h, &p->h[0], &p->product[i]);
		addends(&s.g, 1);
		addends(&s.h, 1);
		point_add(&p->chain[i], &s.g, &s.h);
		if (i == 0) {
			s.x = p->beta[0];
			s.y = p->eps[0];
		} else {
			scalar_mul(&s.x, &p->eps[i], &p->d[i - 1]);
			scalar_add(&s.x, &s.x, &p->beta[i]);
			scalar_mul(&s.y, &p->eps[i], &p->product[i - 1]);
		}
		point_mul_base(&s.g, &s.x);
		point_mul(&s.h, &p->h[0], &s.y);
		addends(&s.g, 1);
		addends(&s.h, 1);
		point_add(&p->chain2[i], &s.g, &s.h);
		point_mul(&p->a_terms[i], &p->h[i], &p->eps[i]);
		point_mul(&p->f1_terms[i], &p->out[i].c1, &p->eps[i]);
		point_mul(&p->f2_terms[i], &p->out[i].c2, &p->eps[i]);
	}
	wipe(&s, sizeof s);
}

/* e'_{pi(i)} = e_i;  d_i = e'_i d_{i-1} + b_i;  product_i = e'_0 .. e'_i */
static enum err
permute_exponents(struct prover *p)
{
	enum err e;

	memcpy(p->permuted, p->e, p->n * sizeof *p->e);
	if ((e = permutation_apply(p->pi, p->permuted, sizeof *p->permuted)) != OK)
		return e;
	p->d[0] = p->b[0];
	p->product[0] = p->permuted[0];
	for (size_t i = 1; i < p->n; i++) {
		scalar_mul(&p->k.x, &p->permuted[i], &p->d[i - 1]);
		scalar_add(&p->d[i], &p->k.x, &p->b[i]);
		scalar_mul(&p->product[i], &p->product[i - 1], &p->permuted[i]);
	}
	return OK;
}

/* The terms' sum and the mask. */
static void
masked(struct point *sum, struct point *terms, size_t n, struct point *mask)
{
	addends(terms, n);
	addends(mask, 1);
	point_sum(sum, terms, n);
	point_add(sum, sum, mask);
}

/* B, A', B', C', D', F': A' = alpha G + sum eps_i h_i;  F' = sum eps_i w'_i - phi pk;  C' = gamma G;  D' = delta G */
static void
write_commitment(struct buf *out, struct prover *p)
{
	struct point a1, c1, d1, f1, f2, g;

	point_mul_base(&g, &p->k.alpha);
	masked(&a1, p->a_terms, p->n, &g);
	point_mul_base(&c1, &p->k.gamma);
	point_mul_base(&d1, &p->k.delta);
	scalar_neg(&p->k.x, &p->k.phi);
	point_mul_base(&g, &p->k.x);
	masked(&f1, p->f1_terms, p->n, &g);
	point_mul(&g, p->key, &p->k.x);
	masked(&f2, p->f2_terms, p->n, &g);

	declassify(p->chain, p->n * sizeof *p->chain); /* all of the commitment is published */
	declassify(p->chain2, p->n * sizeof *p->chain2);
	addends(&c1, 1);
	addends(&d1, 1);
	bt_node(out, 6);
	bt_points(out, p->chain, p->n);
	bt_point(out, &a1);
	bt_points(out, p->chain2, p->n);
	bt_point(out, &c1);
	bt_point(out, &d1);
	bt_node(out, 2);
	bt_point(out, &f1);
	bt_point(out, &f2);
	declassify(out->p, out->n);
}

/* v <a, weight> + nonce; without weights v sum a + nonce */
static void
reply_sum(struct buf *out, struct prover *p, const struct scalar *v, const struct scalar *a, const struct scalar *weight, const struct scalar *nonce)
{
	p->k.sum = SCALAR_ZERO;
	for (size_t i = 0; i < p->n; i++) {
		p->k.x = a[i];
		if (weight != NULL)
			scalar_mul(&p->k.x, &a[i], &weight[i]);
		scalar_add(&p->k.sum, &p->k.sum, &p->k.x);
	}
	scalar_mul(&p->k.sum, &p->k.sum, v);
	scalar_add(&p->k.sum, &p->k.sum, nonce);
	bt_scalar(out, &p->k.sum);
}

/* v a_i + nonce_i */
static void
reply_each(struct buf *out, struct prover *p, const struct scalar *v, const struct scalar *a, const struct scalar *nonce)
{
	bt_node(out, p->n);
	for (size_t i = 0; i < p->n; i++) {
		scalar_mul(&p->k.x, v, &a[i]);
		scalar_add(&p->k.x, &p->k.x, &nonce[i]);
		bt_scalar(out, &p->k.x);
	}
}

/* k_A = v <r, e> + alpha; k_B,i = v b_i + beta_i; k_C = v sum r + gamma; k_D = v d + delta;
 * k_E,i = v e'_i + eps_i; k_F = v <t, e> + phi */
static void
write_reply(struct buf *out, struct prover *p, const struct scalar *v)
{
	bt_node(out, 6);
	reply_sum(out, p, v, p->r, p->e, &p->k.alpha);
	reply_each(out, p, v, p->b, p->beta);
	reply_sum(out, p, v, p->r, NULL, &p->k.gamma);
	scalar_mul(&p->k.x, v, &p->d[p->n - 1]);
	scalar_add(&p->k.x, &p->k.x, &p->k.delta);
	bt_scalar(out, &p->k.x);
	reply_each(out, p, v, p->permuted, p->eps);
	reply_sum(out, p, v, p->t, p->e, &p->k.phi);
	declassify(out->p, out->n);
}

enum err
shuffle_prove(struct ciphertext *out, struct shuffle_proof *proof, const struct session *s, const struct point *key,
    const struct ciphertext *in, size_t n, unsigned threads)
{
	struct prover p = {.n = n, .key = key, .in = in, .out = out};
	struct hash seed;
	struct scalar v;
	enum err e;

	if (n == 0)
		return ERR_RANGE;
	if ((e = prover_new(&p)) != OK || (e = session_generators(p.h, n, s)) != OK || (e = draw(&p)) != OK)
		goto done;
	parallel(n, threads, reencrypt, &p);
	if ((e = permutation_apply(p.pi, out, sizeof *out)) != OK)
		goto done;
	declassify(p.u, n * sizeof *p.u); /* both lists are published */
	declassify(out, n * sizeof *out);
	if ((e = statement_seed(&seed, s, p.h, p.u, key, in, out, n)) != OK)
		goto done;
	batching(p.e, n, s, &seed);
	if ((e = permute_exponents(&p)) != OK)
		goto done;
	parallel(n, threads, commit, &p);
	bt_points(&proof->permutation_commitment, p.u, n);
	write_commitment(&proof->commitment, &p);
	if ((e = challenge(&v, s, &seed, &proof->commitment)) != OK)
		goto done;
	write_reply(&proof->reply, &p, &v);
	e = proof->permutation_commitment.failed || proof->reply.failed ? ERR_NOMEM : OK;
done:
	prover_free(&p);
	return e;
}

/* ---- verifier ------------------------------------------------------------------ */

struct verifier {
	size_t n;
	unsigned threads, ebits;
	const struct point *key, *h;
	const struct ciphertext *in, *out;
	struct point *u, *chain, *chain2, *one, *two, a1, c1, d1, f1, f2;
	struct scalar *e, *k_b, *k_e, *weight, *fold, k_a, k_c, k_d, k_f, v;
};

static enum err
read_proof(struct verifier *x, size_t n, const struct shuffle_proof *files, struct why *why)
{
	struct rd r = rd_init(files->permutation_commitment.p, files->permutation_commitment.n);

	bt_read_points(&r, x->u, n, 0);
	if (rd_done(&r) != OK)
		return why_set(why, ERR_FORMAT, "permutation commitment: not %zu points in canonical form", n);
	r = rd_init(files->commitment.p, files->commitment.n);
	bt_read_node(&r, 6);
	bt_read_points(&r, x->chain, n, 0);
	bt_read_point(&r, &x->a1, 0);
	bt_read_points(&r, x->chain2, n, 0);
	bt_read_point(&r, &x->c1, 0);
	bt_read_point(&r, &x->d1, 0);
	bt_read_node(&r, 2);
	bt_read_point(&r, &x->f1, 0);
	bt_read_point(&r, &x->f2, 0);
	if (rd_done(&r) != OK)
		return why_set(why, ERR_FORMAT, "commitment: not in canonical form for %zu ciphertexts", n);
	r = rd_init(files->reply.p, files->reply.n);
	bt_read_node(&r, 6);
	bt_read_scalar(&r, &x->k_a);
	bt_read_scalars(&r, x->k_b, n);
	bt_read_scalar(&r, &x->k_c);
	bt_read_scalar(&r, &x->k_d);
	bt_read_scalars(&r, x->k_e, n);
	bt_read_scalar(&r, &x->k_f);
	if (rd_done(&r) != OK)
		return why_set(why, ERR_FORMAT, "reply: not in canonical form for %zu ciphertexts", n);
	return OK;
}

/* v left + left1 = right ? */
static int
equation(const struct scalar *v, const struct point *left, const struct point *left1, const struct point *right)
{
	struct point t;

	point_mul_var(&t, left, v);
	point_add(&t, &t, left1);
	return point_equal(&t, right);
}

/* For every i: v B_i + B'_i = k_B,i G + k_E,i B_{i-1}, with B_{-1} = h_0, folded
 * with fresh weights z_i:
 * sum (z_i v - z_{i+1} k_E,i+1) B_i + sum z_i B'_i - z_0 k_E,0 h_0 - (sum z_i k_B,i) G = 0 */
static enum err
equation_b(const struct verifier *x, int *answer)
{
	struct scalar t, total = SCALAR_ZERO;
	struct point sum[4];
	size_t n = x->n;
	enum err err;

	random_bytes(x->weight, n * sizeof *x->weight); /* one call: each costs more than the bytes */
	for (size_t i = 0; i < n; i++)
		memset(x->weight[i].b, 0, 16);
	for (size_t i = 0; i < n; i++) {
		scalar_mul(&x->fold[i], &x->weight[i], &x->v);
		if (i + 1 < n) {
			scalar_mul(&t, &x->weight[i + 1], &x->k_e[i + 1]);
			scalar_sub(&x->fold[i], &x->fold[i], &t);
		}
		scalar_mul(&t, &x->weight[i], &x->k_b[i]);
		scalar_add(&total, &total, &t);
	}
	if ((err = point_msm_var(&sum[0], x->chain, x->fold, n, 256, x->threads)) != OK ||
	    (err = point_msm_var(&sum[1], x->chain2, x->weight, n, 128, x->threads)) != OK)
		return err;
	scalar_mul(&t, &x->weight[0], &x->k_e[0]);
	scalar_neg(&t, &t);
	point_mul_var(&sum[2], &x->h[0], &t);
	scalar_neg(&total, &total);
	point_mul_base(&sum[3], &total);
	point_sum(&sum[0], sum, 4);
	*answer = sum[0].inf;
	return OK;
}

/* A = sum e_i u_i;  v A + A' = k_A G + sum k_E,i h_i */
static enum err
equation_a(const struct verifier *x, int *answer)
{
	struct point a, right, t;
	enum err err;

	if ((err = point_msm_var(&a, x->u, x->e, x->n, x->ebits, x->threads)) != OK || (err = point_msm_var(&right, x->h, x->k_e, x->n, 256, x->threads)) != OK)
		return err;
	point_mul_base(&t, &x->k_a);
	point_add(&right, &right, &t);
	*answer = equation(&x->v, &a, &x->a1, &right);
	return OK;
}

/* C = sum u_i - sum h_i;  v C + C' = k_C G */
static enum err
equation_c(const struct verifier *x, int *answer)
{
	struct point c, t, right;

	point_sum(&c, x->u, x->n);
	point_sum(&t, x->h, x->n);
	point_neg(&t, &t);
	point_add(&c, &c, &t);
	point_mul_base(&right, &x->k_c);
	*answer = equation(&x->v, &c, &x->c1, &right);
	return OK;
}

/* D = B_{n-1} - (prod e_i) h_0;  v D + D' = k_D G */
static enum err
equation_d(const struct verifier *x, int *answer)
{
	struct scalar product = SCALAR_ONE;
	struct point d, t, right;

	for (size_t i = 0; i < x->n; i++)
		scalar_mul(&product, &product, &x->e[i]);
	point_mul_var(&t, &x->h[0], &product);
	point_neg(&t, &t);
	point_add(&d, &x->chain[x->n - 1], &t);
	point_mul_base(&right, &x->k_d);
	*answer = equation(&x->v, &d, &x->d1, &right);
	return OK;
}

/* One half of F: from the c1 or the c2 of both lists, with G or the key as `base`. */
static enum err
equation_f_half(const struct verifier *x, const struct point *from, const struct point *to, const struct point *f1, const struct point *base, int *answer)
{
	struct point f, right, t;
	struct scalar minus;
	enum err err;

	if ((err = point_msm_var(&f, from, x->e, x->n, x->ebits, x->threads)) != OK || (err = point_msm_var(&right, to, x->k_e, x->n, 256, x->threads)) != OK)
		return err;
	scalar_neg(&minus, &x->k_f);
	point_mul_var(&t, base, &minus);
	point_add(&right, &right, &t);
	*answer = equation(&x->v, &f, f1, &right);
	return OK;
}

/* F = sum e_i w_i;  v F + F' = sum k_E,i w'_i - k_F pk */
static enum err
equation_f(const struct verifier *x, int *answer)
{
	struct point g;
	int first = 0;
	enum err err;

	point_generator(&g);
	for (size_t i = 0; i < x->n; i++) {
		x->one[i] = x->in[i].c1;
		x->two[i] = x->out[i].c1;
	}
	if ((err = equation_f_half(x, x->one, x->two, &x->f1, &g, &first)) != OK)
		return err;
	for (size_t i = 0; i < x->n; i++) {
		x->one[i] = x->in[i].c2;
		x->two[i] = x->out[i].c2;
	}
	err = equation_f_half(x, x->one, x->two, &x->f2, x->key, answer);
	*answer &= first;
	return err;
}

static enum err
equations(const struct verifier *x, struct why *why)
{
	static enum err (*const each[])(const struct verifier *, int *) = {equation_a, equation_b, equation_c, equation_d, equation_f};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		int answer = 0;
		enum err err = each[i](x, &answer);

		if (err != OK || !answer)
			return err != OK ? err : why_set(why, ERR_PROOF, "equation %c of the proof of shuffle does not hold", "ABCDF"[i]);
	}
	return OK;
}

enum err
shuffle_verify(const struct session *s, const struct point *h, const struct point *key, const struct ciphertext *in,
    const struct ciphertext *out, size_t n, const struct shuffle_proof *files, unsigned threads, struct why *why)
{
	struct verifier x = {.n = n, .threads = threads, .ebits = s->ebitlen, .key = key, .in = in, .out = out};
	struct point *points = calloc(6 * n + 1, sizeof *points);
	struct scalar *scalars = calloc(5 * n + 1, sizeof *scalars);
	struct hash seed;
	enum err err = ERR_NOMEM;

	if (points == NULL || scalars == NULL)
		goto done;
	if (n == 0 || key->inf) {
		err = why_set(why, ERR_RANGE, "no ciphertexts, or no key");
		goto done;
	}
	x.h = h != NULL ? h : points;
	x.u = points + n;
	x.chain = x.u + n;
	x.chain2 = x.chain + n;
	x.one = x.chain2 + n;
	x.two = x.one + n;
	x.e = scalars;
	x.k_b = x.e + n;
	x.k_e = x.k_b + n;
	x.weight = x.k_e + n;
	x.fold = x.weight + n;
	if ((err = read_proof(&x, n, files, why)) != OK || (h == NULL && (err = session_generators(points, n, s)) != OK) ||
	    (err = statement_seed(&seed, s, x.h, x.u, key, in, out, n)) != OK)
		goto done;
	batching(x.e, n, s, &seed);
	if ((err = challenge(&x.v, s, &seed, &files->commitment)) == OK)
		err = equations(&x, why);
done:
	free(points);
	free(scalars);
	return err;
}
