#!/bin/sh
# What the shipped programs are built with: the module, the runner and the command line are made as
# `make build` makes them and looked at with readelf. TESTS_PROGRAMS does not matter here.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0

# check NAME COMMAND...: passes when the command does
check() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name"
	fi
}

# The module is loaded anywhere; programs are too when they are marked so.
is_position_independent() {
	readelf -hW "$1" | grep -q 'Type: *DYN' || return 1
	case $1 in
	*.so) ;;
	*) readelf -dW "$1" | grep -q 'FLAGS_1.*PIE' ;;
	esac
}

# Where functions are found is settled before main, and cannot be changed after.
is_settled_at_its_start() {
	readelf -lW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -q 'BIND_NOW' &&
		readelf -dW "$1" | grep -q 'FLAGS_1.*NOW'
}

has_no_code_that_can_be_written() {
	! readelf -lW "$1" | grep -E 'GNU_STACK|LOAD' | grep -q 'RWE' &&
		! readelf -dW "$1" | grep -q TEXTREL
}

protects_its_stack() {
	readelf --dyn-syms -W "$1" | grep -q '__stack_chk_fail'
}

# FORTIFY: of what writes into buffers, the checked forms are called.
checks_its_buffers() {
	readelf --dyn-syms -W "$1" | grep -qE ' __(snprintf|vsnprintf|memcpy|fprintf|read)_chk' &&
		! readelf --dyn-syms -W "$1" | grep -qE ' UND (gets|strcpy|strcat|sprintf|vsprintf)(@|$)'
}

# The mark of it in the file is lost to the start files of Debian's C library; the code is there.
guards_its_jumps() {
	[ "$(uname -m)" != x86_64 ] || objdump -d --no-show-raw-insn "$1" | grep -q endbr64
}

looks_for_libraries_where_the_system_does() {
	! readelf -dW "$1" | grep -qE 'RPATH|RUNPATH'
}

check "they are built" make -s --no-print-directory -j"$(nproc)" build/socius.so build/socius-run \
	build/socius-ctl
for program in build/socius.so build/socius-run build/socius-ctl; do
	for property in is_position_independent is_settled_at_its_start \
		has_no_code_that_can_be_written protects_its_stack checks_its_buffers \
		guards_its_jumps looks_for_libraries_where_the_system_does; do
		check "$program $property" "$property" "$program"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
