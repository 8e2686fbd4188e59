/* api/reply.h - how urnad refuses: {"error": NAME, "es": ..., "en": ...} with the status that goes with the name.
 *
 * Spec    spec/http.md#errors
 */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "http/server.h"

enum { MAX_BODY = 262144, MAX_PUBLIC_BODY = 65536, MAX_CONNECTIONS = 1024 };

/* In the place of what the reply had for a body; the Spanish sentence is one for voters. */
void reply_error(struct http_reply *r, enum err e, const char *english);
/* The same on the control socket. */
void reply_operator(struct http_reply *r, enum err e, const char *english);
/* The same in words of one's own; `spanish` may be NULL. */
void reply_refused(struct http_reply *r, enum err e, const char *spanish, const char *english);
/* 429 "locked": too many tries or requests; come back in so many seconds. */
void reply_locked(struct http_reply *r, unsigned seconds, const char *spanish, const char *english);
/* What the listener itself refuses. */
void reply_refusal(struct http_reply *r, enum http_refusal why);

#endif
