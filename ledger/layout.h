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

/* 'e' entry, 't' tile (level from 0), both by index. level < 0: none in the key. Returns the length. */
static inline size_t
store_key(uint8_t out[STORE_KEY_BYTES], char kind, int level, uint64_t index)
{
	size_t n = 0;

	out[n++] = (uint8_t)kind;
	if (level >= 0)
		out[n++] = (uint8_t)level;
	for (int i = 7; i >= 0; i--)
		out[n++] = (uint8_t)(index >> (8 * i));
	return n;
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
