/* tally/entries.h - entries of the log of events: made, signed, left as files or submitted to the service.
 *
 * Spec    spec/documents.md#events
 */
#ifndef TALLY_ENTRIES_H
#define TALLY_ENTRIES_H

#include "tally/cli.h"

/* An entry of this record's election (before the opening: of its call) and kind; free() it. */
struct event *event_new(const struct record *r, const char *kind);
/* A fact that is a hash. */
void event_add_hash(struct event *e, const char *name, const struct hash *h);

/* Write the entry's document to `file` and, signed, its .note: for submit_file. */
MUST_CHECK enum err event_to_file(const struct call *call, const struct event *e, const struct signer *by, const char *file, struct why *why);
/* Neither such a file nor its .note is there: nothing is written over. ERR_EXISTS. */
MUST_CHECK enum err draft_free(const char *file, struct why *why);
/* event_to_file with --key, whose signature counts for this entry; a second signer adds to it, then submit_file. ERR_DENIED, ERR_EXISTS. */
MUST_CHECK enum err draft_event(struct args *a, const struct call *call, struct event *e, const char *file, struct why *why);

/* Files that go with an entry; zero-initialise. */
struct attached {
	struct buf file[16];
	unsigned n;
};
/* Read one and name it in the entry: fact file1, file2, ... ERR_LENGTH: too large; ERR_RANGE: too many. */
MUST_CHECK enum err attach(struct attached *to, struct event *e, const char *path, struct why *why);
void attached_free(struct attached *f);

/* Sign the entry and hand it to the service on this socket; files: what was attached to it, or NULL. ERR_NOT_NOW: refused. */
MUST_CHECK enum err submit_event(const char *socket, const struct call *call, const struct event *e, const struct signer *by, const struct attached *files, struct why *why);
/* One that is signed already, of event_to_file. person: file of a sealed person, or NULL. ERR_NOT_NOW: refused. */
MUST_CHECK enum err submit_file(const char *socket, const char *file, const char *person, struct why *why);

#endif
