/* tests/fuzz/fuzz_http.c - bodies and paths of both listeners and of the private socket, on a service that is open
 *
 * Whatever comes is answered, with a status and a body, and authorizes, casts and appends nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "api/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct service *
open_service(void)
{
	struct service *s = calloc(1, sizeof *s);

	if (s == NULL || (s->manifest = calloc(1, sizeof *s->manifest)) == NULL || (s->person = calloc(1, sizeof *s->person)) == NULL ||
	    (s->roll.row = calloc(1, sizeof *s->roll.row)) == NULL)
		abort();
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlock_init(&s->roll_lock, NULL);
	(void)pthread_rwlock_init(&s->box_lock, NULL);
	s->loaded = s->view.loaded = 1;
	s->view.stage = "open";
	s->view.progress.begun = 0x1e;
	s->view.progress.opened = 1;
	s->manifest->styles = 1;
	s->manifest->style[0].contests = 1;
	s->manifest->code_digits = 6;
	s->roll.n = s->persons = 1;
	s->roll.row[0].style = 1;
	s->roll.row[0].key[31] = 1;
	(void)strcpy(s->person[0].user, "persona");
	(void)strcpy(s->config.record, "/nonexistent");
	s->logins = logins_new(1);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const account[] = {"/login/start", "/login/answer", "/login/code", "/authorize", "/confirm"};
	static const char *const box[] = {"/cast", "/receipt"};
	static struct service *s;
	struct http_request q = {0};
	struct http_reply r = {0};
	char path[256];

	if (s == NULL)
		s = open_service();
	if (n < 1)
		return 0;
	q.method = "POST";
	q.body = p + 1;
	q.body_n = n - 1;
	r.status = 200;
	switch (p[0] % 10) {
	case 5:
	case 6:
		q.path = box[p[0] % 10 - 5];
		box_handle(s, &q, &r);
		break;
	case 7: /* a signed entry that is none */
		q.path = "/event";
		control_handle(s, &q, &r);
		break;
	case 8: /* paths */
	case 9:
		q.method = "GET";
		q.body_n = 0;
		memcpy(path, "/record/", 8);
		memcpy(path + 8, p + 1, n - 1 < 240 ? n - 1 : 240);
		path[8 + (n - 1 < 240 ? n - 1 : 240)] = '\0';
		q.path = p[0] % 10 == 8 ? path : path + 7;
		account_handle(s, &q, &r);
		break;
	default:
		q.path = account[p[0] % 10];
		account_handle(s, &q, &r);
	}
	if ((r.body.n == 0) == (r.file[0] == '\0') || s->authorizations != 0 || s->casts != 0)
		abort();
	if (r.file[0] != '\0' && (strncmp(r.file, "/nonexistent/", 13) != 0 || strstr(r.file, "..") != NULL)) /* the record, and nothing beside it */
		abort();
	buf_free(&r.body);
	return 0;
}
