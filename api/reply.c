#include "api/reply.h"

#include "election/json.h"

/* The sentences for voters, and for who keeps the service, whose refusals have other causes. */
static const struct refusal {
	enum err e;
	unsigned status;
	const char *voter, *operator;
} refusals[] = {
    {ERR_FORMAT, 400, "La petici\xc3\xb3n no est\xc3\xa1 bien formada.",
	"La orden, o un archivo que se ley\xc3\xb3 para cumplirla, no est\xc3\xa1 bien formado."},
    {ERR_LENGTH, 400, "La petici\xc3\xb3n no tiene la longitud debida.",
	"La orden, o un archivo que se ley\xc3\xb3 para cumplirla, no tiene la longitud debida."},
    {ERR_RANGE, 400, "La petici\xc3\xb3n tiene un valor fuera de lo permitido.",
	"La orden, o un archivo que se ley\xc3\xb3 para cumplirla, dice algo que no se admite."},
    {ERR_PROOF, 403, "Una firma o prueba es falsa.",
	"Una firma, una prueba o una llave no es la debida."},
    {ERR_DENIED, 403, "Los datos de acceso no son correctos.",
	"No se permite (a quien lo firma, o a nadie), o un archivo sellado no se abre con su llave o contrase\xc3\xb1" "a."},
    {ERR_ABSENT, 404, "No existe.",
	"Falta un archivo, una firma o una persona que se necesita, o no hay tal recurso."},
    {ERR_EXISTS, 409, "Ya hay una petici\xc3\xb3n anterior y distinta.",
	"Ya se hizo, o ya existe."},
    {ERR_NOT_NOW, 503, "No es posible en este momento.",
	"No es posible en este momento."}};

static const struct refusal *
refusal_of(enum err e)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].e == e)
			return &refusals[i];
	return NULL;
}

void
reply_refused(struct http_reply *r, enum err e, const char *spanish, const char *english)
{
	const struct refusal *x = refusal_of(e);
	struct json_out o;

	r->status = x != NULL ? x->status : 500;
	buf_free(&r->body);
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	json_text(&o, "error", err_name(e));
	if (spanish != NULL)
		json_text(&o, "es", spanish);
	json_text(&o, "en", english);
	json_end(&o, '}');
}

void
reply_error(struct http_reply *r, enum err e, const char *english)
{
	const struct refusal *x = refusal_of(e);

	reply_refused(r, e, x != NULL ? x->voter : NULL, english);
}

void
reply_operator(struct http_reply *r, enum err e, const char *english)
{
	const struct refusal *x = refusal_of(e);

	reply_refused(r, e, x != NULL ? x->operator : NULL, english);
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
