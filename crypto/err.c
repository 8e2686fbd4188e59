#include "crypto/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
err_name(enum err e)
{
	switch (e) {
	case OK:
		return "ok";
	case ERR_IO:
		return "input-output";
	case ERR_NOMEM:
		return "no-memory";
	case ERR_LENGTH:
		return "bad-length";
	case ERR_FORMAT:
		return "bad-format";
	case ERR_RANGE:
		return "out-of-range";
	case ERR_PROOF:
		return "bad-proof";
	case ERR_NOT_NOW:
		return "not-now";
	case ERR_EXISTS:
		return "exists";
	case ERR_ABSENT:
		return "absent";
	case ERR_DENIED:
		return "denied";
	case ERR_CRYPTO:
		return "crypto-failure";
	}
	return "unknown";
}

enum err
why_set(struct why *why, enum err e, const char *format, ...)
{
	va_list ap;

	if (why == NULL)
		return e;
	va_start(ap, format);
	(void)vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
	return e;
}

enum err
why_prefix(struct why *why, enum err e, const char *format, ...)
{
	struct why old;
	va_list ap;
	size_t n;

	if (why == NULL)
		return e;
	old = *why;
	va_start(ap, format);
	(void)vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
	n = strlen(why->text);
	(void)snprintf(why->text + n, sizeof why->text - n, ": %.*s", (int)sizeof old.text - 1, old.text);
	return e;
}
