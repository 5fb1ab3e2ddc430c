"""git and DVC as commands in a repository's folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from barograph.errors import InputError


def git(root: Path, *arguments: str, given: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run git and give what it printed, without the line break at its end.

    Raises
    ------
    InputError
        If git ends with an error, with the line of its message that says most.
    """
    done = _ran(["git", "-c", "core.quotepath=off", *arguments], root, given, environment)
    if done.returncode:
        raise InputError(f"git {arguments[0]}: {_said(done)}")
    return done.stdout.rstrip("\n")


def git_answers(root: Path, *arguments: str) -> str | None:
    """Run git and give all that it printed; None where it ends with an error."""
    done = _ran(["git", *arguments], root)
    return None if done.returncode else done.stdout


def dvc(root: Path, *arguments: str) -> str:
    """Run DVC and give what it printed.

    Raises
    ------
    InputError
        If DVC ends with an error, with the line of its message that says most.
    """
    done = _ran([sys.executable, "-m", "dvc", *arguments], root)
    if done.returncode:
        raise InputError(f"dvc {arguments[0]}: {_said(done)}")
    return done.stdout


def _ran(
    command: list[str], root: Path, given: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"} | dict(environment or {})
    return subprocess.run(command, cwd=root, env=variables, input=given, capture_output=True, text=True, check=False)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    marked = [line for line in lines if line.lower().startswith(("fatal:", "error:", "! [", "refuse"))]
    return (marked or lines or [f"ended with {done.returncode}"])[0]
