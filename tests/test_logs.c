/* tests/test_logs.c - crypto/{merkle,note,checkpoint,tile}.c
 *
 * Goal    trees, proofs, notes and tiles agree with the standards, and nothing
 *         altered is accepted.
 * Method  every size up to 300 and every pair against a naive recursive tree; flipped bits, all of them with EVERY_BIT=1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <zlib.h>

#include "api/gzip.h"
#include "crypto/tile.h"

enum { MOST = 300 };
static struct hash leaves[MOST];

/* RFC 6962 section 2.1, word for word. */
static struct hash
naive(size_t begin, size_t end)
{
	struct hash l, r, out;
	size_t k = 1;

	if (end == begin) {
		empty_root(&out);
		return out;
	}
	if (end - begin == 1)
		return leaves[begin];
	while (k * 2 < end - begin)
		k *= 2;
	l = naive(begin, begin + k);
	r = naive(begin + k, end);
	node_hash(&out, &l, &r);
	return out;
}

static enum err
naive_node(void *ctx, unsigned level, uint64_t index, struct hash *out)
{
	static struct hash known[10][MOST];
	static uint8_t is_known[10][MOST];

	(void)ctx;
	if (!is_known[level][index]) {
		known[level][index] = naive(index << level, (index + 1) << level);
		is_known[level][index] = 1;
	}
	*out = known[level][index];
	return OK;
}

static const struct node_source source = {NULL, naive_node, NULL};
static struct range_memo memo; /* of whichever size was asked for last */
static const struct node_source remembering = {NULL, naive_node, &memo};

static int
make_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++)
		leaf_hash(&leaves[i], &i, sizeof i);
	return 0;
}

static void
known_roots(void **state)
{
	/* Certificate Transparency's test tree: entries "", 00, 10 (roots as published with RFC 6962's reference code) */
	static const char *const want[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"};
	static const char *const entries[] = {"", "\x00", "\x10"};
	struct frontier f = {0};
	char hex[65];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hash h;

		leaf_hash(&h, entries[i], i == 0 ? 0 : 1);
		frontier_append(&f, &h);
		frontier_root(&h, &f);
		hash_hex(hex, &h);
		assert_string_equal(hex, want[i]);
	}
}

static void
every_size(void **state)
{
	static struct hash roots[MOST + 1];
	struct frontier f = {0};

	(void)state;
	for (uint64_t size = 0; size <= MOST; size++)
		roots[size] = naive(0, size);
	for (uint64_t size = 0; size <= MOST; size++) {
		struct hash root = roots[size], got, path[MERKLE_MAX_PATH];
		size_t n;

		frontier_root(&got, &f);
		assert_true(hash_equal(&root, &got));
		assert_int_equal(tree_root(&got, size, &source), OK);
		assert_true(hash_equal(&root, &got));
		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(inclusion_path(path, &n, i, size, i % 3 == 0 ? &source : &remembering), OK);
			assert_int_equal(inclusion_check(i, size, &leaves[i], path, n, &root), OK);
			assert_int_not_equal(inclusion_check(i, size, &leaves[(i + 1) % MOST], path, n, &root), OK);
			assert_int_equal(inclusion_check(i, size, &leaves[i], path, n + 1, &root), ERR_LENGTH);
			if (n > 0) {
				assert_int_equal(inclusion_check(i, size, &leaves[i], path, n - 1, &root), ERR_LENGTH);
				path[i % n].b[i % 32] ^= (uint8_t)(1u << i % 8);
				assert_int_equal(inclusion_check(i, size, &leaves[i], path, n, &root), ERR_PROOF);
			}
		}
		assert_int_equal(inclusion_check(size, size, &leaves[0], path, 0, &root), ERR_RANGE);
		for (uint64_t old = 0; old <= size; old++) {
			struct hash before = roots[old];

			assert_int_equal(consistency_path(path, &n, old, size, &source), OK);
			assert_int_equal(consistency_check(old, size, path, n, &before, &root), OK);
			assert_int_equal(consistency_check(old, size, path, n + 1, &before, &root), ERR_LENGTH);
			if (old > 0) {
				before.b[0] ^= 1;
				assert_int_equal(consistency_check(old, size, path, n, &before, &root), ERR_PROOF);
				before.b[0] ^= 1;
			}
			if (n > 0) {
				path[old % n].b[old % 32] ^= 1;
				assert_int_equal(consistency_check(old, size, path, n, &before, &root), ERR_PROOF);
			}
		}
		if (size < MOST)
			frontier_append(&f, &leaves[size]);
	}
}

static enum err
drop_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct hash want;

	(void)ctx;
	if (level == TILE_ENTRIES)
		return OK;
	assert_int_equal(n, width * HASH_BYTES);
	for (uint64_t i = 0; i < width; i++) {
		uint64_t leaf = (index * TILE_WIDTH + i) << (8 * level);

		want = naive(leaf, leaf + ((uint64_t)1 << (8 * level)));
		assert_memory_equal((const uint8_t *)p + i * HASH_BYTES, want.b, HASH_BYTES);
	}
	return OK;
}

/* The tiles of every size, full and partial, and the tree taken up again from the growing ones. */
static void
every_tile(void **state)
{
	struct tile_builder *b = calloc(1, sizeof *b), *again = calloc(1, sizeof *b);
	struct hash root, got;

	(void)state;
	assert_non_null(b);
	assert_non_null(again);
	b->emit = drop_tile;
	for (uint64_t size = 0; size < MOST; size++) {
		root = naive(0, size);
		frontier_root(&got, &b->frontier);
		assert_memory_equal(root.b, got.b, HASH_BYTES);
		*again = *b;
		assert_int_equal(tile_builder_finish(again), OK);
		memset(&again->frontier, 0, sizeof again->frontier);
		tile_builder_resume(again, size);
		frontier_root(&got, &again->frontier);
		assert_memory_equal(root.b, got.b, HASH_BYTES);
		assert_int_equal(tile_builder_leaf(b, &leaves[size]), OK);
	}
	free(b);
	free(again);
}

/* EVERY_BIT=1: each bit of everything below (some minutes). Else all of the small trees, and of the others some bits of
 * each hash of each proof, other ones in the next proof. */
static size_t
stride(size_t otherwise)
{
#ifdef __SANITIZE_ADDRESS__
	otherwise = 16 * otherwise + 1;
#endif
	return getenv("EVERY_BIT") != NULL ? 1 : otherwise;
}

enum { SMALL = 16 };

/* Every proof of every size: no bit of it, of the heads or of the leaf may change. */
static void
every_bit(void **state)
{
	size_t flips = 0, at = 0;

	(void)state;
	for (uint64_t size = 1; size <= MOST; size++) {
		struct hash path[MERKLE_MAX_PATH + 2], root = naive(0, size);
		size_t step = size <= SMALL ? 1 : stride(149), n;

		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(inclusion_path(path, &n, i, size, &source), OK);
			path[n] = root;
			path[n + 1] = leaves[i];
			for (at %= step; at < (n + 2) * 256; at += step, flips++) {
				path[at / 256].b[at / 8 % 32] ^= (uint8_t)(1u << at % 8);
				assert_int_equal(inclusion_check(i, size, &path[n + 1], path, n, &path[n]), ERR_PROOF);
				path[at / 256].b[at / 8 % 32] ^= (uint8_t)(1u << at % 8);
			}
		}
		for (uint64_t old = 1; old <= size; old++) {
			assert_int_equal(consistency_path(path, &n, old, size, &source), OK);
			path[n] = root;
			path[n + 1] = naive(0, old);
			for (at %= step; at < (n + 2) * 256; at += step, flips++) {
				path[at / 256].b[at / 8 % 32] ^= (uint8_t)(1u << at % 8);
				assert_int_equal(consistency_check(old, size, path, n, &path[n + 1], &path[n]), ERR_PROOF);
				path[at / 256].b[at / 8 % 32] ^= (uint8_t)(1u << at % 8);
			}
		}
	}
	print_message("%zu bits of proofs flipped, %s\n", flips, stride(0) == 1 ? "all there are" : "EVERY_BIT=1 flips all");
}

static void
paths(void **state)
{
	static const char *const bad[] = {"tile/0/1", "tile/0/0001", "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256",
	    "tile/0/001.p/01", "tile/64/000", "tile/00/000", "tile/0/x001/", "tile/0/001/", "tile//001", "tile/-1/000", "tile/0/001.p/7x"};
	char out[64];
	int level;
	uint64_t index;
	unsigned width;

	(void)state;
	tile_path(out, 0, 1234067, 256);
	assert_string_equal(out, "tile/0/x001/x234/067");
	tile_path(out, TILE_ENTRIES, 0, 3);
	assert_string_equal(out, "tile/entries/000.p/3");
	assert_int_equal(tile_path_read("tile/2/x001/x234/067.p/255", &level, &index, &width), OK);
	assert_int_equal(level, 2);
	assert_int_equal(index, 1234067);
	assert_int_equal(width, 255);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (tile_path_read(bad[i], &level, &index, &width) == OK)
			fail_msg("accepted: %s", bad[i]);
	assert_true(tile_path_expected("tile/0/000.p/5", 5));
	assert_false(tile_path_expected("tile/0/000.p/4", 5));
	assert_true(tile_path_expected("tile/1/000.p/1", 256));
	assert_false(tile_path_expected("tile/1/000.p/1", 255));
	assert_true(tile_path_expected("tile/entries/000", 256));
}

static void
notes(void **state)
{
	/* Example note of the Go checksum database's documentation and key shapes of C2SP: name+hash+key */
	static const char *const bad_keys[] = {"x", "a+b", "a+00000000+AQ==", "a b+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"};
	uint8_t seed[32] = {1};
	struct signer s;
	struct vkey k;
	struct buf b = {0};
	struct note note;
	char text[256];

	(void)state;
	assert_int_equal(vkey_read(&k, "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NULL), OK);
	for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++)
		assert_int_not_equal(vkey_read(&k, bad_keys[i], NULL), OK);
	assert_int_equal(signer_of_seed(&s, "who is", seed), ERR_RANGE);
	assert_int_equal(signer_of_seed(&s, "example.com/log", seed), OK);
	assert_int_equal(note_sign(&b, "no newline", 10, &s), ERR_FORMAT);
	assert_int_equal(note_sign(&b, "one\n\ntwo\n", 9, &s), OK);
	assert_int_equal(note_sign(&b, "one\n\ntwo\n", 9, &s), OK);
	assert_int_equal(note_read(&note, b.p, b.n, NULL), OK);
	assert_int_equal(note.signatures, 2);
	assert_int_equal(note.text_n, 9);
	assert_int_equal(vkey_make(&k, s.name, NOTE_ED25519, s.key), OK);
	assert_int_equal(note_verify(&note, &k), OK);
	vkey_write(text, &k);
	assert_int_equal(vkey_read(&k, text, NULL), OK);
	for (size_t i = 0; i < b.n * 8; i++) { /* no altered note has our signature on the same text */
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (note_read(&note, b.p, b.n, NULL) == OK && note_verify(&note, &k) == OK)
			assert_true(i / 8 >= 10); /* only the other of the two signature lines may be damaged into another's */
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf_free(&b);
	signer_close(&s);
}

/* Append a line by somebody whose name has `name_n` bytes and whose signature has `n`. */
static void
line_of(struct buf *note, size_t name_n, size_t n)
{
	uint8_t *blob = calloc(1, n + 4);
	char *text = malloc(4 * (n + 6) / 3 + 4);

	assert_true(blob != NULL && text != NULL);
	base64_encode(text, blob, n + 4);
	buf_str(note, "\xe2\x80\x94 ");
	for (size_t i = 0; i < name_n; i++)
		buf_u8(note, 'x');
	buf_str(note, " ");
	buf_str(note, text);
	buf_str(note, "\n");
	free(blob);
	free(text);
}

/* Whoever else signed, with whatever algorithm: nobody's business, within the bounds of the note. */
static void
unknown_signers(void **state)
{
	static const struct {
		size_t name_n, n;
		enum err want;
	} lines[] = {{127, 64, OK}, {128, 64, OK}, {5000, 64, OK}, {1, 1, OK}, {1, 0, ERR_FORMAT}, {0, 64, ERR_FORMAT}, {1, 5120, OK}, {1, 5121, OK}, {300, 50000, OK}, {1, 760000, ERR_FORMAT}};
	uint8_t seed[32] = {1};
	struct signer s;
	struct vkey k;
	struct note note;

	(void)state;
	assert_int_equal(signer_of_seed(&s, "x", seed), OK);
	assert_int_equal(vkey_make(&k, s.name, NOTE_ED25519, s.key), OK);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct buf b = {0};

		buf_str(&b, "text\n\n");
		line_of(&b, lines[i].name_n, lines[i].n);
		assert_int_equal(note_sign(&b, "text\n", 5, &s), OK);
		assert_int_equal(note_read(&note, b.p, b.n, NULL), lines[i].want);
		if (lines[i].want == OK)
			assert_int_equal(note_verify(&note, &k), OK);
		if (lines[i].n > 5000 && lines[i].want == OK) { /* padding inside ends it, and nothing comes after */
			b.p[b.n / 2 - b.n / 2 % 4] = '=';
			assert_int_equal(note_read(&note, b.p, b.n, NULL), ERR_FORMAT);
		}
		buf_free(&b);
	}
	for (size_t n = 1; n <= 200; n++) { /* under a known name and id every length but its own is false */
		struct buf b = {0};
		struct note_signature one;
		struct vkey zero = k;

		buf_str(&b, "text\n\n");
		line_of(&b, 1, n);
		assert_int_equal(note_read(&note, b.p, b.n, NULL), OK);
		assert_int_equal(note_signature(&note, 0, &one), OK);
		assert_int_equal(one.n, n);
		assert_int_equal(one.line_n, b.n - 6);
		assert_false(note_signature_by(&one, &k));
		memset(zero.id, 0, 4);
		assert_true(note_signature_by(&one, &zero));
		assert_int_equal(note_verify(&note, &zero), ERR_PROOF);
		buf_free(&b);
	}
	signer_close(&s);
}

/* Not 0, not beyond 2^63 - 1, by whatever key it is truly signed. */
static void
cosignature_times(void **state)
{
	static const uint64_t bad[] = {0, (uint64_t)INT64_MAX + 1, UINT64_MAX}, good[] = {1, 1000, INT64_MAX};
	uint8_t seed[32] = {4};
	struct signer log, witness;
	struct vkey k;
	struct head head = {.size = 77};
	struct buf own = {0}, text = {0};
	uint64_t time;
	size_t count;

	(void)state;
	head.root = naive(0, 77);
	assert_int_equal(signer_of_seed(&log, "urna.example/ballots", seed), OK);
	seed[1] = 1;
	assert_int_equal(signer_of_seed(&witness, "testigo", seed), OK);
	assert_int_equal(vkey_make(&k, witness.name, NOTE_COSIGNATURE, witness.key), OK);
	assert_int_equal(checkpoint_sign(&own, &head, &log), OK);
	checkpoint_body(&text, log.name, &head);
	for (size_t i = 0; i < 6; i++) {
		uint64_t t = i < 3 ? bad[i] : good[i - 3];
		struct buf note = {0}, signed_text = {0}, again = {0};
		struct note parts;
		uint8_t sig[72];

		for (int b = 0; b < 8; b++)
			sig[b] = (uint8_t)(t >> (56 - 8 * b));
		buf_printf(&signed_text, "cosignature/v1\ntime %llu\n", (unsigned long long)t);
		buf_put(&signed_text, text.p, text.n);
		assert_int_equal(witness.sign(witness.ctx, sig + 8, signed_text.p, signed_text.n), OK);
		buf_put(&note, own.p, own.n);
		note_line(&note, k.name, k.id, sig, sizeof sig);
		assert_int_equal(note_read(&parts, note.p, note.n, NULL), OK);
		assert_int_equal(checkpoint_cosigned(&time, &parts, &k), i < 3 ? ERR_PROOF : OK);
		assert_int_equal(checkpoint_cosigners(&count, note.p, note.n, &k, 1, NULL), i < 3 ? ERR_PROOF : OK);
		if (i >= 3)
			assert_true(time == t && count == 1);
		buf_put(&again, own.p, own.n);
		assert_int_equal(checkpoint_cosign(&again, t, &witness), i < 3 ? ERR_RANGE : OK);
		assert_int_equal(again.n, i < 3 ? own.n : note.n);
		buf_free(&note);
		buf_free(&signed_text);
		buf_free(&again);
	}
	buf_free(&own);
	buf_free(&text);
	signer_close(&log);
	signer_close(&witness);
}

static enum err
emit_file(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	char path[64], full[256], dir[256];

	tile_path(path, level, index, width);
	(void)snprintf(full, sizeof full, "%s/%s", (const char *)ctx, path);
	(void)snprintf(dir, sizeof dir, "%s", full);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(dir_make(dir, NULL), OK);
	return file_write(full, p, n, 0644, NULL);
}

static enum err
count_entry(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf)
{
	(void)leaf;
	assert_int_equal(n, sizeof index);
	assert_memory_equal(entry, &index, n);
	++*(uint64_t *)ctx;
	return OK;
}

/* A published log in memory. */
struct file {
	char path[64];
	struct buf bytes;
};
struct memory {
	struct file file[8];
	size_t files;
};

static enum err
keep_file(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct memory *m = ctx;
	struct file *f = &m->file[m->files++];

	assert_true(m->files <= sizeof m->file / sizeof *m->file);
	tile_path(f->path, level, index, width);
	buf_put(&f->bytes, p, n);
	return OK;
}

static enum err
memory_read(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	const struct memory *m = ctx;

	(void)max;
	for (size_t i = 0; i < m->files; i++)
		if (strcmp(m->file[i].path, path) == 0) {
			buf_put(out, m->file[i].bytes.p, m->file[i].bytes.n);
			return OK;
		}
	return why_set(why, ERR_ABSENT, "%s", path);
}

/* Every byte (EVERY_BIT: every bit) of every tile and bundle of a log, and every bit of its head. */
static void
changed_logs(void **state)
{
	struct tile_builder *b = calloc(1, sizeof *b);
	struct memory m = {.files = 0};
	struct file_source src = {.ctx = &m, .read = memory_read};
	struct head head;
	size_t flips = 0;

	(void)state;
	b->ctx = &m;
	b->emit = keep_file;
	for (uint64_t i = 0; i < MOST; i++)
		assert_int_equal(tile_builder_add(b, &i, sizeof i, NULL), OK);
	assert_int_equal(tile_builder_finish(b), OK);
	assert_int_equal(m.files, 5);
	head.size = b->frontier.size;
	frontier_root(&head.root, &b->frontier);
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, NULL), OK);
	for (size_t f = 0; f < m.files; f++)
		for (size_t bit = 0, step = stride(9); bit < 8 * m.file[f].bytes.n; bit += step, flips++) {
			m.file[f].bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (log_read(&src, "", &head, NULL, NULL, NULL) == OK)
				fail_msg("bit %zu of %s may be flipped", bit, m.file[f].path);
			m.file[f].bytes.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	for (size_t bit = 0; bit < 256; bit++) {
		head.root.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(log_read(&src, "", &head, NULL, NULL, NULL), ERR_PROOF);
		head.root.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (unsigned bit = 0; bit < 64; bit++) { /* another size: other files, other trees */
		head.size ^= (uint64_t)1 << bit;
		assert_int_not_equal(log_read(&src, "", &head, NULL, NULL, NULL), OK);
		head.size ^= (uint64_t)1 << bit;
	}
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, NULL), OK);
	print_message("%zu bits of tiles and bundles flipped\n", flips);
	for (size_t f = 0; f < m.files; f++)
		buf_free(&m.file[f].bytes);
	tile_builder_free(b);
	free(b);
}

static void
flip(const char *dir, const char *path)
{
	char full[256];
	FILE *f;
	int c;

	(void)snprintf(full, sizeof full, "%s/%s", dir, path);
	assert_non_null(f = fopen(full, "r+b"));
	c = fgetc(f);
	rewind(f);
	fputc(c ^ 1, f);
	fclose(f);
}

static void
whole_logs(void **state)
{
	char dir[] = "/tmp/urna-test-XXXXXX", cmd[64];
	struct tile_builder *b = calloc(1, sizeof *b);
	struct file_source src = source_dir(dir);
	struct head head;
	uint64_t seen = 0;
	struct why why;

	(void)state;
	assert_non_null(mkdtemp(dir));
	b->ctx = dir;
	b->emit = emit_file;
	for (uint64_t i = 0; i < 600; i++)
		assert_int_equal(tile_builder_add(b, &i, sizeof i, NULL), OK);
	assert_int_equal(tile_builder_finish(b), OK);
	head.size = b->frontier.size;
	frontier_root(&head.root, &b->frontier);
	assert_int_equal(log_read(&src, "", &head, count_entry, &seen, &why), OK);
	assert_int_equal(seen, 600);
	head.root.b[5] ^= 1;
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, &why), ERR_PROOF);
	head.root.b[5] ^= 1;
	flip(dir, "tile/1/000.p/2");
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, &why), ERR_PROOF);
	flip(dir, "tile/1/000.p/2");
	flip(dir, "tile/entries/001");
	assert_int_not_equal(log_read(&src, "", &head, NULL, NULL, &why), OK);
	flip(dir, "tile/entries/001");
	head.size = 601;
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, &why), ERR_ABSENT);
	(void)snprintf(cmd, sizeof cmd, "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
	free(b);
}

static void
receipts(void **state)
{
	uint8_t seed[32] = {2};
	struct signer s;
	struct vkey k;
	struct head head = {.size = 77}, got;
	struct buf cp = {0}, out = {0};
	struct receipt r;
	struct hash path[MERKLE_MAX_PATH];
	size_t n;

	(void)state;
	head.root = naive(0, 77);
	assert_int_equal(signer_of_seed(&s, "urna.example/ballots", seed), OK);
	assert_int_equal(vkey_make(&k, s.name, NOTE_ED25519, s.key), OK);
	assert_int_equal(checkpoint_sign(&cp, &head, &s), OK);
	assert_int_equal(checkpoint_open(&got, cp.p, cp.n, &k, NULL), OK);
	assert_int_equal(inclusion_path(path, &n, 33, 77, &source), OK);
	receipt_write(&out, 33, path, n, cp.p, cp.n);
	assert_int_equal(receipt_read(&r, out.p, out.n, NULL), OK);
	assert_int_equal(receipt_verify(&r, &leaves[33], &k, &got, NULL), OK);
	assert_int_not_equal(receipt_verify(&r, &leaves[34], &k, &got, NULL), OK);
	for (size_t i = 0; i < out.n * 8; i++) { /* every bit counts */
		out.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (receipt_read(&r, out.p, out.n, NULL) == OK && receipt_verify(&r, &leaves[33], &k, &got, NULL) == OK)
			fail_msg("bit %zu may be flipped", i);
		out.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf_free(&cp);
	buf_free(&out);
	signer_close(&s);
}

/* One line a key, of a cosigner its newest; strangers' lines are not kept. */
static void
kept_lines(void **state)
{
	static const uint64_t times[] = {7, 1000, 999}; /* 1000 > 999 > 7, by number */
	struct signer log, witness;
	struct vkey k[3];
	struct head head = {.size = 77};
	struct buf own = {0}, note = {0}, out = {0};
	uint8_t seed[32] = {3}, sig[64] = {0};
	struct note parts;
	uint64_t time;

	(void)state;
	head.root = naive(0, 77);
	assert_int_equal(signer_of_seed(&log, "urna.example/ballots", seed), OK);
	seed[0] = 4;
	assert_int_equal(signer_of_seed(&witness, "testigo", seed), OK);
	assert_int_equal(vkey_make(&k[0], witness.name, NOTE_COSIGNATURE, witness.key), OK);
	assert_int_equal(vkey_make(&k[1], log.name, NOTE_ED25519, log.key), OK);
	assert_int_equal(vkey_make(&k[2], "nobody", NOTE_ED25519, log.key), OK);
	assert_int_equal(checkpoint_sign(&own, &head, &log), OK);
	buf_put(&note, own.p, own.n);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		assert_int_equal(checkpoint_cosign(&note, times[i], &witness), OK);
		note_line(&note, "stranger", k[1].id, sig, sizeof sig);
		assert_int_equal(note_read(&parts, own.p, own.n, NULL), OK);
		buf_put(&note, parts.lines, parts.lines_n);
	}
	assert_int_equal(note_read(&parts, note.p, note.n, NULL), OK);
	assert_int_equal(parts.signatures, 10);
	note_keep(&out, &parts, k, 3);
	assert_int_equal(note_read(&parts, out.p, out.n, NULL), OK);
	assert_int_equal(parts.signatures, 2);
	assert_int_equal(note_verify(&parts, &k[1]), OK);
	assert_int_equal(checkpoint_cosigned(&time, &parts, &k[0]), OK);
	assert_int_equal(time, 1000);
	buf_free(&own);
	buf_free(&note);
	buf_free(&out);
	signer_close(&log);
	signer_close(&witness);
}

/* However many witnesses cosigned, and in whatever order: the log's own line alone is what it was. */
static void
bare(void **state)
{
	uint8_t seed[32] = {3};
	struct signer log, witness;
	struct vkey k;
	struct head head = {.size = 77};
	struct buf own = {0}, note = {0}, out = {0};
	char name[20];

	(void)state;
	head.root = naive(0, 77);
	assert_int_equal(signer_of_seed(&log, "urna.example/ballots", seed), OK);
	assert_int_equal(vkey_make(&k, log.name, NOTE_ED25519, log.key), OK);
	assert_int_equal(checkpoint_sign(&own, &head, &log), OK);
	buf_put(&note, own.p, own.n);
	for (int i = 0; i < 32; i++) {
		(void)snprintf(name, sizeof name, "testigo-%d", i);
		seed[1] = (uint8_t)(i + 1);
		assert_int_equal(signer_of_seed(&witness, name, seed), OK);
		assert_int_equal(checkpoint_cosign(&note, 1000, &witness), OK);
		signer_close(&witness);
	}
	assert_true(note.n > 2047);
	assert_int_equal(checkpoint_bare(&out, note.p, note.n, &k, NULL), OK);
	assert_int_equal(out.n, own.n);
	assert_memory_equal(out.p, own.p, own.n);
	k.id[0] ^= 1;
	assert_int_equal(checkpoint_bare(&out, note.p, note.n, &k, NULL), ERR_ABSENT);
	buf_free(&own);
	buf_free(&note);
	buf_free(&out);
	signer_close(&log);
}

static void
packed(void **state)
{
	static const char *const yes[] = {"gzip", "deflate, gzip", "br;q=1, GZIP ; q=0.5", "x-gzip"}, *const no[] = {"", "br", "gzip;q=0", "deflate, gzip; q=0.000", "gzipped", "*;q=0"};
	struct buf b = {0};
	uint8_t back[5000], noise[300];
	z_stream z = {0};

	(void)state;
	assert_false(gzip_accepted(NULL));
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(gzip_accepted(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(gzip_accepted(no[i]));
	assert_int_equal(gzip_pack(&b), 0);
	for (int i = 0; i < 1000; i++)
		buf_str(&b, "voto,");
	assert_int_equal(gzip_pack(&b), 1);
	assert_true(b.n < 200);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = b.p;
	z.avail_in = (unsigned)b.n;
	z.next_out = back;
	z.avail_out = sizeof back;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, sizeof back);
	assert_memory_equal(back + 4995, "voto,", 5);
	(void)inflateEnd(&z);
	random_bytes(noise, sizeof noise); /* what does not get shorter stays as it is */
	buf_free(&b);
	buf_put(&b, noise, sizeof noise);
	assert_int_equal(gzip_pack(&b), 0);
	assert_int_equal(b.n, sizeof noise);
	assert_memory_equal(b.p, noise, sizeof noise);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_roots),
	    cmocka_unit_test(every_size),
	    cmocka_unit_test(every_tile),
	    cmocka_unit_test(every_bit),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(notes),
	    cmocka_unit_test(unknown_signers),
	    cmocka_unit_test(cosignature_times),
	    cmocka_unit_test(whole_logs),
	    cmocka_unit_test(changed_logs),
	    cmocka_unit_test(receipts),
	    cmocka_unit_test(kept_lines), cmocka_unit_test(bare),
	    cmocka_unit_test(packed),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
