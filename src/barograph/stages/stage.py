"""What every stage does around its recipe: one decorator, one object that reads and writes."""

import functools
import gc
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hydra
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import barograph
from barograph import config, files, tables
from barograph.errors import InputError

Recipe = Callable[["Stage"], str]
_FULL_ERROR: Final = "HYDRA_FULL_ERROR"
# What the commands of dvc.yaml add: params.yaml is all that they read, and composing it again would take longer than
# many a stage. Any other command line is Hydra's.
COMMAND: Final = re.compile(r"-cn stage(?: model_key=(?P<model_key>[\w.-]+)| option=(?P<option>[\w.-]+))?")


@dataclass(frozen=True)
class Stage:
    """A stage at work.

    Attributes
    ----------
    settings : mapping
        The sections of the configuration that the stage declares, and no others; by hand also what its primary config
        adds to them.
    root : Path
        Where it reads.
    out : Path
        Where it writes: the same under DVC, Hydra's output folder by hand.
    model_key : str or None
        The model that DVC's command names or, by hand, `model=` chooses, where one does.
    option : str or None
        The option of a study that DVC's command names, where one does.
    """

    settings: Mapping[str, Any]
    root: Path
    out: Path
    model_key: str | None
    option: str | None = None

    def build(self, key: str) -> Any:
        """Build the object that a section describes."""
        return config.build(self.settings[key], key)

    def build_each(self, key: str) -> dict[str, Any]:
        """Build the objects that a section describes by name."""
        return {name: config.build(section, f"{key}.{name}") for name, section in self.settings[key].items()}

    def named_model(self) -> str:
        """Give the key of the model that DVC names or, by hand, `model=` chooses.

        Raises
        ------
        InputError
            If none is named.
        """
        if self.model_key is None:
            raise InputError("model_key: names no model; give model_key=... with the key of one")
        return self.model_key

    def chosen_model(self) -> tuple[str, dict[str, Any]]:
        """Give the key and the settings of the model that DVC names or, by hand, `model=` chooses.

        Raises
        ------
        InputError
            If there is no such model.
        """
        name = self.named_model()
        if "model" in self.settings:
            return name, self.settings["model"]
        models = self.settings["models"]
        if name not in models:
            raise InputError(f"model_key: {name!r} is not a model; there are {sorted(models)}")
        return name, models[name]

    def read(self, table: tables.Table, **names: str) -> pd.DataFrame:
        """Read a table; `names` replace those in braces in its path."""
        return tables.read(table, self.root, **names)

    def read_optional(self, table: tables.Table) -> pd.DataFrame | None:
        """Read a table that a source need not have; None where it is not there."""
        return self.read(table) if (self.root / table.path).is_file() else None

    def write(self, table: tables.Table, frame: pd.DataFrame, **names: str) -> None:
        """Write a table; `names` replace those in braces in its path."""
        tables.write(table, frame, self.out, **names)

    def read_csv(self, path: str, *, dates: Sequence[str] = ()) -> pd.DataFrame:
        """Read a report's table, with the columns that contain dates."""
        return pd.read_csv(self._existing(path), parse_dates=list(dates))

    def read_json(self, path: str) -> dict[str, Any]:
        """Read plain values."""
        content = self._existing(path).read_bytes()
        try:
            values = json.loads(content)
        except ValueError as error:
            raise InputError(f"{path}: is not JSON: {config.one_line(error)}; run the stage that writes it") from error
        if not isinstance(values, dict):
            raise InputError(
                f"{path}: contains a {type(values).__name__}, not values by name; run the stage that writes it"
            )
        return values

    def _existing(self, path: str) -> Path:
        if not (self.root / path).is_file():
            raise InputError(f"{path}: no such file; run the stage that writes it (dvc repro)")
        return self.root / path

    def write_csv(self, path: str, frame: pd.DataFrame) -> None:
        """Write a report's table, floats in full."""
        self.write_text(path, frame.to_csv(index=False, lineterminator="\n"))

    def write_json(self, path: str, values: Mapping[str, Any]) -> None:
        """Write plain values with sorted keys."""
        self.write_text(path, json.dumps(values, indent=2, sort_keys=True, allow_nan=False) + "\n")

    def write_text(self, path: str, text: str) -> None:
        """Write a file under a temporary name, then rename it."""
        files.write_text(self.out / path, text)


def note(text: str) -> None:
    """Print a line that goes with the line of the stage, which follows."""
    print(f"{'':<9} {text}")


def stage(
    *reads: str, config_name: str = "config", by_hand: Sequence[str] = (), upstream: Sequence[str] = ()
) -> Callable[[Recipe], Callable[[], None]]:
    """Make a recipe a Hydra entrypoint.

    The whole configuration is validated before the recipe starts; the recipe sees the sections in `reads` alone. It
    returns the line that says what it did. Bad input, on the command line too, ends in one line on standard error and
    exit code 1.

    Parameters
    ----------
    *reads : str
        The sections that the stage reads, or parts of one, such as ``memory.replay``; dvc.yaml names the same ones.
    config_name : str
        The primary config when the stage is run by hand; DVC's commands say ``-cn stage``.
    by_hand : sequence of str
        What that primary config adds to the whole configuration; a `model` replaces the section `models`.
    upstream : sequence of str
        What it reads besides, but other stages have used to make its input: by hand, no override may change that.
    """

    def decorate(recipe: Recipe) -> Callable[[], None]:
        name = Path(sys.modules[recipe.__module__].__file__ or "").stem

        def run(composed: Callable[[], dict[str, Any]], hydra_runs: Any = None) -> None:
            try:
                prepared = _prepare(composed(), reads, by_hand, upstream, hydra_runs)
                gc.freeze()  # what was imported is no garbage until the end
                gc.enable()
                print(f"{name:<9} {recipe(prepared)}", flush=True)
            except InputError as error:
                print(f"{name}: {str(error).removeprefix(f'{name}: ')}", file=sys.stderr, flush=True)
                sys.exit(1)

        def by_hydra(composed: DictConfig) -> None:
            settings: Any = OmegaConf.to_container(composed, resolve=True)
            run(lambda: settings, HydraConfig.get())

        by_hydra.__module__ = recipe.__module__
        entry: Callable[[], None] = hydra.main(
            version_base="1.3", config_path=str(config.CONF), config_name=config_name
        )(by_hydra)

        @functools.wraps(recipe)
        def main() -> None:
            with _one_line_errors(name):
                if command := COMMAND.fullmatch(" ".join(sys.argv[1:])):
                    run(lambda: config.load_params(Path(config.PARAMS)) | command.groupdict())
                else:
                    entry()

        main.reads = (*reads, *upstream)  # type: ignore[attr-defined]
        return main

    return decorate


@contextmanager
def _one_line_errors(name: str) -> Iterator[None]:
    """Say in one line what Hydra says in many, unless the user asked for its full errors."""
    if _FULL_ERROR in os.environ:
        yield
        return
    os.environ[_FULL_ERROR] = "1"  # Hydra raises, where it would print and exit
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        print(f"{name}: {config.one_line(error)}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{name}: interrupted; run it again", file=sys.stderr, flush=True)
        sys.exit(128 + signal.SIGINT)
    finally:
        del os.environ[_FULL_ERROR]


def _prepare(
    settings: dict[str, Any], reads: Sequence[str], by_hand: Sequence[str], upstream: Sequence[str], hydra_runs: Any
) -> Stage:
    refuse_foreign_package()
    named = {key: settings.pop(key, None) for key in ("model_key", "option")}
    added = {key: settings.pop(key) for key in by_hand if key in settings}
    config.validate(settings)
    root = Path.cwd()
    if hydra_runs is None or hydra_runs.job.config_name == "stage":
        return Stage({key: _part(settings, key) for key in (*reads, *upstream)}, root, root, **named)
    sections = [key for key in reads if not (key == "models" and "model" in added)]
    declared = [*sections, *added]
    for override in hydra_runs.overrides.task:
        key = override.lstrip("+~").split("=")[0].split("@")[0]
        if "models" not in reads and key.startswith("model."):
            raise InputError(f"{override}: this stage does not fit the model; `model=` names it, and no more")
        if not any(key == read or key.startswith(f"{read}.") for read in declared):
            raise InputError(f"{override}: this stage does not read {key.split('.')[0]}; it reads {declared}")
    given = {key: _part(settings, key) for key in (*sections, *upstream)} | added
    return Stage(given, root, Path(hydra_runs.runtime.output_dir), hydra_runs.runtime.choices.get("model"))


def _part(settings: Mapping[str, Any], key: str) -> Any:
    """Give a section, or the part of one that a dotted key names; None where a part above it is switched off."""
    part: Any = settings
    for name in key.split("."):
        part = None if part is None else part[name]
    return part


def refuse_foreign_package() -> None:
    """Refuse to run another folder's code, as an installed package would do in an experiment's temporary folder.

    Raises
    ------
    InputError
        If the package was not imported from ``src/`` of the current directory.
    """
    package = Path(barograph.__file__).resolve().parent
    expected = Path.cwd().resolve() / "src" / "barograph"
    if package != expected:
        raise InputError(
            f"barograph was imported from {os.path.relpath(package)}, not from src/barograph of this folder; "
            "run in the project's root with PYTHONPATH=src"
        )
