#!/bin/sh
# Reconciles what it is asked, a line each: as a process of its own for one run, or as a worker for many.
#
# Each run is told to the journal when it begins, and when it ends or is cut short. All replicas append to one file, so the order of its lines is the order in
# which it all happened. Only builtins of the shell, but for the work itself.

# Where a shell tells which of its children was killed. Of a run that was cancelled nobody reads it, and writing to nobody would end the shell too early.
exec 2>/dev/null
running=

say() {
  read -r now _ </proc/uptime
  printf '%s\n' "$1 $now $REPLICA $kind $name $epoch $generation $value" >>"$JOURNAL"
}

# A process that is told to end leaves its work, and takes its time to put things in order: until then the run is not over.
trap '[ -z "$running" ] || { sleep 0.2; say cut; }; exit 0' TERM

while read -r input; do
  kind=${input#*'"kind":"'} kind=${kind%%'"'*}
  name=${input#*'"name":"'} name=${name%%'"'*}
  epoch=${input##*'"epoch":'} epoch=${epoch%%[!0-9]*}
  generation=${input##*'"generation":'} generation=${generation%%[!0-9]*}
  value=${input#*'"spec":{"value":'} value=${value%%[!0-9]*}
  applied=
  case $input in
    *'"status":{'*) applied=${input#*'"status":{'} applied=${applied#*'"value":'} applied=${applied%%[!0-9]*} ;;
  esac
  running=yes
  say begin
  if [ "$applied" != "$value" ]; then
    # A change takes a while; that an entry is there, and looking again, takes none.
    [ "$value" = 0 ] || sleep 0.5
    answer="{\"status\":{\"value\":$value,\"epoch\":$epoch,\"replica\":\"$REPLICA\"}}"
  else
    answer='{}'
  fi
  say end
  running=
  printf '%s\n' "$answer"
done
