#include "election/signers.h"

#include <stdio.h>
#include <string.h>

enum { OPERATOR = 1, NOTARY = 2, REGISTRAR = 4, AUDITOR = 8, TRUSTEES = 16, AUTHORIZERS = 32 };

static const struct {
	const char *purpose;
	unsigned by;
} documents[] = {{"call", OPERATOR | NOTARY}, {"key-transcript", TRUSTEES}, {"key-act", OPERATOR | NOTARY}, {"roll", REGISTRAR},
    {"authorizer", AUTHORIZERS}, {"manifest", OPERATOR}, {"dictamen", AUDITOR}, {"opening", OPERATOR | NOTARY},
    {"start-of-decryption", OPERATOR | NOTARY}, {"count-act", OPERATOR}, {"purge", OPERATOR}, {"handover", OPERATOR | NOTARY}};

/* The keys that may sign, gathered until the signer's is among them. */
struct search {
	const struct signer *by;
	int found;
	size_t n;
	char names[400];
};

static void
look(struct search *s, const struct vkey *key)
{
	s->found |= strcmp(key->name, s->by->name) == 0 && memcmp(key->key, s->by->key, sizeof key->key) == 0;
	if (s->n < sizeof s->names)
		s->n += (size_t)snprintf(s->names + s->n, sizeof s->names - s->n, "%s%s", s->n > 0 ? ", " : "", key->name);
}

static enum err
judged(const struct search *s, const char *what, struct why *why)
{
	return s->found ? OK : why_set(why, ERR_DENIED, "%s: the key %s is not the call's for this; it is signed with a key of: %s", what, s->by->name, s->names);
}

enum err
signer_allowed(const struct call *c, const char *purpose, const struct signer *by, struct why *why)
{
	struct search s = {.by = by};
	unsigned who = 0;

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		if (strcmp(documents[i].purpose, purpose) == 0)
			who = documents[i].by;
	if (who == 0)
		return why_set(why, ERR_RANGE, "there is no document of purpose %s", purpose);
	if (who & OPERATOR)
		look(&s, &c->operator.key);
	if (who & NOTARY)
		look(&s, &c->notary.key);
	if (who & REGISTRAR)
		look(&s, &c->registrar.key);
	if (who & AUDITOR)
		look(&s, &c->auditor.key);
	for (unsigned i = 0; i < c->trustees && (who & TRUSTEES); i++)
		look(&s, &c->trustee[i].key);
	for (unsigned i = 0; i < c->authorizers && (who & AUTHORIZERS); i++)
		look(&s, &c->authorizer[i].key);
	return judged(&s, purpose, why);
}

enum err
signer_allowed_event(const struct call *c, const struct event *e, const struct signer *by, struct why *why)
{
	const struct vkey *one = event_one_signer(e, c), *key;
	struct search s = {.by = by};

	if (one != NULL)
		look(&s, one);
	else if (strcmp(e->kind, "replace-credential") == 0) {
		look(&s, &c->registrar.key);
		look(&s, &c->replacement.key);
	} else
		for (unsigned i = 0; i < c->amends; i++)
			for (unsigned k = 0; k < c->amend[i].n && strcmp(c->amend[i].kind, e->kind) == 0; k++)
				if ((key = call_party(c, c->amend[i].key[k])) != NULL)
					look(&s, key);
	if (s.n == 0)
		return why_set(why, ERR_DENIED, "%s: the call lets nobody sign this", e->kind);
	return judged(&s, e->kind, why);
}

enum err
signer_is_notary(const struct call *c, const struct signer *by, struct why *why)
{
	struct search s = {.by = by};

	look(&s, &c->notary.key);
	return judged(&s, "notary", why);
}
