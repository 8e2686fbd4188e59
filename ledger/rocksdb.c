/* ledger/rocksdb.c - store.h on RocksDB.
 *
 * Spec    spec/ledger.md#store
 */
#include <stdlib.h>

#include <rocksdb/c.h>

#include "ledger/store.h"

enum { CACHE = 32 << 20, WRITE_BUFFER = 16 << 20 };

struct store {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_cache_t *cache;
	rocksdb_block_based_table_options_t *table;
	rocksdb_writeoptions_t *write;
	rocksdb_readoptions_t *read;
};

struct store_batch {
	rocksdb_writebatch_t *b;
};

static enum err
failed(struct why *why, char *message)
{
	why_set(why, ERR_IO, "store: %s", message);
	rocksdb_free(message);
	return ERR_IO;
}

enum err
store_open(struct store **out, const char *path, struct why *why)
{
	struct store *s = calloc(1, sizeof *s);
	char *message = NULL;

	if (s == NULL)
		return ERR_NOMEM;
	s->options = rocksdb_options_create();
	s->cache = rocksdb_cache_create_lru(CACHE);
	s->table = rocksdb_block_based_options_create();
	s->write = rocksdb_writeoptions_create();
	s->read = rocksdb_readoptions_create();
	rocksdb_block_based_options_set_block_cache(s->table, s->cache);
	rocksdb_options_set_block_based_table_factory(s->options, s->table);
	rocksdb_options_set_create_if_missing(s->options, 1);
	rocksdb_options_set_write_buffer_size(s->options, WRITE_BUFFER);
	rocksdb_options_set_max_write_buffer_number(s->options, 3);
	rocksdb_options_set_max_open_files(s->options, 128);
	rocksdb_options_set_compression(s->options, rocksdb_no_compression);
	rocksdb_options_set_keep_log_file_num(s->options, 2);
	rocksdb_options_set_info_log_level(s->options, 3);
	rocksdb_options_set_paranoid_checks(s->options, 1);
	rocksdb_writeoptions_set_sync(s->write, 1);
	s->db = rocksdb_open(s->options, path, &message);
	if (message != NULL) {
		store_close(s);
		return failed(why, message);
	}
	*out = s;
	return OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		rocksdb_close(s->db);
	rocksdb_readoptions_destroy(s->read);
	rocksdb_writeoptions_destroy(s->write);
	rocksdb_block_based_options_destroy(s->table);
	rocksdb_cache_destroy(s->cache);
	rocksdb_options_destroy(s->options);
	free(s);
}

enum err
store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why)
{
	char *message = NULL, *value;
	size_t n;

	value = rocksdb_get(s->db, s->read, key, key_n, &n, &message);
	if (message != NULL)
		return failed(why, message);
	if (value == NULL)
		return ERR_ABSENT;
	buf_put(out, value, n);
	rocksdb_free(value);
	return out->failed ? ERR_NOMEM : OK;
}

struct store_batch *
store_batch_new(void)
{
	struct store_batch *b = malloc(sizeof *b);

	if (b == NULL)
		abort();
	b->b = rocksdb_writebatch_create();
	return b;
}

void
store_batch_put(struct store_batch *b, const void *key, size_t key_n, const void *value, size_t n)
{
	rocksdb_writebatch_put(b->b, key, key_n, value, n);
}

void
store_batch_free(struct store_batch *b)
{
	if (b == NULL)
		return;
	rocksdb_writebatch_destroy(b->b);
	free(b);
}

enum err
store_write(struct store *s, struct store_batch *b, struct why *why)
{
	char *message = NULL;

	rocksdb_write(s->db, s->write, b->b, &message);
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
