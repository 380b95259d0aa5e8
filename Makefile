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

# SANITIZE=1 builds everything with ASan and UBSan, into a folder of its own.
ifeq ($(SANITIZE),1)
OUT = $(BUILD)/sanitized
MODE = $(SANE)
else
OUT = $(BUILD)
MODE = $(HARD)
endif

BASE = -std=gnu11 -fPIC -fvisibility=hidden $(WARN) $(MODE) -include include/socius/banned.h \
	-MMD -MP -Iinclude
PG_INCLUDE = -I/usr/include/postgresql
KORE_INCLUDE = $(shell cat /usr/share/kore/features) -I/usr/include -DSOCIUS_KORE

LIBS = -lpq -ljansson -ljwt -lcrypto -lpthread

# src/ is the engine; gate*.c and reader*.c alone know Kore.
KORE_SRC = $(wildcard src/gate*.c)
ENGINE_SRC = $(filter-out $(KORE_SRC),$(wildcard src/*.c))
# app/ is the marketplace; its three programs have a main (or a module's hooks) of their own.
PROGRAMS = app/serve.c app/run.c app/ctl.c
CTL_SRC = app/ctl.c $(wildcard app/ctl/*.c)
APP_SRC = $(filter-out $(PROGRAMS) $(CTL_SRC),$(wildcard app/*.c) $(wildcard app/*/*.c))

obj = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
ENGINE = $(OUT)/libengine.a
APP = $(OUT)/libapp.a

.PHONY: help build clean
.DEFAULT_GOAL := build

help: ## print this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

build: $(OUT)/socius.so $(OUT)/socius-run $(OUT)/socius-ctl ## compile the server module, the runner and the command line

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

$(OUT)/socius-run: $(call obj,app/run.c) $(APP) $(ENGINE)
	$(CC) $(MODE) $(LINK_HARD) -pie -o $@ $^ $(APP) $(LIBS)

$(OUT)/socius-ctl: $(call obj,$(CTL_SRC)) $(APP) $(ENGINE)
	$(CC) $(MODE) $(LINK_HARD) -pie -o $@ $^ $(APP) $(LIBS) -lcurl

# tests of SQL through libpq: SOCIUS_TEST_CONNINFO="$$(tests/support/scratch /tmp/some)" build/sql-tests
$(OUT)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Itests $(PG_INCLUDE) -c -o $@ $<

$(OUT)/sql-tests: $(call obj,$(wildcard tests/sql/*.c) tests/support/sql.c)
	$(CC) $(MODE) -o $@ $^ -lpq -lcriterion

clean: ## remove everything that was built
	rm -rf $(BUILD)

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
