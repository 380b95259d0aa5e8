# The developers' verbs. `make help` prints them; the launcher ./socius has the users'.

BUILD ?= build
CC = gcc
PG_BIN ?= /usr/lib/postgresql/15/bin

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wno-missing-field-initializers -Wformat=2
HARD = -O2 -g -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-D_FORTIFY_SOURCE=3
SANE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LINK_HARD = -Wl,-z,relro -Wl,-z,now

# SANITIZE=1 builds everything with ASan and UBSan, COVER=1 with counters, FUZZ=1 for libFuzzer, each
# into its own folder.
ifeq ($(SANITIZE),1)
OUT = $(BUILD)/sanitized
MODE = $(SANE)
else ifeq ($(COVER),1)
OUT = $(BUILD)/cover
MODE = -O0 -g --coverage
else ifeq ($(FUZZ),1)
OUT = $(BUILD)/fuzz
CC = clang-14
WARN =
MODE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=undefined
else
OUT = $(BUILD)
MODE = $(HARD)
endif

BASE = -std=gnu11 -fPIC -fvisibility=hidden $(WARN) $(MODE) -include include/socius/banned.h \
	-MMD -MP -Iinclude
PG_INCLUDE = -I/usr/include/postgresql
KORE_INCLUDE = $(shell cat /usr/share/kore/features) -I/usr/include -DSOCIUS_KORE

LIBS = -lpq -ljansson -ljwt -lcrypto -lsodium -lunistring -lz -lm -lpthread

# src/ is the engine; gate*.c and reader*.c alone know Kore.
KORE_SRC = $(wildcard src/gate*.c)
ENGINE_SRC = $(filter-out $(KORE_SRC),$(wildcard src/*.c))
# app/ is the marketplace; its three programs have a main (or a module's hooks) of their own.
PROGRAMS = app/serve.c app/run.c app/ctl.c
CTL_SRC = app/ctl.c $(wildcard app/ctl/*.c)
RUN_SRC = app/run.c $(wildcard app/run/*.c)
APP_SRC = $(filter-out $(PROGRAMS) $(CTL_SRC) $(RUN_SRC),$(wildcard app/*.c) $(wildcard app/*/*.c))

obj = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
ENGINE = $(OUT)/libengine.a
APP = $(OUT)/libapp.a
CTL = $(OUT)/libctl.a
RUN = $(OUT)/librun.a
PAGE = $(BUILD)/docs/swagger-ui-bundle.js

.PHONY: help build tests fuzzers db serve check test fmt laws docs bench bench-walls battery fuzz fuzz-api cover clean
.DEFAULT_GOAL := build

help: ## print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

build: $(OUT)/socius.so $(OUT)/socius-run $(OUT)/socius-ctl $(PAGE) ## compile the server module, the runner and the command line

# What GET /docs shows, by npm and once. Without it everything else works, and the page says so.
$(PAGE): docs/api/page/package.json docs/api/page/package-lock.json
	@docs/api/page/install.sh $(@D)

$(OUT)/obj/src/gate%.o: src/gate%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(PG_INCLUDE) $(KORE_INCLUDE) -c -o $@ $<

$(OUT)/obj/app/serve.o: app/serve.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Iapp -Isrc $(PG_INCLUDE) $(KORE_INCLUDE) -c -o $@ $<

$(OUT)/obj/app/run.o $(OUT)/obj/app/ctl.o: $(OUT)/obj/app/%.o: app/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Iapp -Isrc $(PG_INCLUDE) -c -o $@ $<

# the command line's own parts may use the engine, libpq and the system
$(OUT)/obj/app/ctl/%.o: app/ctl/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -D_GNU_SOURCE -Iapp -Isrc $(PG_INCLUDE) -c -o $@ $<

# so may those of the runner
$(OUT)/obj/app/run/%.o: app/run/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -D_GNU_SOURCE -Iapp -Isrc $(PG_INCLUDE) -c -o $@ $<

# rooms and tables see include/ and app/ only
$(OUT)/obj/app/%.o: app/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Iapp -c -o $@ $<

$(OUT)/obj/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Isrc $(PG_INCLUDE) -c -o $@ $<

$(ENGINE): $(call obj,$(ENGINE_SRC))
	@rm -f $@
	ar rcs $@ $^

$(APP): $(call obj,$(APP_SRC))
	@rm -f $@
	ar rcs $@ $^

$(OUT)/socius.so: $(call obj,app/serve.c $(KORE_SRC)) $(APP) $(ENGINE)
	$(CC) -shared $(MODE) $(LINK_HARD) -o $@ $(call obj,app/serve.c $(KORE_SRC)) $(APP) $(ENGINE) $(APP) $(LIBS)

# The module with a room that only test instances have.
$(OUT)/obj/room/%.o: tests/room/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Iapp -c -o $@ $<

$(OUT)/obj/room/app.o: app/app.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Iapp -DSOCIUS_TEST_ROOM -c -o $@ $<

ROOM_OBJ = $(OUT)/obj/room/app.o $(OUT)/obj/room/endpoints.o $(call obj,app/serve.c $(KORE_SRC))

$(OUT)/room/socius.so: $(ROOM_OBJ) $(APP) $(ENGINE)
	@mkdir -p $(@D)
	$(CC) -shared $(MODE) $(LINK_HARD) -o $@ $(ROOM_OBJ) $(APP) $(ENGINE) $(APP) $(LIBS)

$(RUN): $(call obj,$(wildcard app/run/*.c))
	@rm -f $@
	ar rcs $@ $^

$(OUT)/socius-run: $(call obj,app/run.c) $(RUN) $(APP) $(ENGINE)
	$(CC) $(MODE) $(LINK_HARD) -pie -o $@ $^ $(APP) $(LIBS) -lcurl

$(CTL): $(call obj,$(wildcard app/ctl/*.c))
	@rm -f $@
	ar rcs $@ $^

$(OUT)/socius-ctl: $(call obj,app/ctl.c) $(CTL) $(RUN) $(APP) $(ENGINE)
	$(CC) $(MODE) $(LINK_HARD) -pie -o $@ $^ $(APP) $(LIBS) -lcurl

# Tests. A .c file of tests/<kind>/ with a Test or a main is a program of its own; the others are
# linked to all programs of their kind, and tests/support/ to every one.
KINDS = unit sql api edge chaos
OPEN = (
is_program = $(shell grep -lE '^(Test|ParameterizedTest|Theory|main)\$(OPEN)' $(1) /dev/null)
TESTS_OF = $(call is_program,$(wildcard tests/$(1)/*.c))
HELPERS_OF = $(filter-out $(call TESTS_OF,$(1)),$(wildcard tests/$(1)/*.c))
TESTS = $(foreach kind,$(KINDS),$(patsubst %.c,$(OUT)/%,$(call TESTS_OF,$(kind))))
SUPPORT = $(OUT)/libsupport.a

$(OUT)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -D_GNU_SOURCE -Itests -Itests/support -Iapp -Isrc $(PG_INCLUDE) -c -o $@ $<

$(SUPPORT): $(call obj,$(wildcard tests/support/*.c))
	@rm -f $@
	ar rcs $@ $^

define program_of_kind
$(OUT)/tests/$(1)/%: $(OUT)/obj/tests/$(1)/%.o $(call obj,$(call HELPERS_OF,$(1))) $(SUPPORT) $(CTL) $(RUN) $(APP) $(ENGINE)
	@mkdir -p $$(@D)
	$(CC) $(MODE) -o $$@ $$^ $(SUPPORT) $(CTL) $(RUN) $(APP) $(ENGINE) -lcriterion -lcurl -lssl $(LIBS)
endef
$(foreach kind,$(KINDS) bench,$(eval $(call program_of_kind,$(kind))))

# Fuzz targets are the .c files of tests/fuzz/ that libFuzzer can call; built with FUZZ=1.
FUZZERS = $(shell grep -l '^LLVMFuzzerTestOneInput' tests/fuzz/*.c)
FUZZ_OBJ = $(call obj,$(filter-out $(FUZZERS),$(wildcard tests/fuzz/*.c)) tests/support/forge.c)

$(OUT)/tests/fuzz/%: $(OUT)/obj/tests/fuzz/%.o $(FUZZ_OBJ) $(RUN) $(APP) $(ENGINE)
	@mkdir -p $(@D)
	$(CC) $(MODE) -fsanitize=fuzzer -o $@ $^ $(APP) $(LIBS)

fuzzers: $(patsubst %.c,$(OUT)/%,$(FUZZERS))

.SECONDARY:

tests: $(TESTS) $(OUT)/room/socius.so $(OUT)/socius.so $(OUT)/socius-run $(OUT)/socius-ctl $(PAGE)

db: ## start the database alone, migrated, in the background
	./socius db

serve: ## start the whole instance in the foreground
	./socius run

check: build ## before each commit: tidy and unit tests, without an instance
	./socius test tidy unit

test: ## all tests, under ASan and UBSan
	./socius test

fmt: ## format the C sources
	clang-format -i $(FORMATTED)

laws: ## run every law on the running instance
	./socius laws

docs: $(OUT)/socius-ctl ## write docs/api from tables and catalog
	tests/support/document $(OUT)/socius-ctl docs/api

bench: build $(OUT)/tests/bench/mint ## compare with pgbench; writes docs/BENCH.md
	./socius install bench
	tests/bench/bench.sh

bench-walls: $(OUT)/tests/bench/walls $(OUT)/tests/bench/tokens ## what row-level security and token checks cost; into docs/BENCH.md
	./socius install bench
	tests/bench/walls.sh

battery: build $(OUT)/tests/chaos/chaos ## the longer storm and stampedes; figures in docs/ASSURANCE.md
	tests/battery

fuzz: ## throw bytes at every reader for a minute each; figures in docs/ASSURANCE.md
	FUZZ_SECONDS=60 tests/fuzz/run.sh

fuzz-api: build ## ask a running instance what a foreign fuzzer thinks of; figures in docs/ASSURANCE.md
	./socius install fuzz-api
	tests/fuzz_api/run.sh

cover: ## run unit and SQL tests and show which lines they meet
	./socius install cover
	tests/cover

clean: ## remove everything that was built
	rm -rf $(BUILD)

FORMATTED = $(shell git ls-files '*.c' '*.h')

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
