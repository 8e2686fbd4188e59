/* verifier/http_source.h - a record on a web server, read file by file.
 *
 * The files cannot be listed: extra files on the server are not seen.
 */
#ifndef VERIFIER_HTTP_SOURCE_H
#define VERIFIER_HTTP_SOURCE_H

#include "crypto/source.h"

/* `url` must outlive the source. */
struct file_source source_http(const char *url);

#endif
