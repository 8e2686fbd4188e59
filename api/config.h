/* api/config.h - what urnad's configuration file says (urnad --help).
 */
#ifndef API_CONFIG_H
#define API_CONFIG_H

#include "crypto/bytes.h"

struct config {
	char data[1024], fence[1024], record[1024], control[108], address[64], outbox[1024];
	unsigned account_port, box_port;
	char ballots_key[1024], events_key[1024], authorizer_key[1024], rsa_keys[1024], private_roll[1024], private_key[1024], pass_file[1024];
	char certificate[1024], tls_key[1024];
	char mirror[1024]; /* folder in a second place; empty: none */
	unsigned patience; /* seconds that an authorizer of the set in use may fail */
	unsigned per_address, rate; /* of one address: connections, requests a second; 0: no limit */
};

MUST_CHECK enum err config_read(struct config *out, const char *path, struct why *why);
/* A commented example. */
void config_example(struct buf *out);

#endif
