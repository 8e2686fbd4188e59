/* api/client.h - HTTP requests that the service and its commands make.
 *
 * Spec    spec/http.md#control-socket
 */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include "crypto/bytes.h"

/* Once, before any thread. */
void client_init(void);
/* POST a body; socket: a Unix socket, or NULL. Gives up after so many seconds. The answer (at most 1 MiB) is
 * appended to out. ERR_IO: no answer. */
MUST_CHECK enum err client_post(const char *socket, const char *url, const char *type, const struct buf *body, long seconds, long *status, struct buf *out, struct why *why);

#endif
