/* api/amendments.c - entries that change the roll or who the call's parties are. */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The person whom an `include` entry adds lies here, sealed, before the entry is made. */
static void
addition_path(const struct service *s, uint32_t index, char path[1200])
{
	(void)snprintf(path, 1200, "%s/addition-%u", s->config.data, index);
}

/* Who logs in is found by the user's name alone. */
static enum err
nobodys_name(const struct service *s, uint32_t index, const char *user, struct why *why)
{
	for (uint32_t i = 0; i < index && i < s->persons; i++)
		if (strcmp(s->person[i].user, user) == 0)
			return why_set(why, ERR_RANGE, "include: the user %s stands in the roll already, with roll index %u: make the entry anew with another user name", user, i);
	return OK;
}

/* The person of this roll index, in its place behind those of the roll. */
static enum err
read_addition(struct service *s, uint32_t index, struct why *why)
{
	struct buf b = {0};
	struct person *one = NULL;
	uint32_t n = 0;
	char path[1200];
	enum err e;

	addition_path(s, index, path);
	if (access(path, F_OK) != 0)
		return why_set(why, ERR_ABSENT, "include: the person of the new roll index %u is missing: submit the entry with --person and the file that `urna roll include` made", index);
	if ((e = file_read(&b, path, 65536, why)) == OK && (e = private_roll_read(&one, &n, s->roll_key, &s->call.hash, b.p, b.n, why)) == OK && n != 1)
		e = why_set(why, ERR_FORMAT, "%s: not one person", path);
	if (e == OK && (s->replaying || (e = nobodys_name(s, index, one[0].user, why)) == OK))
		s->person[index] = one[0];
	if (one != NULL)
		wipe(one, n * sizeof *one);
	free(one);
	buf_free(&b);
	return e;
}

/* Whether an entry that replaces a party of the call can be carried out; nothing changes yet. */
static enum err
prepare_call(const struct service *s, const struct event *e, struct why *why)
{
	struct call *try = replaces(e) ? malloc(sizeof *try) : NULL;
	enum err err;

	if (!replaces(e))
		return OK;
	if (try == NULL)
		return ERR_NOMEM;
	*try = s->call;
	err = replace_apply(try, e, why);
	free(try);
	return err;
}

/* Whether an entry that changes the roll can be carried out, tried on a copy of it; nothing changes yet. */
static enum err
prepare_roll(struct service *s, const struct event *e, struct why *why)
{
	struct roll try = s->roll;
	struct registry_row row = {0};
	uint32_t index = (uint32_t)strtoul(event_fact(e, "index"), NULL, 10);
	enum err err;

	if ((try.row = malloc((s->roll.n + 2u) * sizeof *try.row)) == NULL)
		return ERR_NOMEM;
	memcpy(try.row, s->roll.row, s->roll.n * sizeof *try.row);
	err = roll_amend(&try, e, &s->call, s->manifest, why);
	if (err == OK && try.n > s->roll.n)
		err = read_addition(s, index, why);
	if (err == OK && try.replaced > s->roll.replaced && (err = registry_get(s->registry, index, &row, why)) == OK && row.authorized)
		err = why_set(why, ERR_NOT_NOW, "replace-credential: roll index %u has authorized; nothing replaces a credential after that", index);
	registry_row_free(&row);
	free(try.row);
	return err;
}

enum err
amendment_prepare(struct service *s, const struct event *e, struct why *why)
{
	enum err err = prepare_call(s, e, why);

	return err == OK && s->loaded && roll_amends(e) ? prepare_roll(s, e, why) : err;
}

/* An hour as a voter reads it. A minute that has begun counts as over: whoever heeds it is not late. */
static void
hour_in_words(char out[100], const char *hour)
{
	static const char *const months[] = {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"};
	unsigned year = 0, month = 0, day = 0, hours = 0, minutes = 0;

	if (sscanf(hour, "%4u-%2u-%2uT%2u:%2u", &year, &month, &day, &hours, &minutes) == 5 && month >= 1 && month <= 12)
		(void)snprintf(out, 100, "el %u de %s de %u a las %02u:%02u, hora universal (UTC)", day, months[month - 1], year, hours, minutes);
	else
		(void)snprintf(out, 100, "%.30s", hour);
}

/* The old contacts hear of a replacement before it is in force. */
static enum err
notify(struct service *s, const struct event *e, uint32_t index)
{
	struct buf b = {0};
	struct json_out o = json_out(&b);
	char hour[100], text[400];
	enum err err;

	hour_in_words(hour, event_fact(e, "from"));
	(void)snprintf(text, sizeof text, "Se solicit\xc3\xb3 reponer su contrase\xc3\xb1" "a de voto: la de ahora sirve hasta %s. Si usted no lo pidi\xc3\xb3, av\xc3\xadselo a la autoridad o vote antes de esa hora.", hour);
	json_begin(&o, NULL, '{');
	json_text(&o, "phone", s->person[index].phone);
	json_text(&o, "email", s->person[index].email);
	json_text(&o, "notice", "replace-credential");
	json_text(&o, "from", event_fact(e, "from"));
	json_text(&o, "text", text);
	json_end(&o, '}');
	err = outbox_put_notice(s, &b);
	buf_free(&b);
	return err;
}

enum err
amendment_carry_out(struct service *s, const struct event *e, struct why *why)
{
	uint32_t before = s->roll.n, replaced = s->roll.replaced, index = (uint32_t)strtoul(event_fact(e, "index"), NULL, 10);
	enum err err;

	if (!roll_amends(e))
		return OK;
	(void)pthread_rwlock_wrlock(&s->roll_lock);
	err = roll_amend(&s->roll, e, &s->call, s->manifest, why);
	s->persons = s->roll.n;
	(void)pthread_rwlock_unlock(&s->roll_lock);
	if (err == OK && s->roll.n > before) {
		while (err == OK && registry_rows(s->registry) < s->roll.n)
			err = registry_extend(s->registry, why);
	}
	if (err == OK && s->roll.replaced > replaced && !s->replaying)
		err = notify(s, e, index);
	return err;
}

enum err
amendments_replay(struct service *s, struct why *why)
{
	struct head head;
	enum err e = OK;

	s->replaying = 1;
	ledger_head(s->events, &head, NULL);
	for (uint64_t i = 0; i < head.size && e == OK; i++) {
		struct buf b = {0};
		struct event *x = calloc(1, sizeof *x);

		if (x == NULL)
			return ERR_NOMEM;
		if ((e = ledger_read(s->events, i, &b, why)) == OK && (e = event_read(x, b.p, b.n, why)) == OK) {
			uint32_t before = s->roll.n;

			if ((e = amendment_carry_out(s, x, why)) == OK && s->roll.n > before)
				e = read_addition(s, before, why);
		}
		event_free(x);
		free(x);
		buf_free(&b);
	}
	s->replaying = 0;
	return e;
}

enum err
amendment_keep_person(struct service *s, const char *text, struct why *why)
{
	uint8_t sealed[8192];
	size_t n = sizeof sealed;
	char path[1200];

	if (!s->loaded || base64_decode(sealed, &n, text, strlen(text)) != OK)
		return why_set(why, ERR_FORMAT, "the person is not base64, or no election is loaded");
	addition_path(s, s->roll.n, path);
	return file_write(path, sealed, n, 0600, why);
}
