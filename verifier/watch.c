#include "verifier/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "election/json.h"
#include "verifier/heads.h"
#include "verifier/options.h"
#include "verifier/report.h"

enum { LINE_MOST = (NOTE_MAX_BYTES + 2) / 3 * 4 + 64 }; /* of the state: the longest note there is */

static const char usage[] =
    "usage: urna-verify watch DIR-or-URL --log-key VKEY --state FILE [--interval S] [--once] [--max-age S]\n"
    "         [--evidence DIR] [--witness VKEY ... [--quorum K]] [--json]\n"
    "       urna-verify watch DIR-or-URL --policy FILE [--log-key VKEY] --state FILE ...\n"
    "  Reads the log's checkpoint every S seconds (60), keeps each head in FILE, proves by the log's tiles that\n"
    "  it grew out of those before, and raises an alarm on: fork, rollback, bad-signature, stale (no newer head,\n"
    "  or where witnesses are asked for no newer cosignature, for --max-age seconds), uncosigned (fewer than K of\n"
    "  the witnesses, or not the quorum of the policy). --policy: a tlog-policy file (see urna-verify policy).\n"
    "  A fork ends it. Exit: 0 all good, 1 an alarm, 2 something could not be read or proved.\n";

/* One line of the state: FLAG TIME BASE64(note). '+': proved to continue the '+' before; '?': not proved (yet). */
struct kept {
	struct signed_head s;
	int64_t seen;
	int proved;
};

struct watch {
	struct policy policy;
	struct vkey log; /* the one of the policy that is watched */
	struct file_source src;
	const char *where, *evidence;
	int64_t max_age;
	int json, fd, alarms, unsaid, forked;
	struct kept *kept;
	size_t n, room;
	int two; /* the state holds two heads of one size: */
	size_t first, second;
};

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* ---- what is told ------------------------------------------------------------ */

static void
tell(const struct watch *w, const char *event, const struct head *head, const char *text, const char *folder)
{
	struct buf b = {0};
	struct json_out o = json_out(&b);
	char when[21];

	time_text(when, (int64_t)time(NULL));
	if (!w->json) {
		struct why plain = {""};

		(void)snprintf(plain.text, sizeof plain.text, "%s", text);
		text_clean(plain.text);
		(void)printf("%s  %-13s ", when, event);
		if (head != NULL)
			(void)printf("%" PRIu64 " entries  ", head->size);
		(void)printf("%s%s%s\n", plain.text, folder[0] != '\0' ? "  evidence in " : "", folder);
	} else {
		json_begin(&o, NULL, '{');
		json_text(&o, "time", when);
		json_text(&o, "log", w->log.name);
		json_text(&o, "event", event);
		if (head != NULL) {
			json_int(&o, "size", (int64_t)head->size);
			json_hash(&o, "root", &head->root);
		}
		json_text(&o, "reason", text);
		json_text(&o, "evidence", folder);
		json_end(&o, '}');
		for (size_t i = 0; i + 1 < b.n; i++) /* one line an event; texts hold no newline of their own */
			if (b.p[i] == '\n')
				b.p[i] = ' ';
		(void)fwrite(b.p, 1, b.n, stdout);
		buf_free(&b);
	}
	(void)fflush(stdout);
}

static void
alarm_of(struct watch *w, const char *kind, const struct head *head, const char *text, const struct buf *now, const struct buf *before, const struct tile_reader *tiles)
{
	static const struct buf none = {0};
	char folder[512] = "";
	struct why why;

	w->alarms++;
	if (w->evidence != NULL && now != NULL && evidence_write(folder, w->evidence, kind, now, before != NULL ? before : &none, tiles, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: the evidence could not be written: %s\n", why.text);
		folder[0] = '\0';
	}
	tell(w, kind, head, text, folder);
}

/* ---- the state --------------------------------------------------------------- */

static enum err
keep(struct watch *w, const struct signed_head *s, int64_t seen, int proved)
{
	struct kept *k;

	if (w->n == w->room) {
		size_t room = w->room == 0 ? 64 : 2 * w->room;
		struct kept *more = realloc(w->kept, room * sizeof *more);

		if (more == NULL)
			return ERR_NOMEM;
		w->kept = more;
		w->room = room;
	}
	k = &w->kept[w->n];
	*k = (struct kept){.s.head = s->head, .seen = seen, .proved = proved};
	buf_put(&k->s.note, s->note.p, s->note.n);
	if (k->s.note.failed)
		return ERR_NOMEM;
	w->n++;
	return OK;
}

static enum err
read_line(struct watch *w, char *line, struct why *why)
{
	struct signed_head s = {0};
	long long seen;
	int at = 0;
	size_t n = strlen(line);
	uint8_t *note = malloc(n + 1);
	enum err e = ERR_FORMAT;

	if (note == NULL)
		return ERR_NOMEM;
	if (sscanf(line, "%*1[+?] %lld %n", &seen, &at) == 1 && at > 0 && base64_decode(note, &n, line + at, n - (size_t)at) == OK &&
	    (e = head_take(&s, note, n, &w->log, why)) == OK && (e = head_thin(&s, &w->policy)) == OK)
		e = keep(w, &s, seen, line[0] == '+');
	buf_free(&s.note);
	free(note);
	return e;
}

/* The next line into `line` (LINE_MOST bytes), *n with its newline. ERR_ABSENT: there is none, or one without an end; ERR_LENGTH; ERR_IO. */
static enum err
next_line(FILE *f, char *line, size_t *n)
{
	int c = 0;

	for (*n = 0; *n < LINE_MOST && (c = getc(f)) != EOF && c != '\n'; ++*n)
		line[*n] = (char)c;
	if (*n == LINE_MOST)
		return ERR_LENGTH;
	line[(*n)++] = '\0';
	return c == '\n' ? OK : ferror(f) ? ERR_IO : ERR_ABSENT;
}

/* Every whole line, *whole bytes in all. A last one whose blocks came out of order does not count. */
static enum err
read_lines(struct watch *w, FILE *f, off_t *whole, const char *path, struct why *why)
{
	char *line = malloc(LINE_MOST);
	size_t n, number = 0;
	enum err e = line != NULL ? OK : ERR_NOMEM;

	while (e == OK && (e = next_line(f, line, &n)) == OK) {
		number++;
		if ((e = read_line(w, line, why)) == OK)
			*whole += (off_t)n;
		else if (e == ERR_FORMAT && getc(f) == EOF && !ferror(f))
			e = ERR_ABSENT;
		else if (e != ERR_NOMEM)
			e = why_set(why, e, "%s: line %zu is no head signed by %s; keep the file, it is your evidence, and start another", path, number, w->log.name);
	}
	free(line);
	if (e == ERR_LENGTH)
		return why_set(why, e, "%s: line %zu is longer than that of any head; keep the file, and start another", path, number + 1);
	return e == ERR_ABSENT ? OK : e == ERR_IO ? why_set(why, e, "%s: %s", path, strerror(errno)) : e;
}

struct place {
	uint64_t size;
	size_t at;
};

static int
by_size(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->size != y->size ? (x->size > y->size) - (x->size < y->size) : (x->at > y->at) - (x->at < y->at);
}

/* Two kept heads of one size with two roots: they are w->first and w->second. */
static enum err
find_fork(struct watch *w)
{
	struct place *p = malloc((w->n + 1) * sizeof *p);

	if (p == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->n; i++)
		p[i] = (struct place){w->kept[i].s.head.size, i};
	qsort(p, w->n, sizeof *p, by_size);
	for (size_t i = 1; i < w->n && !w->two; i++)
		if (p[i].size == p[i - 1].size && !hash_equal(&w->kept[p[i].at].s.head.root, &w->kept[p[i - 1].at].s.head.root)) {
			w->two = 1;
			w->first = p[i - 1].at;
			w->second = p[i].at;
		}
	free(p);
	return OK;
}

/* What a power cut left of a last line is cut off. */
static enum err
state_open(struct watch *w, const char *path, struct why *why)
{
	struct stat st;
	off_t whole = 0;
	FILE *f;
	enum err e;

	if ((w->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (flock(w->fd, LOCK_EX | LOCK_NB) != 0)
		return why_set(why, ERR_NOT_NOW, "%s: another watch keeps it; give each its own --state", path);
	if ((f = fopen(path, "re")) == NULL)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	e = read_lines(w, f, &whole, path, why);
	(void)fclose(f);
	if (e == OK && (fstat(w->fd, &st) != 0 || (st.st_size > whole && (ftruncate(w->fd, whole) != 0 || fsync(w->fd) != 0))))
		e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	return e == OK ? find_fork(w) : e;
}

static void
state_line(struct buf *out, const struct buf *note, int64_t seen, int proved)
{
	char *text = malloc(4 * (note->n + 2) / 3 + 8);

	if (text == NULL) {
		out->failed = 1;
		return;
	}
	base64_encode(text, note->p, note->n);
	buf_printf(out, "%c %" PRId64 " ", proved ? '+' : '?', seen);
	buf_str(out, text);
	buf_str(out, "\n");
	free(text);
}

static enum err
state_add(struct watch *w, const struct signed_head *s, int64_t seen, int proved, struct why *why)
{
	struct buf b = {0};
	enum err e = OK;

	state_line(&b, &s->note, seen, proved);
	if (b.failed)
		e = ERR_NOMEM;
	else if (write(w->fd, b.p, b.n) != (ssize_t)b.n || fsync(w->fd) != 0)
		e = why_set(why, ERR_IO, "the state cannot be written: %s", strerror(errno));
	buf_free(&b);
	return e != OK ? e : keep(w, s, seen, proved);
}

/* ---- one look ---------------------------------------------------------------- */

static void
alarm_fork(struct watch *w, const struct head *now, const struct signed_head *small, const struct signed_head *big, const struct tile_reader *tiles)
{
	char text[200];

	(void)snprintf(text, sizeof text, "heads of %" PRIu64 " and %" PRIu64 " entries, both signed, are two histories", small->head.size, big->head.size);
	alarm_of(w, "fork", now, text, &big->note, &small->note, tiles);
}

/* The new head against the biggest proved head, every head not proved, and those of its size. */
static int
relate_all(struct watch *w, const struct signed_head *now, int *proved)
{
	size_t last = w->n;
	int forked = 0;

	*proved = 1;
	for (size_t i = 0; i < w->n; i++)
		if (w->kept[i].proved && (last == w->n || w->kept[i].s.head.size >= w->kept[last].s.head.size))
			last = i;
	for (size_t i = 0; i < w->n && !forked; i++) {
		const struct kept *k = &w->kept[i];
		const struct signed_head *small = k->s.head.size <= now->head.size ? &k->s : now, *big = small == now ? &k->s : now;
		struct tile_reader tiles = {.src = &w->src, .size = big->head.size};
		enum relation rel;
		struct why why = {""};
		enum err e;

		if (k->proved && i != last && k->s.head.size != now->head.size)
			continue;
		if ((e = heads_relate(&rel, &small->head, &big->head, &tiles, &why)) != OK) {
			*proved = 0;
			if (small != now) { /* a head that is behind is told as rollback */
				w->unsaid++;
				tell(w, "unproved", &now->head, why.text, "");
			}
		} else if (rel == RELATION_FORK) {
			alarm_fork(w, &now->head, small, big, small->head.size == big->head.size ? NULL : &tiles);
			forked = 1;
			*proved = 0;
		}
		tile_reader_free(&tiles);
	}
	return forked;
}

static const struct kept *
biggest(const struct watch *w)
{
	const struct kept *k = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (k == NULL || w->kept[i].s.head.size > k->s.head.size)
			k = &w->kept[i];
	return k;
}

/* The head, and as a state that this command reads when it was first seen and when the alarm was raised. */
static enum err
stale_evidence(char folder[512], const struct watch *w, const struct kept *last, const struct buf *note, struct why *why)
{
	static const struct buf none = {0};
	struct buf state = {0};
	char path[600];
	enum err e;

	state_line(&state, &last->s.note, last->seen, last->proved);
	state_line(&state, note, (int64_t)time(NULL), 0);
	if ((e = state.failed ? ERR_NOMEM : evidence_write(folder, w->evidence, "stale", note, &none, NULL, why)) == OK) {
		(void)snprintf(path, sizeof path, "%s/state", folder);
		e = file_write(path, state.p, state.n, 0644, why);
	}
	buf_free(&state);
	return e;
}

/* now: the head that is shown; NULL: none could be read, and the biggest is the last one. */
static void
check_age(struct watch *w, const struct signed_head *now)
{
	const struct kept *last = biggest(w);
	char text[160], folder[512] = "";
	struct policy_view v = {.newest = 0};
	struct why why = {""};
	int64_t t, age;
	int witnessed = w->policy.quorum >= 0; /* then it is the witnesses' word that must be new */

	if (w->max_age == 0 || last == NULL)
		return;
	if (now == NULL)
		now = &last->s;
	if (policy_open(&v, &w->policy, now->note.p, now->note.n, &why) != OK)
		v.newest = 0;
	t = witnessed ? (int64_t)v.newest : last->seen;
	if ((age = (int64_t)time(NULL) - t) <= w->max_age)
		return;
	(void)snprintf(text, sizeof text, t == 0 ? "no cosignature at all" : witnessed ? "the newest cosignature is %lld seconds old" : "no newer head for %lld seconds", (long long)age);
	w->alarms++;
	if (w->evidence != NULL && stale_evidence(folder, w, last, &now->note, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: the evidence could not be written: %s\n", why.text);
		folder[0] = '\0';
	}
	tell(w, "stale", &now->head, text, folder);
}

static enum err
look(struct watch *w, struct why *why)
{
	const struct kept *last = biggest(w);
	struct signed_head now = {0};
	struct buf b = {0};
	struct policy_view v;
	int known = 0, listed = 0, proved = 0, before = w->alarms;
	enum err e;

	if (w->two) { /* whatever is shown now */
		alarm_fork(w, &w->kept[w->second].s.head, &w->kept[w->first].s, &w->kept[w->second].s, NULL);
		w->forked = 1;
		return OK;
	}
	e = source_read(&w->src, "checkpoint", NOTE_MAX_BYTES, &b, why);
	if (e != OK) {
		w->unsaid++;
		tell(w, "unreachable", NULL, why->text, "");
		check_age(w, NULL);
		buf_free(&b);
		return OK;
	}
	if ((e = policy_open(&v, &w->policy, b.p, b.n, why)) != OK || (e = head_take(&now, b.p, b.n, &w->log, why)) != OK) {
		alarm_of(w, "bad-signature", NULL, why->text, &b, last != NULL ? &last->s.note : NULL, NULL);
		check_age(w, NULL);
		buf_free(&b);
		buf_free(&now.note);
		return OK;
	}
	buf_free(&b);
	if ((e = head_thin(&now, &w->policy)) != OK) {
		buf_free(&now.note);
		return e;
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->kept[i].s.head.size == now.head.size && hash_equal(&w->kept[i].s.head.root, &now.head.root)) {
			listed = 1;
			known |= w->kept[i].proved;
		}
	w->forked = !known && relate_all(w, &now, &proved);
	if (last != NULL && now.head.size < last->s.head.size && !w->forked) {
		char text[160];

		(void)snprintf(text, sizeof text, "a head of %" PRIu64 " entries was shown before", last->s.head.size);
		alarm_of(w, "rollback", &now.head, text, &now.note, &last->s.note, NULL);
		proved = 0;
	}
	if (!v.quorum) {
		char text[256];

		(void)snprintf(text, sizeof text, "%zu of the witnesses cosigned, the quorum is %s", v.cosigned, policy_quorum(&w->policy));
		alarm_of(w, "uncosigned", &now.head, text, &now.note, NULL, NULL);
	}
	e = known || (listed && !proved) ? OK : state_add(w, &now, (int64_t)time(NULL), proved, why);
	if (e == OK && !w->forked)
		check_age(w, &now);
	if (e == OK && w->alarms == before && (known || proved))
		tell(w, known ? "unchanged" : last == NULL ? "first" : "grown", &now.head, known ? "" : last == NULL ? "nothing to compare it with yet" : "proved to continue what was seen", "");
	buf_free(&now.note);
	return e;
}

int
cmd_watch(int argc, char **argv)
{
	const char *state = option(argc, argv, "--state");
	struct watch *w = calloc(1, sizeof *w);
	struct sigaction act = {.sa_handler = on_signal};
	int once = flag(argc, argv, "--once"), code = 2, file;
	int64_t interval;
	struct why why = {""};
	enum err e;

	if (w == NULL)
		return 2;
	w->fd = -1;
	w->evidence = option(argc, argv, "--evidence");
	w->json = flag(argc, argv, "--json");
	if ((e = option_number(argc, argv, "--interval", 1, 86400, 60, &interval, &why)) != OK ||
	    (e = option_number(argc, argv, "--max-age", 1, INT32_MAX, 0, &w->max_age, &why)) != OK ||
	    (e = option_policy(argc, argv, &w->policy, &file, &why)) != OK)
		goto done;
	if ((w->where = word(argc, argv)) == NULL || (w->policy.logs == 0 && !file) || state == NULL) {
		(void)say_left(argc, argv);
		e = why_set(&why, ERR_FORMAT, "give a log, --log-key or --policy, and --state\n%s", usage);
		goto done;
	}
	if ((e = source_open(&w->src, w->where, &why)) != OK || (e = policy_choose(&w->policy, &w->src, &why)) != OK)
		goto done;
	w->log = w->policy.log[0].key;
	if ((e = state_open(w, state, &why)) != OK)
		goto done;
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	do {
		struct timespec t = {interval, 0};

		if ((e = look(w, &why)) != OK || once || w->forked)
			break;
		(void)nanosleep(&t, NULL); /* a signal ends it at once */
	} while (!stop);
	code = e != OK ? 2 : w->alarms > 0 ? 1 : once && w->unsaid > 0 ? 2 : 0;
done:
	if (e != OK) {
		text_clean(why.text);
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
	}
	for (size_t i = 0; i < w->n; i++)
		buf_free(&w->kept[i].s.note);
	free(w->kept);
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w);
	return code;
}
