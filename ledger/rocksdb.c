/* ledger/rocksdb.c - store.h on RocksDB.
 *
 * Spec    spec/ledger.md#store
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <rocksdb/c.h>

#include "ledger/store.h"

/* WAL: bytes that a restart may have to replay. BUFFERS: of each table, one being filled and one on its way to a file.
 * RUNS: files of keys beside each other before some are merged, MERGED of them at least. BLOOM_BITS: for each key; one absent
 * key in a hundred is looked for in a file. FILTER_PART: a batch asks in the order of its keys, so for many a part is read once. */
enum { WAL = 64 << 20, BUFFERS = 2, RUNS = 12, MERGED = 4, BLOOM_BITS = 10, FILTER_PART = 64 << 10 };

/* What is freed by RocksDB's threads stays in their malloc arenas, one beside the other, if nobody gives it back: after so
 * many writes. */
enum { TRIM = 256 };

/* Above all levels: RocksDB's own LOG stays empty. When the disk is full its second line there fails an assertion (Debian's
 * build has them) and takes the process along; what went wrong comes back from each call anyway. */
enum { NO_LOG = 6 };

/* Tables (RocksDB's column families: one write-ahead log, one atomic batch). Entries and tiles come in the order of their
 * keys, so their files never overlap and are moved down the levels, not merged. Merging them with the deduplication keys,
 * which are random, would write them again at every level. */
enum table { KEYS, LOG, TABLES };
static const struct {
	const char *name;
	size_t buffer, cache; /* bytes: what is not in a file yet; blocks, indexes and filters of files */
} tables[TABLES] = {{"default", 4 << 20, 4 << 20}, {"log", 8 << 20, 1 << 20}};

struct store {
	rocksdb_t *db;
	rocksdb_options_t *options[TABLES];
	rocksdb_block_based_table_options_t *blocks[TABLES];
	rocksdb_column_family_handle_t *table[TABLES];
	rocksdb_cache_t *cache[TABLES];
	rocksdb_writeoptions_t *write, *put; /* synced, and not */
	rocksdb_readoptions_t *read, *find;
	atomic_uint writes;
};

struct store_batch {
	struct store *store;
	rocksdb_writebatch_t *b;
};

static rocksdb_column_family_handle_t *
table_of(const struct store *s, const void *key)
{
	return s->table[*(const char *)key == 'e' ? LOG : KEYS];
}

static enum err
failed(struct why *why, char *message)
{
	enum err e = strncmp(message, "Corruption", 10) == 0 ? ERR_PROOF : ERR_IO;

	why_set(why, e, "store: %s", message);
	rocksdb_free(message);
	return e;
}

/* Nearly every key asked for is absent, and a filter says so without reading. Keys are random, so that levels would be
 * rewritten whole at every merge: files of about the same size are merged instead, whatever their keys. */
static void
set_keys(rocksdb_options_t *o, rocksdb_block_based_table_options_t *b)
{
	rocksdb_universal_compaction_options_t *merging = rocksdb_universal_compaction_options_create();

	rocksdb_block_based_options_set_filter_policy(b, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
	rocksdb_block_based_options_set_partition_filters(b, 1); /* what is in the cache, and what a merge holds, are parts */
	rocksdb_block_based_options_set_metadata_block_size(b, FILTER_PART);
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(o, 0.1);
	rocksdb_options_set_memtable_whole_key_filtering(o, 1);
	rocksdb_options_set_level0_file_num_compaction_trigger(o, RUNS);
	rocksdb_options_set_level0_slowdown_writes_trigger(o, 40);
	rocksdb_options_set_level0_stop_writes_trigger(o, 60);
	rocksdb_options_set_target_file_size_base(o, 16 << 20); /* a merge holds the filter and index of the file that it makes */
	rocksdb_options_set_compaction_style(o, rocksdb_universal_compaction);
	rocksdb_universal_compaction_options_set_min_merge_width(merging, MERGED);
	rocksdb_universal_compaction_options_set_max_size_amplification_percent(merging, 10000); /* nothing is overwritten: nothing to save */
	rocksdb_options_set_universal_compaction_options(o, merging);
	rocksdb_universal_compaction_options_destroy(merging);
}

static void
set_table(struct store *s, enum table t)
{
	rocksdb_options_t *o = s->options[t] = rocksdb_options_create();
	rocksdb_block_based_table_options_t *b = s->blocks[t] = rocksdb_block_based_options_create();

	s->cache[t] = rocksdb_cache_create_lru(tables[t].cache);
	rocksdb_block_based_options_set_block_cache(b, s->cache[t]);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(b, 1); /* else they are outside every bound */
	rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(b, 1);
	rocksdb_block_based_options_set_index_type(b, rocksdb_block_based_table_index_type_two_level_index_search); /* a part at a time */
	if (t == KEYS)
		set_keys(o, b);
	rocksdb_options_set_block_based_table_factory(o, b);
	rocksdb_options_set_write_buffer_size(o, tables[t].buffer);
	rocksdb_options_set_max_write_buffer_number(o, BUFFERS);
	rocksdb_options_set_compression(o, rocksdb_no_compression);
}

static void
set_store(rocksdb_options_t *o)
{
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_create_missing_column_families(o, 1);
	rocksdb_options_set_max_open_files(o, 128);
	rocksdb_options_set_max_total_wal_size(o, WAL);
	rocksdb_options_set_bytes_per_sync(o, 1 << 20); /* files being made do not delay a batch's sync by all of theirs */
	rocksdb_options_set_keep_log_file_num(o, 2);
	rocksdb_options_set_info_log_level(o, NO_LOG);
	rocksdb_options_set_paranoid_checks(o, 1);
}

static enum err
open_store(struct store **out, const char *path, int read_only, struct why *why)
{
	struct store *s = calloc(1, sizeof *s);
	const char *names[TABLES];
	char *message = NULL;

	if (s == NULL)
		return ERR_NOMEM;
	s->write = rocksdb_writeoptions_create();
	s->put = rocksdb_writeoptions_create();
	s->read = rocksdb_readoptions_create();
	s->find = rocksdb_readoptions_create();
	rocksdb_writeoptions_set_sync(s->write, 1);
	rocksdb_readoptions_set_fill_cache(s->find, 0); /* of what is found there only filters stay, which are asked again */
	for (int t = 0; t < TABLES; t++) {
		set_table(s, (enum table)t);
		names[t] = tables[t].name;
	}
	set_store(s->options[KEYS]);
	if (read_only)
		s->db = rocksdb_open_for_read_only_column_families(s->options[KEYS], path, TABLES, names, (const rocksdb_options_t *const *)s->options, s->table, 0, &message);
	else
		s->db = rocksdb_open_column_families(s->options[KEYS], path, TABLES, names, (const rocksdb_options_t *const *)s->options, s->table, &message);
	if (message != NULL) {
		store_close(s);
		return failed(why, message);
	}
	*out = s;
	return OK;
}

enum err
store_open(struct store **out, const char *path, struct why *why)
{
	return open_store(out, path, 0, why);
}

enum err
store_open_read(struct store **out, const char *path, struct why *why)
{
	return open_store(out, path, 1, why);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (int t = 0; t < TABLES; t++)
		if (s->db != NULL)
			rocksdb_column_family_handle_destroy(s->table[t]);
	if (s->db != NULL)
		rocksdb_close(s->db);
	for (int t = 0; t < TABLES; t++) {
		rocksdb_block_based_options_destroy(s->blocks[t]);
		rocksdb_options_destroy(s->options[t]);
		rocksdb_cache_destroy(s->cache[t]);
	}
	rocksdb_readoptions_destroy(s->find);
	rocksdb_readoptions_destroy(s->read);
	rocksdb_writeoptions_destroy(s->write);
	rocksdb_writeoptions_destroy(s->put);
	free(s);
}

void
store_remove(const char *path)
{
	rocksdb_options_t *o = rocksdb_options_create();
	char *message = NULL;

	rocksdb_destroy_db(o, path, &message);
	rocksdb_free(message);
	rocksdb_options_destroy(o);
}

enum err
store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why)
{
	rocksdb_pinnableslice_t *value;
	char *message = NULL;
	const char *p;
	size_t n;

	value = rocksdb_get_pinned_cf(s->db, s->read, table_of(s, key), key, key_n, &message);
	if (message != NULL)
		return failed(why, message);
	if (value == NULL)
		return ERR_ABSENT;
	p = rocksdb_pinnableslice_value(value, &n);
	buf_put(out, p, n);
	rocksdb_pinnableslice_destroy(value);
	return out->failed ? ERR_NOMEM : OK;
}

enum err
store_find(struct store *s, const char *const *keys, const size_t *keys_n, size_t n,
    void (*found)(void *ctx, size_t i, const void *value, size_t value_n), void *ctx, struct why *why)
{
	rocksdb_pinnableslice_t **value = calloc(n + 1, sizeof *value);
	char **message = calloc(n + 1, sizeof *message);
	enum err e = value == NULL || message == NULL ? ERR_NOMEM : OK;

	if (e == OK && n > 0)
		rocksdb_batched_multi_get_cf(s->db, s->find, s->table[KEYS], n, keys, keys_n, value, message, 1);
	for (size_t i = 0; i < n && value != NULL && message != NULL; i++) {
		size_t value_n;
		const char *p;

		if (message[i] != NULL) {
			enum err f = failed(why, message[i]);

			e = e == ERR_PROOF ? e : f;
		} else if (value[i] != NULL) {
			p = rocksdb_pinnableslice_value(value[i], &value_n);
			found(ctx, i, p, value_n);
			rocksdb_pinnableslice_destroy(value[i]);
		}
	}
	free(value);
	free(message);
	return e;
}

struct store_batch *
store_batch_new(struct store *s)
{
	struct store_batch *b = malloc(sizeof *b);

	if (b == NULL)
		abort();
	b->store = s;
	b->b = rocksdb_writebatch_create();
	return b;
}

void
store_batch_put(struct store_batch *b, const void *key, size_t key_n, const void *value, size_t n)
{
	rocksdb_writebatch_put_cf(b->b, table_of(b->store, key), key, key_n, value, n);
}

void
store_batch_clear(struct store_batch *b)
{
	rocksdb_writebatch_clear(b->b);
}

void
store_batch_free(struct store_batch *b)
{
	if (b == NULL)
		return;
	rocksdb_writebatch_destroy(b->b);
	free(b);
}

static enum err
write_with(struct store *s, const rocksdb_writeoptions_t *options, struct store_batch *b, struct why *why)
{
	char *message = NULL;

	rocksdb_write(s->db, options, b->b, &message);
	if (atomic_fetch_add(&s->writes, 1) % TRIM == TRIM - 1)
		(void)malloc_trim(0);
	return message != NULL ? failed(why, message) : OK;
}

enum err
store_write(struct store *s, struct store_batch *b, struct why *why)
{
	return write_with(s, s->write, b, why);
}

enum err
store_put(struct store *s, struct store_batch *b, struct why *why)
{
	return write_with(s, s->put, b, why);
}

enum err
store_sync(struct store *s, struct why *why)
{
	char *message = NULL;

	rocksdb_flush_wal(s->db, 1, &message);
	return message != NULL ? failed(why, message) : OK;
}

enum err
store_backup(struct store *s, const char *path, struct why *why)
{
	char *message = NULL;
	rocksdb_checkpoint_t *c = rocksdb_checkpoint_object_create(s->db, &message);

	if (message == NULL) {
		rocksdb_checkpoint_create(c, path, 0, &message);
		rocksdb_checkpoint_object_destroy(c);
	}
	return message != NULL ? failed(why, message) : OK;
}
