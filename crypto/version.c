#include "crypto/version.h"

#include <stdio.h>
#include <string.h>

int
version_asked(int argc, char **argv, const char *program)
{
	if (argc != 2 || strcmp(argv[1], "--version") != 0)
		return 0;
	(void)printf("%s %s\n", program, VERSION); /* the Makefile's */
	return 1;
}
