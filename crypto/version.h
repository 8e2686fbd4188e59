/* crypto/version.h - what PROGRAM --version prints: the file VERSION of the tree that it was built from. */
#ifndef CRYPTO_VERSION_H
#define CRYPTO_VERSION_H

/* 1, and the line is printed, if --version is the only argument. */
int version_asked(int argc, char **argv, const char *program);

#endif
