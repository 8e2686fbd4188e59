#include "verifier/show_cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/bytetree.h"
#include "crypto/tile.h"
#include "election/json.h"
#include "verifier/cmd.h"
#include "verifier/options.h"

enum { DEEPEST = 16 };

static void
put_hex(const char *what, const uint8_t *p, size_t n)
{
	(void)printf("%s", what);
	for (size_t i = 0; p != NULL && i < n; i++)
		(void)printf("%02x", p[i]);
}

static void
put_line(const char *what, const uint8_t *p, size_t n)
{
	put_hex(what, p, n);
	(void)printf("\n");
}

static enum err
show_ballot(void *ctx, const uint8_t *p, size_t n)
{
	struct ballot *b = ctx;

	if (ballot_read(b, p, n) != OK)
		return ERR_FORMAT;
	put_hex("ballot of election ", b->election.b, HASH_BYTES);
	put_hex("\n  one-time key ", b->key, sizeof b->key);
	(void)printf("\n  style %u, %u contests, %u tokens, %zu bytes\n", b->style, b->contests, b->signatures, n);
	return OK;
}

/* What would change the terminal or the text around it (text_disturbs) is shown as '?', and so is each byte above 0x7f of what is not UTF-8. */
static enum err
show_text(void *ctx, const uint8_t *p, size_t n)
{
	int text = utf8_valid(p, n);
	struct buf b = {0};
	uint32_t c;

	(void)ctx;
	buf_put(&b, p, n);
	buf_u8(&b, '\0');
	if (b.failed)
		return ERR_NOMEM;
	for (size_t i = 0, k; i < n; i += k > 0 ? k : 1) {
		k = b.p[i] == '\0' || (!text && b.p[i] > 0x7f) ? 1 : b.p[i] == '\n' || b.p[i] == '\t' ? 0 : text_disturbance((const char *)b.p + i, &c);
		memset(b.p + i, '?', k);
	}
	(void)fwrite(b.p, 1, n, stdout);
	buf_free(&b);
	return OK;
}

/* Entries of `events` are text, those of `ballots` are ballots. */
static enum err
show_bundle(const struct buf *b, const char *path)
{
	const char *part = strstr(path, ".p/");
	struct ballot *ballot = calloc(1, sizeof *ballot);
	enum err e = ballot != NULL ? bundle_read(b->p, b->n, part != NULL ? (unsigned)atoi(part + 3) : TILE_WIDTH,
					  strstr(path, "ballots/tile/") != NULL ? show_ballot : show_text, ballot)
				    : ERR_NOMEM;

	free(ballot);
	return e;
}

static enum err
show_tile(const struct buf *b, const char *path)
{
	(void)path;
	for (size_t i = 0; i + HASH_BYTES <= b->n; i += HASH_BYTES)
		put_line("", b->p + i, HASH_BYTES);
	return b->n % HASH_BYTES == 0 ? OK : ERR_LENGTH;
}

/* spec/roll.md */
static enum err
show_roll(const struct buf *b, const char *path)
{
	struct rd r = rd_init(b->p, b->n);
	unsigned version = rd_u8(&r);
	uint32_t n;

	(void)path;
	put_line("roll of the call ", rd_take(&r, HASH_BYTES), HASH_BYTES);
	put_line("styles ", rd_take(&r, HASH_BYTES), HASH_BYTES);
	n = rd_u32(&r);
	for (uint32_t i = 0; i < n && !r.failed; i++) {
		const uint8_t *key = rd_take(&r, 32);

		(void)printf("%" PRIu32 ": style %u", i, rd_u16(&r));
		put_hex(", credential ", key, 32);
		put_line(", commitment ", rd_take(&r, HASH_BYTES), HASH_BYTES);
	}
	return version == 1 ? rd_done(&r) : ERR_FORMAT;
}

static enum err
show_authorization(void *ctx, uint32_t index, const struct list_row *row)
{
	struct hash h;

	(void)ctx;
	if (!row->present)
		return OK;
	sha256(&h, row->request, row->request_n);
	(void)printf("%" PRIu32 ": request of %zu bytes", index, row->request_n);
	put_hex(", SHA-256 ", h.b, HASH_BYTES);
	(void)printf(", answers of");
	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		if (row->answers >> a & 1)
			(void)printf(" %u", a + 1);
	(void)printf("\n");
	return OK;
}

/* spec/vote.md#lists */
static enum err
show_authorizations(const struct buf *b, const char *path)
{
	struct rd r = rd_init(b->p, b->n);
	struct why why = {""};
	struct hash election = {{0}};
	unsigned version = rd_u8(&r), a, of;
	uint32_t n;

	(void)path;
	rd_copy(&r, election.b, HASH_BYTES);
	a = rd_u8(&r);
	of = rd_u8(&r);
	n = rd_u32(&r);
	if (r.failed || version != 1 || of > MAX_AUTHORIZERS)
		return ERR_FORMAT;
	put_hex("election ", election.b, HASH_BYTES);
	(void)printf("\nauthorizer %u of %u, %" PRIu32 " roll indices\n", a, of, n);
	return list_read(b->p, b->n, &election, a, of, n, show_authorization, NULL, &why);
}

static enum err
show_confirmation(void *ctx, uint32_t index, const uint8_t *sig)
{
	(void)ctx;
	if (sig == NULL)
		return OK;
	(void)printf("%" PRIu32, index);
	put_line(": confirmed, signature ", sig, 64);
	return OK;
}

static enum err
show_confirmations(const struct buf *b, const char *path)
{
	struct rd r = rd_init(b->p, b->n);
	struct why why = {""};
	struct hash election = {{0}};
	uint32_t n;

	(void)path;
	(void)rd_u8(&r);
	rd_copy(&r, election.b, HASH_BYTES);
	n = rd_u32(&r);
	if (r.failed)
		return ERR_LENGTH;
	put_hex("election ", election.b, HASH_BYTES);
	(void)printf("\n%" PRIu32 " roll indices\n", n);
	return confirmations_read(b->p, b->n, &election, n, show_confirmation, NULL, &why);
}

/* spec/vote.md#encrypted-votes */
static enum err
show_encrypted_votes(const struct buf *b, const char *path)
{
	struct rd r = rd_init(b->p, b->n);
	struct ballot *ballot = calloc(1, sizeof *ballot);
	unsigned version = rd_u8(&r);
	enum err e = ballot == NULL ? ERR_NOMEM : version == 1 ? OK : ERR_FORMAT;
	uint64_t n;

	(void)path;
	put_line("election ", rd_take(&r, HASH_BYTES), HASH_BYTES);
	n = rd_u64(&r);
	(void)printf("%" PRIu64 " ballots\n", n);
	for (uint64_t i = 0; i < n && e == OK; i++) {
		uint32_t size = rd_u32(&r);
		const uint8_t *p = rd_take(&r, size);

		e = p != NULL ? show_ballot(ballot, p, size) : ERR_LENGTH;
	}
	free(ballot);
	return e == OK ? rd_done(&r) : e;
}

static void
show_tree(struct rd *r, unsigned depth)
{
	unsigned leaf = rd_u8(r);
	uint32_t n = rd_u32(r);

	if (leaf > 1 || depth > DEEPEST)
		r->failed = 1;
	if (r->failed)
		return;
	(void)printf("%*s", (int)(2 * depth), "");
	if (leaf)
		put_line("", rd_take(r, n), n);
	else
		(void)printf("node of %" PRIu32 "\n", n);
	for (uint32_t i = 0; !leaf && i < n && !r->failed; i++)
		show_tree(r, depth + 1);
}

/* spec/mixnet.md: a byte tree, leaves in hex. */
static enum err
show_byte_tree(const struct buf *b, const char *path)
{
	struct rd r = rd_init(b->p, b->n);

	(void)path;
	if (bt_ciphertexts_count(b->n) > 0)
		(void)printf("a list of %zu ciphertexts: first all c1, then all c2, each as x and y\n", bt_ciphertexts_count(b->n));
	show_tree(&r, 0);
	return rd_done(&r);
}

/* By where a file stands in a record. */
static const struct place {
	const char *folder, *end; /* in its path, or NULL; at its end, or NULL */
	enum err (*show)(const struct buf *b, const char *path);
} places[] = {
    {"/tile/entries/", NULL, show_bundle},
    {"/tile/", NULL, show_tile},
    {NULL, ".bt", show_byte_tree},
    {NULL, "encrypted-votes.bin", show_encrypted_votes},
    {NULL, "confirmations", show_confirmations},
    {NULL, "roll", show_roll},
    {"authorizations/", NULL, show_authorizations},
};

static int
stands_there(const struct place *p, const char *path)
{
	size_t n = strlen(path), end = p->end != NULL ? strlen(p->end) : 0;

	return (p->folder == NULL || strstr(path, p->folder) != NULL) && n >= end && (end == 0 || strcmp(path + n - end, p->end) == 0);
}

static enum err
show(const struct buf *b, const char *path)
{
	struct ballot *ballot;
	struct hash h;
	enum err e;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (stands_there(&places[i], path))
			return places[i].show(b, path);
	if (utf8_valid(b->p, b->n))
		return show_text(NULL, b->p, b->n);
	if ((ballot = calloc(1, sizeof *ballot)) == NULL)
		return ERR_NOMEM;
	if ((e = show_ballot(ballot, b->p, b->n)) != OK) {
		sha256(&h, b->p, b->n);
		(void)printf("%zu bytes", b->n);
		put_line(", SHA-256 ", h.b, HASH_BYTES);
	}
	free(ballot);
	return OK;
}

int
cmd_show(int argc, char **argv)
{
	const char *file = word(argc, argv);
	struct buf b = {0};
	struct why why = {""};
	enum err e;

	if (file == NULL)
		return -1;
	if (file_read(&b, file, 1 << 30, &why) != OK)
		return cannot(&why);
	/* a note beside a file of such a place is text */
	e = strlen(file) > 5 && strcmp(file + strlen(file) - 5, ".note") == 0 ? show_text(NULL, b.p, b.n) : show(&b, file);
	buf_free(&b);
	if (e != OK)
		(void)fprintf(stderr, "urna-verify: %s: not in the form that its place in a record asks for\n", file);
	return e == OK ? 0 : e == ERR_NOMEM ? 2 : 1;
}
