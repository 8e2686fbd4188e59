/* tests/test_mirror.c - ledger/mirror.c
 *
 * Goal    only a last frame that an append left unfinished is ever cut off; whatever else is damaged stays as it is and is
 *         refused; a start reads the tail alone, and what tells where it begins may be lost, torn or of another file.
 * Method  a mirror of 40 frames, cut, changed and torn at many places, and opened.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/hash.h"
#include "ledger/mirror.h"

enum { FRAMES = 40, IN_FRAME = 3, ENTRY = 5000, FRAME = 4 + 12 + IN_FRAME * (2 + ENTRY) + 10 + HASH_BYTES };

static char dir[64], path[100], end[110];
static struct buf whole, whole_end; /* the mirror's bytes, and those of its note */

static void
add_frame(struct mirror *m, unsigned i)
{
	uint8_t entry[ENTRY];
	struct buf entries = {0}, checkpoint = {0};
	struct why why = {""};

	memset(entry, (int)i, sizeof entry);
	for (int k = 0; k < IN_FRAME; k++)
		buf_vec16(&entries, entry, sizeof entry);
	buf_str(&checkpoint, "checkpoint");
	assert_int_equal(mirror_append(m, IN_FRAME, &entries, &checkpoint, &why), OK);
	buf_free(&entries);
	buf_free(&checkpoint);
}

static int
make(void **state)
{
	struct mirror *m;
	struct why why = {""};

	(void)state;
	(void)strcpy(dir, "/tmp/urna-mirror-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/mirror", dir);
	(void)snprintf(end, sizeof end, "%s.end", path);
	assert_int_equal(mirror_open(&m, path, &why), OK);
	for (unsigned i = 0; i < FRAMES; i++)
		add_frame(m, i);
	assert_int_equal(mirror_size(m), FRAMES * IN_FRAME);
	mirror_close(m);
	assert_int_equal(file_read(&whole, path, 1 << 24, &why), OK);
	assert_int_equal(whole.n, FRAMES * FRAME);
	return file_read(&whole_end, end, 1 << 12, &why);
}

static int
drop(void **state)
{
	char cmd[100];

	(void)state;
	buf_free(&whole);
	buf_free(&whole_end);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

/* The first n bytes with one changed (at n: none), and a note or none. */
static void
put(size_t n, size_t at, const struct buf *note)
{
	struct why why = {""};

	if (at < n)
		whole.p[at] ^= 0x20;
	assert_int_equal(file_write(path, whole.p, n, 0600, &why), OK);
	if (at < n)
		whole.p[at] ^= 0x20;
	(void)unlink(end);
	if (note != NULL)
		assert_int_equal(file_write(end, note->p, note->n, 0600, &why), OK);
}

static unsigned long long
bytes_read(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/io", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "rchar: %llu", &n), 1);
	(void)fclose(f);
	return n;
}

/* Opens with so many frames whole, and goes on. Returns how much was read for that. */
static unsigned long long
opens(unsigned frames)
{
	unsigned long long before = bytes_read(), n;
	struct mirror *m;
	struct why why = {""};
	uint64_t size;

	if (mirror_open(&m, path, &why) != OK)
		fail_msg("%s", why.text);
	n = bytes_read() - before;
	assert_int_equal(mirror_size(m), frames * IN_FRAME);
	add_frame(m, frames);
	mirror_close(m);
	assert_int_equal(mirror_read(path, NULL, NULL, &size, &why), OK);
	assert_int_equal(size, (frames + 1) * IN_FRAME);
	return n;
}

/* Refused, and every byte is as it was. */
static void
refused(unsigned frames)
{
	struct buf before = {0}, after = {0};
	struct why why = {""};
	struct mirror *m;
	char sentence[80];
	uint64_t size;

	(void)snprintf(sentence, sizeof sentence, "is damaged behind entry %u", frames * IN_FRAME);
	assert_int_equal(file_read(&before, path, 1 << 24, &why), OK);
	assert_int_equal(mirror_open(&m, path, &why), ERR_PROOF);
	if (strstr(why.text, sentence) == NULL)
		fail_msg("%s", why.text);
	assert_int_equal(mirror_read(path, NULL, NULL, &size, &why), ERR_FORMAT);
	assert_int_equal(size, frames * IN_FRAME);
	assert_int_equal(file_read(&after, path, 1 << 24, &why), OK);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, after.n);
	buf_free(&before);
	buf_free(&after);
}

static void
torn_last_frame(void **state)
{
	static const size_t left[] = {1, 3, 4, 5, 12, 17, 5000, FRAME - 33, FRAME - 32, FRAME - 1};

	(void)state;
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		put((FRAMES - 1) * FRAME + left[i], whole.n, NULL);
		(void)opens(FRAMES - 1);
	}
	for (size_t at = (FRAMES - 1) * FRAME; at < whole.n; at += 3001) { /* all its bytes there, and one of them wrong */
		put(whole.n, at, NULL);
		(void)opens(FRAMES - 1);
	}
}

static void
damaged_in_the_middle(void **state)
{
	(void)state;
	for (size_t at = 0; at < 24; at++) { /* the length, which may lead anywhere, the counts, the first entry */
		put(whole.n, 10 * FRAME + at, NULL);
		refused(10);
		put(whole.n - 1, 10 * FRAME + at, NULL); /* and the last frame torn */
		refused(10);
	}
	put(whole.n, (FRAMES - 2) * FRAME + 1, NULL); /* the last but one */
	refused(FRAMES - 2);
	put(whole.n, whole.n - 100, &whole_end); /* the last, which was whole once */
	refused(FRAMES - 1);
}

static void
reads_the_tail_alone(void **state)
{
	struct buf note = {0};

	(void)state;
	put(whole.n, whole.n, &whole_end);
	assert_true(opens(FRAMES) < 3 * FRAME);
	put(whole.n, whole.n, NULL);
	assert_true(opens(FRAMES) > whole.n);
	assert_int_equal(access(end, F_OK), 0); /* and from then on it is known again */
	for (size_t i = 0; i < whole_end.n; i += 13) { /* torn, or changed */
		buf_free(&note);
		buf_put(&note, whole_end.p, i);
		put(whole.n, whole.n, &note);
		(void)opens(FRAMES);
		buf_put(&note, whole_end.p + i, whole_end.n - i);
		note.p[i] ^= 1;
		put(whole.n, whole.n, &note);
		(void)opens(FRAMES);
	}
	put(20 * FRAME, whole.n, &whole_end); /* of a mirror that has more */
	(void)opens(20);
	put(0, whole.n, &whole_end);
	(void)opens(0);
	buf_free(&note);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(torn_last_frame, make, drop),
	    cmocka_unit_test_setup_teardown(damaged_in_the_middle, make, drop),
	    cmocka_unit_test_setup_teardown(reads_the_tail_alone, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
