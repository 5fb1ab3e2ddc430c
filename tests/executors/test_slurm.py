"""Slurm: the options of a job, and jobs that end without a result."""

import os
import stat
from pathlib import Path

import pytest

from barograph.errors import InputError
from barograph.executors import Slurm

from . import work

FOLDS = [work.Fold(number) for number in range(3)]

# Slurm's commands, as far as submitit calls them: a job is a process group of this machine.
COMMANDS = {
    "sbatch": """
        if [ -n "$REFUSE" ]; then echo "sbatch: error: invalid partition specified: $REFUSE" >&2; exit 1; fi
        cat "$1" >> "$SUBMITTED"
        export SLURM_NTASKS=1 SLURM_JOB_NUM_NODES=1 SLURM_NODEID=0 SLURM_PROCID=0 SLURM_LOCALID=0
        setsid bash -c 'export SLURM_JOB_ID=$$; exec bash "$0"' "$1" > /dev/null 2>&1 &
        echo "Submitted batch job $!"
    """,
    "srun": """
        while [ "${1#--}" != "$1" ]; do
            case "$1" in
                --output) output=$(echo "$2" | sed "s/%j/$SLURM_JOB_ID/; s/%t/0/"); shift 2;;
                --error) error=$(echo "$2" | sed "s/%j/$SLURM_JOB_ID/; s/%t/0/"); shift 2;;
                *) shift;;
            esac
        done
        "$@" > "$output" 2> "$error"
        echo $SLURM_JOB_ID >> "$ENDED"
    """,
    "sacct": """
        echo "JobID|State|NodeList"
        sed "s/$/|FAILED|here/" "$ENDED"
    """,
    "scancel": """
        echo $1 >> "$CANCELLED"
        kill -KILL -- -$1
    """,
}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put Slurm's commands on PATH; they write down in this folder what they were given."""
    import submitit

    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in COMMANDS.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}")
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    for name in ("SUBMITTED", "ENDED", "CANCELLED"):
        (tmp_path / name.lower()).touch()
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setattr(submitit.SlurmJob, "_results_timeout_s", 0)
    submitit.SlurmJob.watcher.clear()
    return tmp_path


def test_a_job_per_task_with_its_partition_time_and_core(cluster):
    assert list(Slurm(workers=2, address="short", minutes=7).run(work.refuse, None, FOLDS[::2])) == [0, 2]
    given = (cluster / "submitted").read_text()
    for option in ("--partition=short", "--time=7", "--cpus-per-task=1", "--job-name=barograph"):
        assert given.count(f"#SBATCH {option}\n") == 2


def test_without_a_partition_the_cluster_chooses(cluster):
    assert list(Slurm().run(work.refuse, None, FOLDS[:1])) == [0]
    assert "--partition" not in (cluster / "submitted").read_text()


def test_a_job_without_a_result_ends_in_one_line(cluster):
    (cluster / "deadly").touch()
    with pytest.raises(InputError, match=r"^slurm job \d+.*a worker was killed .* \(BAROGRAPH_WORKERS\)$") as caught:
        list(Slurm(address="short").run(work.die, cluster / "deadly", [FOLDS[1]]))
    assert "\n" not in str(caught.value)


def test_closing_early_cancels_the_jobs_that_run_and_submits_no_other(cluster):
    results = Slurm(workers=1, address="short").run(work.never_end, None, FOLDS)
    assert next(results) == 0
    results.close()
    assert (cluster / "cancelled").read_text() == ""
    results = Slurm(workers=2, address="short").run(work.never_end, None, FOLDS)
    assert next(results) == 0
    results.close()
    submitted = (cluster / "submitted").read_text().count("#SBATCH --time=")
    assert submitted == 1 + 2
    assert len((cluster / "cancelled").read_text().split()) == 1


def test_a_refused_job_says_what_sbatch_says(cluster, monkeypatch):
    monkeypatch.setenv("REFUSE", "shrot")
    with pytest.raises(InputError, match=r"^executor slurm: sbatch .*: sbatch: error: invalid partition .*: shrot$"):
        list(Slurm(address="shrot").run(work.refuse, None, FOLDS))


def test_a_machine_without_slurm_is_told_of_local_jobs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"no srun; the address `local`"):
        list(Slurm().run(work.refuse, None, FOLDS))
