/* api/gzip.h - bodies for clients that take them packed.
 *
 * Spec    spec/logs.md#tiles
 * Source  RFC 9110 section 12.5.3 (Accept-Encoding); RFC 1952, by zlib
 */
#ifndef API_GZIP_H
#define API_GZIP_H

#include "crypto/bytes.h"

/* 1 if a client that sends this Accept-Encoding (may be NULL) takes gzip. */
int gzip_accepted(const char *header);
/* Replace b by its gzip, if that is shorter; 1 if so. */
int gzip_pack(struct buf *b);

#endif
