#!/usr/bin/env bash
# Runs scenarios/slurm.sh on a real Slurm: munged, slurmctld and slurmd on this machine, loopback
# only. A task is requeued in mid-run, another runs out of time again and again and requeues itself,
# a shard is missing at first; and the merged folder must be byte for byte the unsharded one. Once for
# each number of shards.
#
#   cargo build --release && sudo tests/slurm.sh target/release/shortfall 1 3 7 64
#
# Needs root and Debian's packages: apt-get install --no-install-recommends slurmctld slurmd
# slurm-client munge. It uses ports 16817 and 16818, and leaves nothing behind.
set -euo pipefail

shortfall=$(realpath "${1:?the shortfall binary}")
shift
: "${1:?numbers of shards}"
root=$(dirname "$(dirname "$(realpath "$0")")")
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
leave() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap leave EXIT
say() { echo "slurm: $*"; }
fail() { say "$*"; tail -n 20 "$dir"/*.log 2>/dev/null || true; exit 1; }
wait_until() { # WHAT, SECONDS, COMMAND...
    local what=$1 end=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$what: not within time"
        sleep 0.5
    done
}

mkdir "$dir/munge" "$dir/state" "$dir/spool" "$dir/out"
chmod 700 "$dir/munge"
dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 status=none
chmod 400 "$dir/munge/key"
munged --force --foreground --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" \
    >"$dir/munged.log" 2>&1 &
pids+=($!)
wait_until "munged" 20 test -S "$dir/munge/socket"

host=$(hostname -s)
cat >"$dir/slurm.conf" <<CONF
ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobRequeue=1
ReturnToService=2
KillWait=5
MinJobAge=600
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=60 State=UP
CONF
export SLURM_CONF="$dir/slurm.conf" SBATCH_EXPORT=ALL SHORTFALL="$shortfall" TIME=30
slurmctld -D -i >"$dir/slurmctld.out.log" 2>&1 &
pids+=($!)
slurmd -D >"$dir/slurmd.out.log" 2>&1 &
pids+=($!)
is_idle() { sinfo --noheader --format=%t | grep -q '^idle'; }
wait_until "a node that is idle" 60 is_idle
say "$(sinfo --version) is up: $(sinfo --noheader --format='%N %t, %c CPUs')"

scenario="$root/scenarios/lending.toml"

states() { squeue --noheader --array --format=%t --job="$1" 2>/dev/null | sort | uniq -c; }
is_over() { [ -z "$(squeue --noheader --job="$1" 2>/dev/null)" ]; }
# Slurm lets a requeued task wait for two minutes, of which a test needs seconds: its node must have
# forgotten the task's last life.
is_over_soon() { # ARRAY, TASK
    is_over "$1" && return
    if squeue --noheader --format=%t --job="${1}_$2" 2>/dev/null | grep -q '^PD'; then
        sleep 5
        scontrol update "JobId=${1}_$2" StartTime=now
        sleep 2
    fi
    return 1
}
submit() { # SETTING=..., sets array and merge
    submitted=$(env "$@" bash "$root/scenarios/slurm.sh" "${args[@]}")
    say "$submitted"
    read -r array merge < <(sed 's/array \([0-9]*\), merge \([0-9]*\)/\1 \2/' <<<"$submitted")
}

# All shards but the last, which no task walks: the merge must name it.
all_but_last() { # TASKS
    submit ARRAY="0-$(($1 - 1))"
    is_walking() { ls "$OUT/shards/.0-of-$SHARDS/segments" >/dev/null 2>&1; }
    wait_until "the first task" 60 is_walking
    sleep 0.5
    scontrol requeue "${array}_0"
    say "task 0 was requeued in mid-run: $(states "$array" | tr -s ' \n' ' ')"
    wait_until "the array" 900 is_over_soon "$array" 0
    wait_until "the merge" 120 is_over "$merge"
    grep -q -- "--array=$1" "$OUT.merge.log" || fail "the merge does not name shard $1"
    say "merge: $(cat "$OUT.merge.log")"
}

night() { # SHARDS
    export SHARDS=$1 OUT="$dir/out/$1"
    local last=$((SHARDS - 1)) n_stops differing
    # Some seconds of work a shard, in a scenario with its book.
    args=("$scenario" --paths $((SHARDS * 150000)) --steps 24 --backend cpu --threads 1)
    [ "$last" -eq 0 ] || all_but_last "$last"

    submit ARRAY="$last" LIMIT=0.5s
    wait_until "the array" 300 is_over_soon "$array" "$last"
    wait_until "the merge" 120 is_over "$merge"
    n_stops=$(grep -c 'stopped by --time-limit' "$OUT.$last.log" || true)
    [ "$n_stops" -gt 0 ] || fail "task $last never ran out of time"
    say "task $last ran out of time $n_stops times, with exit code 75, and was queued again"
    [ -f "$OUT/manifest.json" ] || fail "no merged run"

    "$shortfall" run "${args[@]}" --out "$OUT.whole" --quiet >/dev/null
    differing=$(diff -rq --exclude=shards --exclude=run.json "$OUT" "$OUT.whole" || true)
    [ -z "$differing" ] || fail "the merged run differs: $differing"
    "$shortfall" verify "$OUT" --sample 1% --backend cpu --quiet
    say "$SHARDS shards on Slurm, merged: byte for byte the unsharded run"
}

for shards in "$@"; do night "$shards"; done
