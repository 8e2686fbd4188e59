#include "election/counting.h"

#include <stdio.h>
#include <string.h>

void
tally_add(struct tally *t, const struct contest *c, size_t marking)
{
	if (marking == 0 || marking > c->lines) {
		t->outside++;
		marking = c->lines; /* the last line is the null one */
	}
	t->line[marking - 1]++;
	t->total++;
}

void
tally_sum(struct tally *t, const struct tally *part)
{
	for (size_t i = 0; i < MAX_LINES; i++)
		t->line[i] += part->line[i];
	for (size_t i = 0; i < MAX_EMBLEMS; i++)
		t->party[i] += part->party[i];
	t->total += part->total;
	t->outside += part->outside;
}

void
tally_split(struct tally *t, const struct contest *c)
{
	uint64_t own[MAX_EMBLEMS] = {0}, *votes = t->party;

	for (unsigned p = 0; p < c->parties; p++)
		votes[p] = 0;
	for (unsigned l = 0; l < c->lines; l++)
		for (unsigned p = 0; p < c->parties; p++)
			if (c->line[l].parties == 1u << p)
				own[p] = votes[p] = t->line[l];
	for (unsigned l = 0; l < c->lines; l++) {
		uint32_t members = c->line[l].parties, given = 0;
		unsigned n = (unsigned)__builtin_popcount(members);
		uint64_t rest;

		if (n < 2)
			continue;
		rest = t->line[l] % n;
		for (unsigned p = 0; p < c->parties; p++)
			if (members >> p & 1)
				votes[p] += t->line[l] / n;
		for (; rest > 0; rest--) { /* to the most voted emblem that has none yet */
			int best = -1;

			for (unsigned p = 0; p < c->parties; p++)
				if ((members & ~given) >> p & 1 && (best < 0 || own[p] > own[best]))
					best = (int)p;
			votes[best]++;
			given |= 1u << best;
		}
	}
}

static void
below_thousand(char *out, size_t size, unsigned n, int apocope)
{
	static const char *const small[] = {"", "UNO", "DOS", "TRES", "CUATRO", "CINCO", "SEIS", "SIETE", "OCHO", "NUEVE", "DIEZ", "ONCE",
	    "DOCE", "TRECE", "CATORCE", "QUINCE", "DIECIS\xc3\x89IS", "DIECISIETE", "DIECIOCHO", "DIECINUEVE", "VEINTE", "VEINTIUNO",
	    "VEINTID\xc3\x93S", "VEINTITR\xc3\x89S", "VEINTICUATRO", "VEINTICINCO", "VEINTIS\xc3\x89IS", "VEINTISIETE", "VEINTIOCHO", "VEINTINUEVE"};
	static const char *const tens[] = {"", "", "", "TREINTA", "CUARENTA", "CINCUENTA", "SESENTA", "SETENTA", "OCHENTA", "NOVENTA"};
	static const char *const hundreds[] = {"", "CIENTO", "DOSCIENTOS", "TRESCIENTOS", "CUATROCIENTOS", "QUINIENTOS", "SEISCIENTOS",
	    "SETECIENTOS", "OCHOCIENTOS", "NOVECIENTOS"};
	unsigned h = n / 100, r = n % 100;
	const char *unit = r < 30 ? small[r] : small[r % 10];

	if (apocope && r % 10 == 1 && r != 11)
		unit = r == 21 ? "VEINTI\xc3\x9aN" : "UN";
	if (n == 100)
		(void)snprintf(out, size, "CIEN");
	else if (r < 30)
		(void)snprintf(out, size, "%s%s%s", hundreds[h], h > 0 && r > 0 ? " " : "", unit);
	else
		(void)snprintf(out, size, "%s%s%s%s%s", hundreds[h], h > 0 ? " " : "", tens[r / 10], r % 10 > 0 ? " Y " : "", unit);
}

void
number_words(char *out, size_t size, uint64_t n)
{
	unsigned millions = (unsigned)(n / 1000000), thousands = (unsigned)(n / 1000 % 1000), units = (unsigned)(n % 1000);
	char part[128];
	size_t at = 0;

	out[0] = '\0';
	if (n == 0) {
		(void)snprintf(out, size, "CERO");
		return;
	}
	if (millions > 0) {
		below_thousand(part, sizeof part, millions, 1);
		at = (size_t)snprintf(out, size, "%s", millions == 1 ? "UN MILL\xc3\x93N" : part);
		if (millions > 1 && at < size)
			at += (size_t)snprintf(out + at, size - at, " MILLONES");
	}
	if (thousands > 0 && at < size) {
		below_thousand(part, sizeof part, thousands, 1);
		at += (size_t)snprintf(out + at, size - at, "%s%s%sMIL", at > 0 ? " " : "", thousands == 1 ? "" : part, thousands == 1 ? "" : " ");
	}
	if (units > 0 && at < size) {
		below_thousand(part, sizeof part, units, 0);
		(void)snprintf(out + at, size - at, "%s%s", at > 0 ? " " : "", part);
	}
}
