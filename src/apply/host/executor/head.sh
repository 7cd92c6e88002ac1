#!/bin/sh
# Carries out one transaction on this host. The folder that it is given holds:
#   steps          one step a line: number|operation|reversible|title|arguments…
#   expectations   one path a line with what it must still be: hash|path
#   record/        N.before, N.after, N.undo: lines for the record around step N; compacted: the record as it is, shorter
#   uploads/       contents by name
#   serial, wanted what the record must be at, and what the next probe reads beside its request
#   holder, audit  who applies, for whoever finds the lock taken and for the log of applies
# It writes a journal (what was begun and what is done, on disk before and after each step) and a log for people and the client:
#   step N | done N <hundredths of a second> | postponed N | failed N | out N text | undo N | confirm <seconds> | recover |
#   note text | end <outcome> [text]
# Outcomes: converged, incomplete (all but what was postponed), locked, stale, failed (nothing changed), rolled-back, partial.
#
# With `recover` it ends a transaction that was cut off: it puts back what was begun, newest first, or goes on where only the
# last steps are missing. systemd asks for that as soon as an executor is gone (ExecStopPost=), a unit does at the next boot,
# and the next apply does before it plans. With `future` it judges a configuration before it is there (future.sh).
#
# Needs sh, coreutils, util-linux, awk, perl-base, apt and systemd, which every Debian and Ubuntu has.
# Made of the files in src/apply/host/executor/, one after another.
# shellcheck shell=sh disable=SC2317 # the functions op_* and undo_* are called by name
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022

here=$(cd "$1" && pwd -P) && cd "$here" || exit 1
mode=${2-run}
future=
project=$(cat project)
home=/var/lib/fairlead/$project
record=$home/record.jsonl
own_unit=fairlead-$project-recover.service
secrets=/etc/fairlead/$project/secrets
apt_options='-o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
