#include "api/reply.h"

#include "election/json.h"

void
reply_error(struct http_reply *r, enum err e, const char *english)
{
	static const struct {
		enum err e;
		unsigned status;
		const char *es;
	} table[] = {{ERR_FORMAT, 400, "La petici\xc3\xb3n no est\xc3\xa1 bien formada."},
	    {ERR_LENGTH, 400, "La petici\xc3\xb3n no tiene la longitud debida."},
	    {ERR_RANGE, 400, "La petici\xc3\xb3n tiene un valor fuera de lo permitido."},
	    {ERR_PROOF, 403, "Una firma o prueba es falsa."},
	    {ERR_DENIED, 403, "Los datos de acceso no son correctos."},
	    {ERR_ABSENT, 404, "No existe."},
	    {ERR_EXISTS, 409, "Ya hay una petici\xc3\xb3n anterior y distinta."},
	    {ERR_NOT_NOW, 503, "No es posible en este momento de la elecci\xc3\xb3n."}};
	const char *spanish = NULL;
	struct json_out o;

	r->status = 500;
	buf_free(&r->body);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].e == e) {
			r->status = table[i].status;
			spanish = table[i].es;
		}
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	json_text(&o, "error", err_name(e));
	if (spanish != NULL)
		json_text(&o, "es", spanish);
	json_text(&o, "en", english);
	json_end(&o, '}');
}

void
reply_locked(struct http_reply *r, unsigned seconds, const char *spanish, const char *english)
{
	struct json_out o;

	r->status = 429;
	r->retry_after = seconds;
	buf_free(&r->body);
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	json_text(&o, "error", "locked");
	json_text(&o, "es", spanish);
	json_text(&o, "en", english);
	json_int(&o, "retry_after", seconds);
	json_end(&o, '}');
}

void
reply_refusal(struct http_reply *r, enum http_refusal why)
{
	switch (why) {
	case HTTP_TOO_MANY:
		reply_locked(r, 2, "Demasiadas peticiones desde esta direcci\xc3\xb3n; intente de nuevo en unos segundos.",
		    "too many requests from this address; try again in some seconds");
		break;
	case HTTP_TOO_LONG:
		reply_error(r, ERR_LENGTH, "the body is too long");
		r->status = 413;
		break;
	case HTTP_NO_MEMORY:
		reply_error(r, ERR_NOMEM, "out of memory");
		break;
	case HTTP_NO_FILE:
		reply_error(r, ERR_ABSENT, "no such file");
		break;
	case HTTP_NO_PATH:
	case HTTP_OTHER_METHOD:
		reply_error(r, ERR_ABSENT, "no such resource");
		break;
	}
}
