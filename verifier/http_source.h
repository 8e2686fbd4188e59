/* verifier/http_source.h - a record on a web server, read file by file.
 *
 * Its list of files is that of hashes.sha256 and what is made after it, so a
 * record that is not finished cannot be listed, and a file on the server that no
 * list names is not seen. Each thread keeps one connection.
 */
#ifndef VERIFIER_HTTP_SOURCE_H
#define VERIFIER_HTTP_SOURCE_H

#include "crypto/source.h"

/* `url` must outlive the source. */
struct file_source source_http(const char *url);

#endif
