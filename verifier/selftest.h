/* verifier/selftest.h - `urna-verify record --self-test`: the verifier shows on a given record that it notices.
 *
 * Spec    spec/record.md#self-test
 */
#ifndef VERIFIER_SELFTEST_H
#define VERIFIER_SELFTEST_H

#include "verifier/record_checks.h"

/* Spoil copies of the record in each of the named ways, one by one, and verify each. Prints a table, or JSON.
 * 0: the record verifies and each was noticed by the check it names; 1: not. */
int self_test(const char *where, const struct file_source *src, const struct pinned *pinned, unsigned threads, int json, int quiet, FILE *out);

#endif
