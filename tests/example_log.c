/* tests/example_log.c - the ledger's interface in one page: open, append, prove, publish, close.
 *
 *   example_log FOLDER SIZE NAME    grows FOLDER's log to SIZE entries "NAME i"; its files go to FOLDER/public
 */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/ledger.h"

static void
must(enum err e, const struct why *why)
{
	if (e == OK)
		return;
	(void)fprintf(stderr, "example_log: %s: %s\n", err_name(e), why->text);
	exit(1);
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[32] = "a key for examples, known to all";
	char store[512], file[512], public[512], text[300];
	struct signer key;
	struct ledger_options o = {.store = store, .head_file = file, .key = &key, .pool_ms = 1};
	struct buf receipt = {0};
	struct ledger *log;
	struct receipt r;
	struct vkey vkey;
	struct head head;
	struct hash leaf;
	struct why why = {""};

	if (argc != 4)
		return 2;
	(void)snprintf(store, sizeof store, "%s/store", argv[1]);
	(void)snprintf(file, sizeof file, "%s/head", argv[1]);
	(void)snprintf(public, sizeof public, "%s/public", argv[1]);
	must(dir_make(argv[1], &why), &why);
	must(signer_of_seed(&key, "urna.example/log", seed), &why);
	must(vkey_make(&vkey, key.name, NOTE_ED25519, key.key), &why);
	must(ledger_open(&log, &o, &why), &why);
	for (ledger_head(log, &head, NULL); head.size < strtoull(argv[2], NULL, 10); ledger_head(log, &head, NULL)) {
		size_t n = (size_t)snprintf(text, sizeof text, "%.200s %llu", argv[3], (unsigned long long)head.size);

		leaf_hash(&leaf, text, n);
		must(ledger_append(log, text, n, NULL, NULL, &receipt, &why), &why); /* returns once the entry is under a signed head */
		must(receipt_read(&r, receipt.p, receipt.n, &why), &why);
		must(receipt_verify(&r, &leaf, &vkey, &head, &why), &why);
		buf_free(&receipt);
	}
	must(ledger_publish(log, &why), &why);
	must(ledger_export(log, public, &why), &why);
	ledger_close(log);
	vkey_write(text, &vkey);
	return printf("%s\n", text) < 0;
}
