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

/* Challenges: the seed over the statement, the exponents e_i, the challenge v. */
static void
statement_seed(struct hash *seed, const struct session *s, const struct point *h, const struct point *u,
    const struct point *key, const struct ciphertext *in, const struct ciphertext *out, size_t n)
{
	struct buf b = {0};
	struct point g;

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
	if (b.failed)
		abort(); /* out of memory: a wrong challenge must not be used */
	oracle_seed(seed, s, &b);
	buf_free(&b);
}

static void
batching(struct scalar *e, size_t n, const struct session *s, const struct hash *seed)
{
	struct prg g;

	prg_start(&g, seed);
	for (size_t i = 0; i < n; i++)
		prg_scalar(&g, &e[i], s->ebitlen);
}

static void
challenge(struct scalar *v, const struct session *s, const struct hash *seed, const struct buf *commitment)
{
	struct buf b = {0};

	bt_node(&b, 2);
	bt_leaf(&b, seed->b, HASH_BYTES);
	buf_put(&b, commitment->p, commitment->n);
	if (b.failed)
		abort();
	oracle_challenge(v, s, &b);
	buf_free(&b);
}

/* ---- prover ------------------------------------------------------------------ */

struct prover {
	size_t n;
	const struct point *key, *h;
	const struct ciphertext *in;
	struct ciphertext *out;
	/* secrets; one allocation of scalars, wiped at the end */
	struct scalar *r, *t, *b, *beta, *eps, *d, *product, *permuted;
	struct permutation *pi;
	struct point *moved; /* position i: h_{pi(i)} */
	/* results */
	struct point *u, *chain, *chain2, *a_terms, *f1_terms, *f2_terms;
};

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

enum err
shuffle_prove(struct ciphertext *out, struct shuffle_proof *proof, const struct session *s, const struct point *key,
    const struct ciphertext *in, size_t n, unsigned threads)
{
	struct prover p = {.n = n, .key = key, .in = in, .out = out};
	struct {
		struct scalar alpha, gamma, delta, phi, sum, x;
	} k;
	struct scalar *secrets = NULL, *e = NULL, v;
	struct point *points = NULL, *h, a1, c1, d1, f1, f2, g;
	struct hash seed;
	enum err err = ERR_NOMEM;

	if (n == 0)
		return ERR_RANGE;
	secrets = calloc(8 * n, sizeof *secrets);
	e = calloc(n, sizeof *e);
	points = calloc(7 * n, sizeof *points);
	p.moved = calloc(n, sizeof *p.moved);
	if (secrets == NULL || e == NULL || points == NULL || p.moved == NULL)
		goto done;
	p.r = secrets;
	p.t = p.r + n;
	p.b = p.t + n;
	p.beta = p.b + n;
	p.eps = p.beta + n;
	p.d = p.eps + n;
	p.product = p.d + n;
	p.permuted = p.product + n;
	h = points;
	p.h = h;
	p.u = h + n;
	p.chain = p.u + n;
	p.chain2 = p.chain + n;
	p.a_terms = p.chain2 + n;
	p.f1_terms = p.a_terms + n;
	p.f2_terms = p.f1_terms + n;

	if ((err = session_generators(h, n, s)) != OK)
		goto done;
	memcpy(p.moved, h, n * sizeof *p.moved);
	if ((err = permutation_new(&p.pi, n)) != OK || (err = permutation_undo(p.pi, p.moved, sizeof *p.moved)) != OK)
		goto done;
	for (size_t i = 0; i < n; i++) {
		scalar_random(&p.r[i]);
		scalar_random(&p.t[i]);
		scalar_random(&p.b[i]);
		scalar_random(&p.beta[i]);
		scalar_random(&p.eps[i]);
	}
	scalar_random(&k.alpha);
	scalar_random(&k.gamma);
	scalar_random(&k.delta);
	scalar_random(&k.phi);
	classify(secrets, 8 * n * sizeof *secrets);
	classify(&k, sizeof k);
	parallel(n, threads, reencrypt, &p);
	if ((err = permutation_apply(p.pi, out, sizeof *out)) != OK)
		goto done;
	declassify(p.u, n * sizeof *p.u); /* both lists are published */
	declassify(out, n * sizeof *out);
	statement_seed(&seed, s, h, p.u, key, in, out, n);
	batching(e, n, s, &seed);

	/* e'_{pi(i)} = e_i;  d_i = e'_i d_{i-1} + b_i;  product_i = e'_0 .. e'_i */
	memcpy(p.permuted, e, n * sizeof *e);
	if ((err = permutation_apply(p.pi, p.permuted, sizeof *p.permuted)) != OK)
		goto done;
	for (size_t i = 0; i < n; i++) {
		if (i == 0) {
			p.d[0] = p.b[0];
			p.product[0] = p.permuted[0];
			continue;
		}
		scalar_mul(&k.x, &p.permuted[i], &p.d[i - 1]);
		scalar_add(&p.d[i], &k.x, &p.b[i]);
		scalar_mul(&p.product[i], &p.product[i - 1], &p.permuted[i]);
	}
	parallel(n, threads, commit, &p);
	/* A' = alpha G + sum eps_i h_i;  F' = sum eps_i w'_i - phi pk;  C' = gamma G;  D' = delta G */
	addends(p.a_terms, n);
	point_sum(&a1, p.a_terms, n);
	point_mul_base(&g, &k.alpha);
	addends(&g, 1);
	point_add(&a1, &a1, &g);
	point_mul_base(&c1, &k.gamma);
	point_mul_base(&d1, &k.delta);
	scalar_neg(&k.x, &k.phi);
	addends(p.f1_terms, n);
	point_sum(&f1, p.f1_terms, n);
	point_mul_base(&g, &k.x);
	addends(&g, 1);
	point_add(&f1, &f1, &g);
	addends(p.f2_terms, n);
	point_sum(&f2, p.f2_terms, n);
	point_mul(&g, key, &k.x);
	addends(&g, 1);
	point_add(&f2, &f2, &g);

	declassify(p.chain, n * sizeof *p.chain); /* all of the commitment is published */
	declassify(p.chain2, n * sizeof *p.chain2);
	addends(&c1, 1);
	addends(&d1, 1);
	bt_points(&proof->permutation_commitment, p.u, n);
	bt_node(&proof->commitment, 6);
	bt_points(&proof->commitment, p.chain, n);
	bt_point(&proof->commitment, &a1);
	bt_points(&proof->commitment, p.chain2, n);
	bt_point(&proof->commitment, &c1);
	bt_point(&proof->commitment, &d1);
	bt_node(&proof->commitment, 2);
	bt_point(&proof->commitment, &f1);
	bt_point(&proof->commitment, &f2);
	declassify(proof->commitment.p, proof->commitment.n); /* published */
	challenge(&v, s, &seed, &proof->commitment);

	/* k_A = v <r, e> + alpha; k_B,i = v b_i + beta_i; k_C = v sum r + gamma; k_D = v d + delta;
	 * k_E,i = v e'_i + eps_i; k_F = v <t, e> + phi */
	bt_node(&proof->reply, 6);
	k.sum = SCALAR_ZERO;
	for (size_t i = 0; i < n; i++) {
		scalar_mul(&k.x, &p.r[i], &e[i]);
		scalar_add(&k.sum, &k.sum, &k.x);
	}
	scalar_mul(&k.sum, &k.sum, &v);
	scalar_add(&k.sum, &k.sum, &k.alpha);
	bt_scalar(&proof->reply, &k.sum);
	bt_node(&proof->reply, n);
	for (size_t i = 0; i < n; i++) {
		scalar_mul(&k.x, &v, &p.b[i]);
		scalar_add(&k.x, &k.x, &p.beta[i]);
		bt_scalar(&proof->reply, &k.x);
	}
	k.sum = SCALAR_ZERO;
	for (size_t i = 0; i < n; i++)
		scalar_add(&k.sum, &k.sum, &p.r[i]);
	scalar_mul(&k.sum, &k.sum, &v);
	scalar_add(&k.sum, &k.sum, &k.gamma);
	bt_scalar(&proof->reply, &k.sum);
	scalar_mul(&k.x, &v, &p.d[n - 1]);
	scalar_add(&k.x, &k.x, &k.delta);
	bt_scalar(&proof->reply, &k.x);
	bt_node(&proof->reply, n);
	for (size_t i = 0; i < n; i++) {
		scalar_mul(&k.x, &v, &p.permuted[i]);
		scalar_add(&k.x, &k.x, &p.eps[i]);
		bt_scalar(&proof->reply, &k.x);
	}
	k.sum = SCALAR_ZERO;
	for (size_t i = 0; i < n; i++) {
		scalar_mul(&k.x, &p.t[i], &e[i]);
		scalar_add(&k.sum, &k.sum, &k.x);
	}
	scalar_mul(&k.sum, &k.sum, &v);
	scalar_add(&k.sum, &k.sum, &k.phi);
	bt_scalar(&proof->reply, &k.sum);
	declassify(proof->reply.p, proof->reply.n);
	err = proof->permutation_commitment.failed || proof->commitment.failed || proof->reply.failed ? ERR_NOMEM : OK;

done:
	wipe(&k, sizeof k);
	if (secrets != NULL)
		wipe(secrets, 8 * n * sizeof *secrets);
	if (p.moved != NULL)
		wipe(p.moved, n * sizeof *p.moved);
	permutation_free(p.pi);
	if (points != NULL)
		wipe(points, 7 * n * sizeof *points);
	free(secrets);
	free(e);
	free(points);
	free(p.moved);
	return err;
}

/* ---- verifier ------------------------------------------------------------------ */

struct verifier {
	const struct point *h;
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
chain_holds(const struct verifier *x, size_t n, unsigned threads, int *answer)
{
	struct scalar t, total = SCALAR_ZERO;
	struct point sum[4];
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
	if ((err = point_msm_var(&sum[0], x->chain, x->fold, n, 256, threads)) != OK ||
	    (err = point_msm_var(&sum[1], x->chain2, x->weight, n, 128, threads)) != OK)
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

enum err
shuffle_verify(const struct session *s, const struct point *h, const struct point *key, const struct ciphertext *in,
    const struct ciphertext *out, size_t n, const struct shuffle_proof *files, unsigned threads, struct why *why)
{
	struct verifier x;
	struct point *points = calloc(6 * n + 1, sizeof *points), a, c, d, f1, f2, t, right;
	struct scalar *scalars = calloc(5 * n + 1, sizeof *scalars), product = SCALAR_ONE, minus;
	unsigned ebits = s->ebitlen;
	struct hash seed;
	enum err err = ERR_NOMEM;
	int answer;

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
	if ((err = read_proof(&x, n, files, why)) != OK || (h == NULL && (err = session_generators(points, n, s)) != OK))
		goto done;
	statement_seed(&seed, s, x.h, x.u, key, in, out, n);
	batching(x.e, n, s, &seed);
	challenge(&x.v, s, &seed, &files->commitment);

	/* A = sum e_i u_i;  A: v A + A' = k_A G + sum k_E,i h_i */
	if ((err = point_msm_var(&a, x.u, x.e, n, ebits, threads)) != OK ||
	    (err = point_msm_var(&right, x.h, x.k_e, n, 256, threads)) != OK)
		goto done;
	point_mul_base(&t, &x.k_a);
	point_add(&right, &right, &t);
	if (!equation(&x.v, &a, &x.a1, &right)) {
		err = why_set(why, ERR_PROOF, "equation A of the proof of shuffle does not hold");
		goto done;
	}
	if ((err = chain_holds(&x, n, threads, &answer)) != OK)
		goto done;
	if (!answer) {
		err = why_set(why, ERR_PROOF, "an equation B of the proof of shuffle does not hold");
		goto done;
	}
	/* C = sum u_i - sum h_i;  D = B_{n-1} - (prod e_i) h_0 */
	point_sum(&c, x.u, n);
	point_sum(&t, x.h, n);
	point_neg(&t, &t);
	point_add(&c, &c, &t);
	point_mul_base(&right, &x.k_c);
	if (!equation(&x.v, &c, &x.c1, &right)) {
		err = why_set(why, ERR_PROOF, "equation C of the proof of shuffle does not hold");
		goto done;
	}
	for (size_t i = 0; i < n; i++)
		scalar_mul(&product, &product, &x.e[i]);
	point_mul_var(&t, &x.h[0], &product);
	point_neg(&t, &t);
	point_add(&d, &x.chain[n - 1], &t);
	point_mul_base(&right, &x.k_d);
	if (!equation(&x.v, &d, &x.d1, &right)) {
		err = why_set(why, ERR_PROOF, "equation D of the proof of shuffle does not hold");
		goto done;
	}
	/* F = sum e_i w_i;  v F + F' = sum k_E,i w'_i - k_F pk */
	for (size_t i = 0; i < n; i++) {
		x.one[i] = in[i].c1;
		x.two[i] = in[i].c2;
	}
	if ((err = point_msm_var(&f1, x.one, x.e, n, ebits, threads)) != OK ||
	    (err = point_msm_var(&f2, x.two, x.e, n, ebits, threads)) != OK)
		goto done;
	for (size_t i = 0; i < n; i++) {
		x.one[i] = out[i].c1;
		x.two[i] = out[i].c2;
	}
	scalar_neg(&minus, &x.k_f);
	if ((err = point_msm_var(&right, x.one, x.k_e, n, 256, threads)) != OK)
		goto done;
	point_mul_base(&t, &minus);
	point_add(&right, &right, &t);
	answer = equation(&x.v, &f1, &x.f1, &right);
	if ((err = point_msm_var(&right, x.two, x.k_e, n, 256, threads)) != OK)
		goto done;
	point_mul_var(&t, key, &minus);
	point_add(&right, &right, &t);
	answer &= equation(&x.v, &f2, &x.f2, &right);
	err = answer ? OK : why_set(why, ERR_PROOF, "equation F of the proof of shuffle does not hold");
done:
	free(points);
	free(scalars);
	return err;
}
