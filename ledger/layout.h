/* ledger/layout.h - the keys of the store.
 *
 * Spec    spec/ledger.md#store
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { STORE_KEY_BYTES = 33 };

/* All return the key's length. */
static inline size_t
store_entry_key(uint8_t out[STORE_KEY_BYTES], uint64_t index)
{
	out[0] = 'e';
	for (int i = 0; i < 8; i++)
		out[1 + i] = (uint8_t)(index >> (56 - 8 * i));
	return 9;
}

/* A full tile stands behind the last entry under it, so that keys come in their order. */
static inline size_t
store_tile_key(uint8_t out[STORE_KEY_BYTES], int level, uint64_t index)
{
	size_t n = store_entry_key(out, ((index + 1) << 8 * level << 8) - 1);

	out[n] = (uint8_t)level;
	return n + 1;
}

/* 'd' and a deduplication key; its value is the entry's index, 8 bytes big-endian. */
static inline size_t
store_dedup_key(uint8_t out[STORE_KEY_BYTES], const uint8_t key[32])
{
	out[0] = 'd';
	memcpy(out + 1, key, 32);
	return 33;
}

#endif
