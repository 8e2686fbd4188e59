# One Makefile for the whole tree.      make help     lists the targets
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
SHELL := /bin/bash

MODE ?= release
B    := build/$(MODE)

# ---- flags ------------------------------------------------------------------
CPPFLAGS += -I. -D_GNU_SOURCE -isystem /usr/include/p11-kit-1
# A path cut short names no file, which is noticed when it is opened: no format-truncation.
WARN     := -Wno-format-truncation -Wall -Wextra -Wshadow -Wconversion -Werror -Wvla -Wstrict-prototypes \
	    -Wmissing-prototypes -Wformat=2 -Wswitch-enum -Wpointer-arith
CFLAGS   += -std=c11 $(WARN)

debug_FLAGS   := -O1 -g
release_FLAGS := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
		 -fstack-clash-protection -fcf-protection
release_LINK  := -pie -Wl,-z,relro,-z,now,-z,noexecstack
san_FLAGS     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# clang knows other warnings than gcc, which is the one that must be silent
fuzz_FLAGS    := -Wno-unknown-warning-option -Wno-error -w -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# counters of many threads are atomic, or they may be negative; without optimization gcc takes arrays that are written through a pointer for unset
cov_FLAGS     := -O0 -g --coverage -fprofile-update=atomic -Wno-maybe-uninitialized
ct_FLAGS      := $(release_FLAGS) -DURNA_CT
CFLAGS  += $($(MODE)_FLAGS)
LDFLAGS += $($(MODE)_LINK) $(filter -fsanitize=% --coverage,$($(MODE)_FLAGS)) -Wl,--as-needed

# ---- what is made of what ---------------------------------------------------
# A module is a folder; its program file main.c is not part of the archive.
MODULES := crypto election ledger registry http api tally verifier witness
$(foreach m,$(MODULES),$(eval $(m)_OBJ := $$(patsubst %.c,$(B)/%.o,$$(filter-out %/main.c,$$(wildcard $m/*.c)))))

crypto_LIBS   := -lsecp256k1 -lcrypto -lcurl -lpthread -ldl
election_LIBS := -lyajl -lm
ledger_LIBS   := -lrocksdb
registry_LIBS := -lsqlite3
http_LIBS     := -lmicrohttpd
api_LIBS      := -loath -lsystemd -lz
witness_LIBS  := -lsystemd

# A program lists the modules it may contain, so the linker enforces layering:
# urna-verify judges the ledger and is built without one line of it.
urnad_MODULES       := api http ledger registry election crypto
urna_MODULES        := tally verifier election crypto
urna-verify_MODULES := verifier election crypto
urna-witness_MODULES := witness http registry election crypto
urnad_MAIN          := api/main.c
urna_MAIN           := tally/main.c
urna-verify_MAIN    := verifier/main.c
urna-witness_MAIN   := witness/main.c
PROGRAMS := $(foreach p,urnad urna urna-verify urna-witness,$(if $(wildcard $($p_MAIN)),$p))

TESTS := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
CT    := $(patsubst tests/%.c,%,$(wildcard tests/ct_*.c))
EXAMPLE := $(patsubst tests/%.c,%,$(wildcard tests/example_*.c tests/disk_*.c))
BENCH := $(patsubst tests/%.c,%,$(wildcard tests/bench_*.c))
FUZZ  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

$(foreach m,$(MODULES),$(eval $(B)/lib$m.a: $$($m_OBJ)))
$(B)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

define program
$(B)/bin/$1: $(B)/$($1_MAIN:.c=.o) $(foreach m,$($1_MODULES),$(B)/lib$m.a)
	@mkdir -p $$(@D)
	@echo "  LINK $$@"
	@$$(CC) $$(LDFLAGS) -o $$@ $$^ $(foreach m,$($1_MODULES),$($m_LIBS))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$p)))

ALL_LIBS := $(foreach m,witness api http verifier tally ledger registry election crypto,$(B)/lib$m.a)
define testprogram
$(B)/tests/$1: $(B)/tests/$1.o $(ALL_LIBS)
	@mkdir -p $$(@D)
	@echo "  LINK $$@"
	@$$(CC) $$(LDFLAGS) -o $$@ $(B)/tests/$1.o -Wl,--start-group $(ALL_LIBS) -Wl,--end-group \
		$(foreach m,$(MODULES),$($m_LIBS)) -lcmocka
endef
$(B)/tests/test_faults: LDFLAGS += $(foreach f,head_file_read head_file_swap checkpoint_sign store_write store_put store_sync store_find store_get mirror_append make_receipt tile_builder_leaf pthread_create,-Wl,--wrap=$f)
$(foreach t,$(TESTS) $(CT) $(BENCH) $(EXAMPLE),$(eval $(call testprogram,$t)))
define fuzzprogram
$(B)/fuzz/$1: $(B)/tests/fuzz/$1.o $(ALL_LIBS)
	@mkdir -p $$(@D)
	@echo "  LINK $$@"
	@$$(CC) $$(LDFLAGS) -fsanitize=fuzzer -o $$@ $(B)/tests/fuzz/$1.o -Wl,--start-group $(ALL_LIBS) -Wl,--end-group \
		$(foreach m,$(MODULES),$($m_LIBS))
endef
$(foreach f,$(FUZZ),$(eval $(call fuzzprogram,$f)))

# not from git: the same sources give the same programs, which a dictamen lists by their hashes
$(B)/crypto/version.o: CPPFLAGS += -DVERSION='"$(shell cat VERSION)"'
$(B)/crypto/version.o: VERSION

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)

# ---- targets ----------------------------------------------------------------
.PHONY: all deps programs demo check check-interop check-crash test unit bench bench-large san fuzz run-fuzz ct run-ct cov fmt lint install clean help
all: deps				## build the programs into build/bin
	@$(MAKE) --no-print-directory MODE=release programs
	@mkdir -p build/bin
	@for p in $(PROGRAMS); do ln -sf ../release/bin/$$p build/bin/$$p; done

programs: $(PROGRAMS:%=$(B)/bin/%)

deps:					## install the Debian packages that are missing
	@tools/deps

test: programs $(TESTS:%=$(B)/tests/%) $(EXAMPLE:%=$(B)/tests/%)
unit: test				## build and run the unit tests alone (MODE=debug|san|release)
	@tools/run-tests $(B) unit

demo: all				## a whole election, from the call to the verification (VOTERS=n)
	@tests/demo $(if $(VOTERS),--voters $(VOTERS))

check: all				## everything that must pass before a commit
	@$(MAKE) --no-print-directory MODE=release test
	@tools/run-tests build/release all

check-interop: all			## the logs read by Go's own packages and by Sigstore's
	@$(MAKE) --no-print-directory MODE=release test
	@tests/check_interop
check-crash: all			## 200 rounds of kill -9, every step failing, the disk failing
	@$(MAKE) --no-print-directory MODE=release test
	@CRASH_ROUNDS=200 build/release/tests/test_ledger
	@build/release/tests/test_faults
	@ROUNDS=40 tests/check_disk

san: deps				## the tests under address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory MODE=san test
	@tools/run-tests build/san san

fuzz: deps				## each fuzz target for FUZZ_SECONDS (60)
	@$(MAKE) --no-print-directory CC=clang MODE=fuzz run-fuzz
run-fuzz: $(FUZZ:%=$(B)/fuzz/%)
	@tools/run-fuzz $(B)/fuzz $(or $(FUZZ_SECONDS),60)

ct: deps				## secret-dependent branches and indexes, by valgrind
	@$(MAKE) --no-print-directory MODE=ct run-ct
run-ct: $(CT:%=$(B)/tests/%)
	@tools/run-ct $^

bench: all				## speeds, as ratios inside one run
	@tools/deps belenios-tool || echo "belenios-tool is not to be had: no comparison with it"
	@$(MAKE) --no-print-directory MODE=release $(BENCH:%=build/release/tests/%)
	@tools/run-bench build/release/tests

bench-large: all			## what takes long: memory at 100,000 ballots
	@for s in tests/bench-large-*; do echo "# $$(basename $$s)"; $$s || exit 1; done

cov:					## line coverage of the unit tests and the verifier's self-test
	@tools/deps gcovr
	@$(MAKE) --no-print-directory MODE=cov test
	@tools/run-tests build/cov unit
	@build/cov/bin/urna-verify record spec/vectors/record --self-test --quiet >/dev/null # the verifier has no unit tests
	@gcovr -r . --object-directory build/cov -e tests -e build --gcov-ignore-parse-errors --print-summary | tail -n 100

fmt:					## format the C sources
	@tools/deps clang-format
	@clang-format -i $$(git ls-files '*.c' '*.h')
lint:					## layers, spec links
	@tools/check-layers
	@tools/check-spec

PREFIX ?= /usr
install: all				## install under DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/doc/urna/spec/vectors
	install -m 755 $(PROGRAMS:%=build/release/bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 api/urnad.service witness/urna-witness.service $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/urna
	install -m 644 spec/*.md $(DESTDIR)$(PREFIX)/share/doc/urna/spec
	cp -r spec/vectors/. $(DESTDIR)$(PREFIX)/share/doc/urna/spec/vectors

clean:					## remove build/
	rm -rf build
help:					## this list
	@sed -n 's/^\([a-z-]*\):.*##/\1	/p' $(MAKEFILE_LIST)
