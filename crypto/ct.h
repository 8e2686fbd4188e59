/* crypto/ct.h - where a secret becomes public, for the constant-time tests.
 *
 * `make ct` builds with URNA_CT and runs under valgrind with secrets marked
 * undefined: a branch or index that depends on one is an error. declassify()
 * marks a value that may be known from here on; each use says why. In other
 * builds it is nothing.
 */
#ifndef CRYPTO_CT_H
#define CRYPTO_CT_H

#ifdef URNA_CT
#include <valgrind/memcheck.h>
#define classify(p, n) ((void)VALGRIND_MAKE_MEM_UNDEFINED(p, n))
#define declassify(p, n) ((void)VALGRIND_MAKE_MEM_DEFINED(p, n))
#else
#define classify(p, n) ((void)(p), (void)(n))
#define declassify(p, n) ((void)(p), (void)(n))
#endif

#endif
