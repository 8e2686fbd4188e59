/* election/spanish.h - what the words of entries are in Spanish: for acts, and for who signs an order.
 *
 * Spec    spec/tally.md#spanish-words
 */
#ifndef ELECTION_SPANISH_H
#define ELECTION_SPANISH_H

/* A kind of entry, the name of a fact; the word itself where the table has none. */
const char *spanish_kind(const char *kind);
const char *spanish_fact(const char *name);
/* The value of this fact: a word of the table where the fact has a choice of words, else the value itself. */
const char *spanish_value(const char *name, const char *value);

#endif
