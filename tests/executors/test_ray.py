"""Ray: nothing listens in public, a cluster of the caller's stays, another is joined with its token alone."""

import ipaddress
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from barograph.errors import InputError
from barograph.executors import Ray

from . import work
from .conftest import ROOT

FOLDS = [work.Fold(number) for number in range(3)]


def _listening(processes: list[psutil.Process]) -> set[str]:
    found = set()
    for process in processes:
        try:
            found |= {each.laddr.ip for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN}
        except psutil.Error:
            continue
    return found


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return not (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def test_a_cluster_on_this_machine_listens_on_the_loopback_interface_alone(processes):
    results = Ray(workers=2).run(work.refuse, None, [FOLDS[0], FOLDS[2]])
    assert next(results) == 0
    listening = _listening([psutil.Process(), *processes()])
    assert listening
    assert [address for address in listening if _public(address)] == []
    assert list(results) == [2]


def test_an_address_where_no_cluster_runs_ends_in_one_line(unused_port):
    address = f"127.0.0.1:{unused_port}"
    with pytest.raises(InputError, match=rf"^ray on {address}: .*refused; the cluster has to run") as caught:
        list(Ray(address=address).run(work.refuse, None, FOLDS))
    assert "\n" not in str(caught.value)


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


@pytest.mark.long
def test_a_connection_of_the_caller_is_used_and_stays():
    import ray

    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        assert list(Ray(workers=2).run(work.refuse, None, [FOLDS[0], FOLDS[2]])) == [0, 2]
        assert ray.is_initialized()
    finally:
        ray.shutdown()


JOINING = """
import json, sys
from barograph.errors import InputError
from barograph.executors import Ray
from tests.executors import work
try:
    for fold, _, facts in Ray(address=sys.argv[1]).run(work.surrounded, work.shared(), [0, 1]):
        print(json.dumps([fold, facts["package"], facts["copied"], facts["variables"]["OMP_NUM_THREADS"]]))
except InputError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.long
def test_a_running_cluster_is_sent_the_package_and_asks_for_its_token(unused_port, tmp_path):
    address = f"127.0.0.1:{unused_port}"
    with _cluster(unused_port, "the-token-of-this-test", tmp_path):
        joined = _join(address, "the-token-of-this-test")
        assert joined.returncode == 0, joined.stderr
        results = [json.loads(line) for line in joined.stdout.splitlines()]
        assert [result[0] for result in results] == [0, 1]
        for _, package, copied, threads in results:
            assert "runtime_resources" in package
            assert not package.startswith(str(ROOT))
            assert (copied, threads) == ([], "1")
        stranger = _join(address, "another-token")
        assert stranger.returncode == 1
        assert f"refused: ray on {address}: " in stranger.stderr
        assert "Traceback" not in stranger.stderr


def _join(address: str, token: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    arguments = [sys.executable, "-c", JOINING, address]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def _cluster(port: int, token: str, folder: Path):
    """Start a cluster as `ray start` does, on the loopback interface alone."""
    environment = os.environ | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    environment |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    arguments = f"start --head --block --node-ip-address=127.0.0.1 --port={port} --num-cpus=2 --include-dashboard=false"
    command = [str(Path(sys.executable).parent / "ray"), *arguments.split(), "--disable-usage-stats"]
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True) as head:
        try:
            for line in head.stdout:
                if "will now block" in line:
                    break
            yield
        finally:
            head.terminate()
            head.communicate(timeout=60)
