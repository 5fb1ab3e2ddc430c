"""Tuning: search for a model's parameters before the first test date, on unresampled data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from barograph import config
from barograph.errors import InputError
from barograph.stages.machine import cache, executor
from barograph.stages.search_data import read_search_data
from barograph.stages.stage import Stage, stage
from barograph.tuning import Grid, Off, Tuning, TuningResult, tune, tuning_rows, unsearched

if TYPE_CHECKING:
    from optuna.storages import JournalStorage


@stage(
    "models",
    "tuning",
    "seed",
    config_name="tune",
    by_hand=("model", "storage", "executor"),
    upstream=("folds.embargo",),
)
def main(stage: Stage) -> str:
    """Tune the model that DVC names or, by hand, the one that `model=` chooses; `storage=` keeps the study."""
    name, chosen = stage.chosen_model()
    model, settings = config.build(chosen, f"models.{name}"), stage.build("tuning")
    by_hand = "model" in stage.settings
    if isinstance(settings, Off) or (name in settings.not_searched and not by_hand):
        result = unsearched(model, name)
    else:
        result = _search(stage, name, model, settings, chosen)
    stage.write_json(f"data/tuning/{name}.json", result.found)
    stage.write_csv(f"reports/tuning/{name}.csv", result.trials)
    return f"{name}: {_said(result.found, 'model' if by_hand else f'models.{name}')}"


def _search(stage: Stage, name: str, model: Any, settings: Tuning | Grid, chosen: Mapping[str, Any]) -> TuningResult:
    data, first = read_search_data(stage)
    rows = tuning_rows(data, first, settings, embargo=stage.settings["folds.embargo"])
    storage = stage.settings.get("storage")
    with tqdm(desc=name, total=settings.trials_of(model) * settings.splits, unit="fit", disable=None) as bar:
        return tune(
            model,
            rows,
            settings,
            name=name,
            seed=stage.settings["seed"],
            storage=journal(storage) if storage is not None else None,
            on_fits=bar.update,
            executor=executor(stage),
            cache=cache(model, chosen.get("code")),
        )


def journal(path: Any) -> "JournalStorage":
    """Open a file in which Optuna keeps studies, line by line; a missing one is begun."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if not isinstance(path, str) or not path:
        raise InputError(f"storage: {path!r}; it must name the file that keeps the study, or be null")
    try:
        given = Path(path).read_bytes() if Path(path).exists() else b""
        if given and ("op_code" not in json.loads(given.splitlines()[0]) or not given.endswith(b"\n")):
            raise ValueError("a line is no record, or is cut off")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(path))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"storage: {path} is not an Optuna journal: {config.one_line(error)}") from error


def _said(found: dict[str, Any], place: str) -> str:
    if not found["params"]:
        return "nothing to search, no study; its parameters are all fixed"
    if found["log_loss"] is None:
        return f"not searched; {_overrides(found, place)}"
    ended = ", ".join(f"{count} {state}" for state, count in found["trials"].items() if count)
    start = "a start that failed" if found["start_log_loss"] is None else f"{found['start_log_loss']:.4f} at the start"
    count = sum(found["trials"].values())
    return f"{count} trials ({ended}), log loss {found['log_loss']:.4f} against {start}; {_overrides(found, place)}"


def _overrides(found: dict[str, Any], place: str) -> str:
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in found["params"].items()}
    return " ".join(f"+{place}.params.{key}={value}" for key, value in values.items())


if __name__ == "__main__":
    main()
