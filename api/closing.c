/* api/closing.c - what is written when the box closes, and the close entry that names it. */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its last piece; or, after an error, the file is not made. */
static enum err
end_file(struct outfile *f, struct buf *piece, enum err e, struct digests *digests, struct why *why)
{
	outfile_put(f, piece->p, piece->n);
	if (e == OK && piece->failed)
		e = ERR_NOMEM;
	if (e == OK)
		e = outfile_close(f, digests, why);
	else
		outfile_drop(f);
	buf_free(piece);
	return e;
}

static enum err
write_votes(struct service *s, uint64_t size, struct digests *digests, struct why *why)
{
	struct outfile *f = NULL;
	struct buf piece = {0}, entry = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/encrypted-votes.bin", s->config.record);
	if ((e = outfile_open(&f, path, 0644, why)) != OK)
		return e;
	encrypted_votes_begin(&piece, &s->election, size);
	for (uint64_t i = 0; i < size && e == OK; i++) {
		entry.n = 0;
		if ((e = ledger_read(s->ballots, i, &entry, why)) == OK)
			buf_vec32(&piece, entry.p, entry.n);
		outfile_put(f, piece.p, piece.n);
		piece.n = 0;
	}
	buf_free(&entry);
	return end_file(f, &piece, e, digests, why);
}

static enum err
write_confirmations(struct service *s, struct digests *digests, struct why *why)
{
	struct outfile *f = NULL;
	struct buf piece = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/confirmations", s->config.record);
	if ((e = outfile_open(&f, path, 0644, why)) != OK)
		return e;
	confirmations_begin(&piece, &s->election, s->roll.n);
	for (uint32_t i = 0; i < s->roll.n && e == OK; i++) {
		struct registry_row row = {0};

		if ((e = registry_get(s->registry, i, &row, why)) == OK)
			confirmations_row(&piece, row.confirmed && row.authorized ? row.confirmation : NULL);
		registry_row_free(&row);
		outfile_put(f, piece.p, piece.n);
		piece.n = 0;
	}
	return end_file(f, &piece, e, digests, why);
}

static void
add_bytes(struct event *e, const char *name, const void *p, size_t n)
{
	char hex[129];

	hex_encode(hex, p, n);
	event_add(e, name, "%s", hex);
}

enum err
close_now(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	struct buf whole = {0}, checkpoint = {0};
	struct authorizations own;
	struct digests votes, confirmed;
	struct hash list;
	struct head head;
	char path[1400];
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	ledger_seal(s->ballots);
	if ((err = ledger_publish(s->ballots, why)) != OK)
		goto done;
	ledger_public_head(s->ballots, &head, &whole);
	if ((err = checkpoint_bare(&checkpoint, whole.p, whole.n, &s->call.log_ballots, why)) != OK) /* cosignatures may come later */
		goto done;
	service_authorizations(s, &own);
	(void)snprintf(path, sizeof path, "%s/authorizations", s->config.record);
	if ((err = dir_make(path, why)) != OK || (err = write_votes(s, head.size, &votes, why)) != OK || (err = write_confirmations(s, &confirmed, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/authorizations/%s", s->config.record, s->call.authorizer[0].key.name);
	if ((err = authorizations_list(&own, path, &s->authorizer_key, &list, why)) != OK)
		goto done;
	(void)strcpy(e->kind, "close");
	event_add(e, "size", "%" PRIu64, head.size);
	add_bytes(e, "root", head.root.b, HASH_BYTES);
	event_add(e, "checkpoint", "%s", buf_cstr(&checkpoint));
	add_bytes(e, "sha256", votes.sha256.b, HASH_BYTES);
	add_bytes(e, "sha512", votes.sha512, sizeof votes.sha512);
	add_bytes(e, "sha3-256", votes.sha3_256, sizeof votes.sha3_256);
	add_bytes(e, "authorizations", list.b, HASH_BYTES);
	add_bytes(e, "confirmations", confirmed.sha256.b, HASH_BYTES);
	if ((err = events_append(s, e, NULL, why)) == OK)
		err = events_follow(s, why);
done:
	event_free(e);
	free(e);
	buf_free(&whole);
	buf_free(&checkpoint);
	return err;
}
