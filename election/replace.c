#include "election/replace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
replaces(const struct event *e)
{
	return event_is(e, "replace-notary") || event_is(e, "replace-witness") || event_is(e, "mixer-waiver");
}

/* The person and key of the entry. */
static enum err
newcomer(struct party *out, const struct event *e, unsigned type, struct why *why)
{
	const char *person = event_fact(e, "person"), *url = event_fact(e, "url");
	enum err err;

	if (person[0] == '\0' || strlen(person) >= sizeof out->person || strlen(url) >= sizeof out->url)
		return why_set(why, ERR_FORMAT, "%s: the fact \"person\" is missing, or person or url is too long", e->kind);
	if (url[0] != '\0' && !url_valid(url))
		return why_set(why, ERR_FORMAT, "%s: the fact \"url\" is not like https://host:port or http://host/path", e->kind);
	if ((err = vkey_read(&out->key, event_fact(e, "key"), why)) != OK)
		return why_prefix(why, err, "%s", e->kind);
	if (out->key.type != type)
		return why_set(why, ERR_FORMAT, "%s: a key of type %02u is needed", e->kind, type);
	(void)snprintf(out->person, sizeof out->person, "%s", person);
	if (url[0] != '\0')
		(void)snprintf(out->url, sizeof out->url, "%s", url);
	return OK;
}

/* Put him there, if the keys are distinct afterwards too. */
static enum err
put(struct call *call, struct party *at, const struct party *one, struct why *why)
{
	struct party old = *at;
	enum err err;

	*at = *one;
	if ((err = call_distinct(call, why)) != OK)
		*at = old;
	return err;
}

static enum err
notary(struct call *call, const struct event *e, struct why *why)
{
	char old[sizeof call->notary.key.name];
	struct party one = call->notary;
	enum err err;

	(void)snprintf(old, sizeof old, "%s", call->notary.key.name);
	if ((err = newcomer(&one, e, NOTE_ED25519, why)) != OK || (err = put(call, &call->notary, &one, why)) != OK)
		return err;
	for (unsigned i = 0; i < call->amends; i++)
		for (unsigned k = 0; k < call->amend[i].n; k++)
			if (strcmp(call->amend[i].key[k], old) == 0)
				(void)snprintf(call->amend[i].key[k], sizeof call->amend[i].key[k], "%s", one.key.name);
	return OK;
}

static enum err
witness(struct call *call, const struct event *e, struct why *why)
{
	for (unsigned i = 0; i < call->witnesses; i++)
		if (strcmp(call->witness[i].key.name, event_fact(e, "old")) == 0) {
			struct party one = call->witness[i];
			enum err err = newcomer(&one, e, NOTE_COSIGNATURE, why);

			return err != OK ? err : put(call, &call->witness[i], &one, why);
		}
	return why_set(why, ERR_RANGE, "replace-witness: \"%.60s\" is no witness now", event_fact(e, "old"));
}

static enum err
waiver(struct call *call, const struct event *e, struct why *why)
{
	unsigned i = call_mixer(call, event_fact(e, "mixer"));

	if (i == 0 || !call->required[i - 1])
		return why_set(why, ERR_RANGE, "mixer-waiver: \"%.60s\" is no mixer that is required", event_fact(e, "mixer"));
	call->required[i - 1] = 0;
	return OK;
}

enum err
replace_apply(struct call *call, const struct event *e, struct why *why)
{
	return event_is(e, "replace-notary") ? notary(call, e, why) : event_is(e, "replace-witness") ? witness(call, e, why) : event_is(e, "mixer-waiver") ? waiver(call, e, why) : OK;
}
