#include "crypto/policy.h"

#include <stdio.h>
#include <string.h>

enum { NO_QUORUM_YET = -2 };

/* ---- made by hand ------------------------------------------------------------------------ */

void
policy_init(struct policy *p)
{
	p->logs = p->members = p->witnesses = p->groups = 0;
	p->quorum = -1;
}

int
policy_find(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->members; i++)
		if (strcmp(p->member[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* One word of a line: no white space, no control character, nothing at all only where `empty`. */
static enum err
word_copy(char *out, size_t room, const char *text, int empty, const char *what, struct why *why)
{
	size_t n = strlen(text);

	if (n >= room)
		return why_set(why, ERR_RANGE, "%s of more than %zu bytes", what, room - 1);
	if (n == 0 && !empty)
		return why_set(why, ERR_FORMAT, "%s is missing", what);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
			return why_set(why, ERR_FORMAT, "%s with white space or a control character", what);
	memcpy(out, text, n + 1);
	return OK;
}

enum err
policy_add_log(struct policy *p, const struct vkey *key, const char *url, struct why *why)
{
	struct policy_log *l = &p->log[p->logs];
	enum err e;

	if (p->logs == POLICY_MAX_LOGS)
		return why_set(why, ERR_RANGE, "more than %d logs", POLICY_MAX_LOGS);
	if (key->type != NOTE_ED25519)
		return why_set(why, ERR_FORMAT, "%s: not a log's key (type 01)", key->name);
	for (size_t i = 0; i < p->logs; i++)
		if (vkey_equal(&p->log[i].key, key))
			return why_set(why, ERR_RANGE, "log %s: this key is there already", key->name);
	if ((e = word_copy(l->url, sizeof l->url, url != NULL ? url : "", 1, "an address", why)) != OK)
		return e;
	l->key = *key;
	p->logs++;
	return OK;
}

/* A new member under a name of its own; it counts when p->members does. */
static enum err
new_member(struct policy *p, const char *name, size_t have, size_t most, const char *what, struct policy_member **out, struct why *why)
{
	struct policy_member *m = &p->member[p->members];
	enum err e;

	if (have == most)
		return why_set(why, ERR_RANGE, "more than %zu %s", most, what);
	*m = (struct policy_member){.group = -1};
	if ((e = word_copy(m->name, sizeof m->name, name, 0, "a name", why)) != OK)
		return e;
	if (strcmp(name, "none") == 0)
		return why_set(why, ERR_RANGE, "nobody can be named none");
	if (policy_find(p, name) >= 0)
		return why_set(why, ERR_RANGE, "there is a %s already", name);
	*out = m;
	return OK;
}

enum err
policy_add_witness(struct policy *p, const char *name, const struct vkey *key, const char *url, struct why *why)
{
	struct policy_member *m;
	enum err e;

	if ((e = new_member(p, name, p->witnesses, POLICY_MAX_WITNESSES, "witnesses", &m, why)) != OK ||
	    (e = word_copy(m->url, sizeof m->url, url != NULL ? url : "", 1, "an address", why)) != OK)
		return e;
	if (key->type != NOTE_COSIGNATURE)
		return why_set(why, ERR_FORMAT, "%s: not a cosigner's key (type 04)", key->name);
	for (size_t i = 0; i < p->members; i++)
		if (p->member[i].size == 0 && vkey_equal(&p->member[i].key, key))
			return why_set(why, ERR_RANGE, "witness %s: the key of %s", name, p->member[i].name);
	m->key = *key;
	p->members++;
	p->witnesses++;
	return OK;
}

enum err
policy_add_group(struct policy *p, const char *name, unsigned threshold, const int *member, size_t n, struct why *why)
{
	struct policy_member *m;
	enum err e;

	if ((e = new_member(p, name, p->groups, POLICY_MAX_GROUPS, "groups", &m, why)) != OK)
		return e;
	if (threshold < 1 || threshold > n)
		return why_set(why, ERR_RANGE, "group %s: %u of %zu members", name, threshold, n);
	for (size_t i = 0; i < n; i++) {
		int taken = p->member[member[i]].group >= 0;

		for (size_t k = 0; k < i; k++)
			taken |= member[k] == member[i];
		if (taken)
			return why_set(why, ERR_RANGE, "group %s: %s is in a group already, and counts only once", name, p->member[member[i]].name);
	}
	for (size_t i = 0; i < n; i++)
		p->member[member[i]].group = (int)p->members;
	m->threshold = threshold;
	m->size = (unsigned)n;
	p->members++;
	p->groups++;
	return OK;
}

enum err
policy_any(struct policy *p, unsigned k, struct why *why)
{
	int member[POLICY_MAX_MEMBERS];
	char name[32];
	size_t n = 0;
	enum err e;

	if (k == 0) {
		p->quorum = -1;
		return OK;
	}
	for (size_t i = 0; i < p->members; i++)
		if (p->member[i].size == 0)
			member[n++] = (int)i;
	(void)snprintf(name, sizeof name, "%u-of-%zu", k, n);
	if ((e = policy_add_group(p, name, k, member, n, why)) == OK)
		p->quorum = (int)p->members - 1;
	return e;
}

/* ---- a file ----------------------------------------------------------------------------- */

enum { MAX_WORD = 512 };

/* What of a line is not read yet, up to its newline. */
struct line {
	const char *p, *end;
};

/* The next word; empty at the line's end. ERR_LENGTH. */
static enum err
next(struct line *l, char word[MAX_WORD], struct why *why)
{
	size_t n = 0;

	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
	while (l->p + n < l->end && l->p[n] != ' ' && l->p[n] != '\t')
		n++;
	if (n >= MAX_WORD)
		return why_set(why, ERR_LENGTH, "a word of more than %d bytes", MAX_WORD - 1);
	memcpy(word, l->p, n);
	word[n] = '\0';
	l->p += n;
	return OK;
}

static enum err
line_end(struct line *l, struct why *why)
{
	char word[MAX_WORD];
	enum err e = next(l, word, why);

	if (e == OK && word[0] != '\0')
		return why_set(why, ERR_FORMAT, "%.100s: nothing more was expected", word);
	return e;
}

/* VKEY [URL], the rest of the line. */
static enum err
read_key(struct line *l, struct vkey *key, char url[MAX_WORD], struct why *why)
{
	char word[MAX_WORD];
	enum err e;

	if ((e = next(l, word, why)) != OK || (e = vkey_read(key, word, why)) != OK || (e = next(l, url, why)) != OK)
		return e;
	return line_end(l, why);
}

static enum err
read_log(struct policy *p, struct line *l, struct why *why)
{
	char url[MAX_WORD];
	struct vkey key;
	enum err e = read_key(l, &key, url, why);

	return e != OK ? e : policy_add_log(p, &key, url, why);
}

static enum err
read_witness(struct policy *p, struct line *l, struct why *why)
{
	char name[MAX_WORD], url[MAX_WORD];
	struct vkey key;
	enum err e;

	if ((e = next(l, name, why)) != OK || (e = read_key(l, &key, url, why)) != OK)
		return e;
	return policy_add_witness(p, name, &key, url, why);
}

static enum err
read_group(struct policy *p, struct line *l, struct why *why)
{
	char name[MAX_WORD], how[MAX_WORD], word[MAX_WORD];
	int member[POLICY_MAX_MEMBERS];
	uint64_t threshold = 1;
	size_t n = 0;
	enum err e;

	if ((e = next(l, name, why)) != OK || (e = next(l, how, why)) != OK)
		return e;
	for (;;) {
		if ((e = next(l, word, why)) != OK)
			return e;
		if (word[0] == '\0')
			break;
		if (n == POLICY_MAX_MEMBERS)
			return why_set(why, ERR_RANGE, "more than %d members", POLICY_MAX_MEMBERS);
		if ((member[n++] = policy_find(p, word)) < 0)
			return why_set(why, ERR_RANGE, "no witness and no group above is named %.200s", word);
	}
	if (strcmp(how, "all") == 0)
		threshold = n;
	else if (strcmp(how, "any") != 0 && (decimal_read(&threshold, how, how + strlen(how)) != OK || threshold > POLICY_MAX_MEMBERS))
		return why_set(why, ERR_FORMAT, "how many of the group: all, any or a number up to the members'");
	return policy_add_group(p, name, (unsigned)threshold, member, n, why);
}

static enum err
read_quorum(struct policy *p, struct line *l, struct why *why)
{
	char name[MAX_WORD];
	enum err e;

	if ((e = next(l, name, why)) != OK || (e = line_end(l, why)) != OK)
		return e;
	if (p->quorum != NO_QUORUM_YET)
		return why_set(why, ERR_FORMAT, "a second quorum");
	if ((p->quorum = policy_find(p, name)) < 0 && strcmp(name, "none") != 0)
		return why_set(why, ERR_RANGE, "no witness and no group above is named %.200s", name);
	return OK;
}

static enum err
read_line(struct policy *p, struct line *l, struct why *why)
{
	char word[MAX_WORD];
	enum err e;

	for (const char *c = l->p; c < l->end; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return why_set(why, ERR_FORMAT, "control character %02x", (unsigned char)*c);
	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t'))
		l->p++;
	if (l->p == l->end || *l->p == '#') /* a comment may be as long as it likes */
		return OK;
	if ((e = next(l, word, why)) != OK)
		return e;
	if (strcmp(word, "log") == 0)
		return read_log(p, l, why);
	if (strcmp(word, "witness") == 0)
		return read_witness(p, l, why);
	if (strcmp(word, "group") == 0)
		return read_group(p, l, why);
	if (strcmp(word, "quorum") == 0)
		return read_quorum(p, l, why);
	return why_set(why, ERR_FORMAT, "%.100s: a line begins with log, witness, group, quorum or #", word);
}

enum err
policy_read(struct policy *out, const void *p, size_t n, struct why *why)
{
	const char *at = p, *end = n > 0 ? at + n : at;
	size_t number = 1;

	if (n > POLICY_MAX_BYTES)
		return why_set(why, ERR_LENGTH, "a policy of more than %d bytes", POLICY_MAX_BYTES);
	policy_init(out);
	out->quorum = NO_QUORUM_YET;
	for (struct line l; at < end; at = l.end + 1, number++) {
		enum err e;

		l.p = at;
		if ((l.end = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return why_set(why, ERR_FORMAT, "line %zu: no newline at its end", number);
		if ((e = read_line(out, &l, why)) != OK)
			return why_prefix(why, e, "line %zu", number);
	}
	if (out->quorum == NO_QUORUM_YET)
		return why_set(why, ERR_FORMAT, "the policy has no quorum line");
	return OK;
}

static void
write_group(struct buf *out, const struct policy *p, size_t i)
{
	const struct policy_member *g = &p->member[i];

	buf_printf(out, "group %s ", g->name);
	if (g->threshold == g->size)
		buf_str(out, "all");
	else if (g->threshold == 1)
		buf_str(out, "any");
	else
		buf_printf(out, "%u", g->threshold);
	for (size_t k = 0; k < i; k++)
		if (p->member[k].group == (int)i)
			buf_printf(out, " %s", p->member[k].name);
	buf_str(out, "\n");
}

static void
write_key(struct buf *out, const struct vkey *key, const char *url)
{
	char text[256];

	vkey_write(text, key);
	buf_printf(out, "%s%s%s\n", text, url[0] != '\0' ? " " : "", url);
}

void
policy_write(struct buf *out, const struct policy *p)
{
	for (size_t i = 0; i < p->logs; i++) {
		buf_str(out, "log ");
		write_key(out, &p->log[i].key, p->log[i].url);
	}
	for (size_t i = 0; i < p->members; i++)
		if (p->member[i].size > 0)
			write_group(out, p, i);
		else {
			buf_printf(out, "witness %s ", p->member[i].name);
			write_key(out, &p->member[i].key, p->member[i].url);
		}
	buf_printf(out, "quorum %s\n", policy_quorum(p));
}

const char *
policy_quorum(const struct policy *p)
{
	return p->quorum >= 0 ? p->member[p->quorum].name : "none";
}

/* ---- what it says of a checkpoint ---------------------------------------------------------- */

/* The log of the policy that signed it. A false signature by any other of that origin refuses it as well. */
static enum err
find_log(struct policy_view *v, const struct policy *p, const void *checkpoint, size_t n, struct why *why)
{
	struct checkpoint c;
	int found = 0, named = 0;
	enum err e;

	if ((e = checkpoint_read(&c, checkpoint, n, why)) != OK)
		return e;
	for (size_t i = 0; i < p->logs; i++) {
		const struct vkey *key = &p->log[i].key;

		if (strlen(key->name) != c.origin_n || memcmp(key->name, c.origin, c.origin_n) != 0)
			continue;
		named = 1;
		if ((e = checkpoint_open(&v->head, checkpoint, n, key, why)) == OK && !found) {
			found = 1;
			v->log = i;
		} else if (e != OK && e != ERR_ABSENT)
			return e;
	}
	if (!named)
		return why_set(why, ERR_ABSENT, "checkpoint: of %.*s, which is no log of the policy", c.origin_n < 200 ? (int)c.origin_n : 200, c.origin);
	return found ? OK : ERR_ABSENT;
}

/* A member that witnessed counts in its group; groups stand after their members. */
static int
reached(const struct policy *p, const uint8_t *cosigned)
{
	unsigned count[POLICY_MAX_MEMBERS] = {0};

	for (size_t i = 0; i < p->members; i++) {
		const struct policy_member *m = &p->member[i];
		int witnessed = m->size > 0 ? count[i] >= m->threshold : cosigned[i];

		if (witnessed && (int)i == p->quorum)
			return 1;
		if (witnessed && m->group >= 0)
			count[m->group]++;
	}
	return p->quorum < 0;
}

enum err
policy_open(struct policy_view *out, const struct policy *p, const void *checkpoint, size_t n, struct why *why)
{
	uint8_t cosigned[POLICY_MAX_MEMBERS] = {0};
	struct policy_view v = {.cosigned = 0};
	struct note note;
	enum err e;

	if ((e = find_log(&v, p, checkpoint, n, why)) != OK || (e = note_read(&note, checkpoint, n, why)) != OK)
		return e;
	for (size_t i = 0; i < p->members; i++) {
		const struct policy_member *m = &p->member[i];
		uint64_t time;

		if (m->size > 0)
			continue;
		if ((e = checkpoint_cosigned(&time, &note, &m->key)) != OK)
			return why_set(why, e, "the cosignature of %s is false", m->key.name);
		cosigned[i] = time != 0;
		v.cosigned += cosigned[i];
		v.newest = time > v.newest ? time : v.newest;
	}
	v.quorum = reached(p, cosigned);
	*out = v;
	return OK;
}
