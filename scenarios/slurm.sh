#!/usr/bin/env bash
# A run on a Slurm cluster: 64 tasks walk a shard each, and one job merges them when they are done.
#
#   OUT=/scratch/$USER/night bash scenarios/slurm.sh scenarios/lending.toml --paths 1e9
#
# OUT lies on a file system that all nodes share; SHORTFALL, SHARDS, ARRAY and TIME may be set. A task that
# is preempted or out of time saves what is done and ends with exit code 75: it is queued again, and
# --resume goes on where it stopped. One that finds its shard done ends with exit code 0.
set -euo pipefail

if [ -z "${SLURM_JOB_ID:-}" ]; then
    : "${OUT:?a folder that all nodes share}" "${SHARDS:=64}" "${TIME:=60}" # minutes
    : "${LIMIT:=$((TIME * 55))s}"
    SHORTFALL=$(command -v "${SHORTFALL:-shortfall}")
    export OUT SHARDS SHORTFALL LIMIT
    mkdir -p "$OUT"
    # To walk again what a merge says is missing: ARRAY=3,7-9.
    array=$(sbatch --parsable --job-name=shortfall --array="${ARRAY:-0-$((SHARDS - 1))}" \
        --time="$TIME" --requeue --open-mode=append --signal=TERM@60 \
        --output="$OUT.%a.log" "$0" "$@")
    merge=$(sbatch --parsable --job-name=shortfall-merge --dependency="afterany:$array" \
        --output="$OUT.merge.log" "$0" merge)
    echo "array $array, merge $merge"
elif [ "${1:-}" = merge ]; then
    # 75 names the shards that are missing, 65 those that are damaged.
    exec "$SHORTFALL" merge "$OUT"
else
    code=0
    # As a child of srun it gets the signal, which bash would keep to itself.
    srun --ntasks=1 "$SHORTFALL" run "$@" --shard auto --shards "$SHARDS" --out "$OUT" --resume \
        --time-limit "$LIMIT" --quiet || code=$?
    if [ "$code" -eq 75 ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
    fi
    exit "$code"
fi
