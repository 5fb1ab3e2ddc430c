"""Configuration: compose conf/ with Hydra, build every object once to validate it, keep params.yaml in step."""

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.singleton import Singleton
from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from barograph.errors import InputError
from barograph.names import RESERVED, SIGNAL_PREFIX

CONF: Final = Path(__file__).resolve().parents[2] / "conf"
PARAMS: Final = "params.yaml"
_HEADER: Final = "# Composed from conf/ by `barograph params`; never edited by hand.\n"

_OF_KEY: Final = ".[key]"
_CODE: Final = "code"

Settings = Mapping[str, Any]

# The methods of which each section must have one; none where its settings alone are read.
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "market": ("load",),
    "regime": ("table",),
    "features": ("register",),
    "label": ("distances",),
    "archive": (),
    "folds": ("folds",),
    "memory": (),
    "exam": (),
    "selection": ("select",),
    "tuning": (),
    "models": ("fit",),
    "ensemble": ("walk",),
    "validation": (),
    "drift": (),
    "strategy": ("target_weights",),
    "strategies": ("on_bar", "target_weights"),
    "sizing": ("size",),
    "sizings": ("size",),
    "risk": ("limit", "record"),
    "overlays": ("limit", "record"),
    "execution": (),
    "backtest": (),
    "explain": (),
    "gate": (),
    "ablation": (),
    "feature_study": (),
}
# Sections that describe several objects by name.
_BY_NAME: Final = ("models", "strategies", "sizings", "risk", "overlays")
_PATHS: Final[Mapping[str, str]] = {
    "watch": "file or folder on which the market data depends",
    "strategy_code": "file or folder of strategies of your own, on which the backtest depends",
    "shortable": "file of the names that can be sold short",
}


def compose(overrides: Sequence[str] = (), *, config_name: str = "config") -> dict[str, Any]:
    """Compose a primary config.

    Parameters
    ----------
    overrides : sequence of str
        Hydra overrides, such as ``memory=none`` or ``models.lightgbm.params.num_leaves=15``.
    config_name : str
        The primary config's name in conf/.

    Returns
    -------
    dict
        Plain values, with a missing one left as ``???``.

    Raises
    ------
    InputError
        If an override names an unknown key or option.
    """
    running = Singleton.get_state()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = hydra_compose(config_name, overrides=list(overrides))
        plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise InputError(f"{' '.join(overrides) or f'conf/{config_name}.yaml'}: {one_line(error)}") from error
    finally:
        Singleton.set_state(running)
    return plain


def build(section: Any, key: str) -> Any:
    """Build what a section of the configuration describes.

    Parameters
    ----------
    section : mapping
        Names the class in ``_target_`` and its settings beside it.
    key : str
        The section's place in the configuration, for messages.

    Returns
    -------
    object

    Raises
    ------
    InputError
        If a key, type or value is not allowed, or one is missing; one line that names the key.
    """
    if missing := _missing(section, key):
        raise InputError(f"{missing}: ??? is not a value; set it, for example with -S {missing}=...")
    plain = without_code(section)
    try:
        # As a keyword of `instantiate` it would cost a merge of two configurations.
        return instantiate({**plain, "_convert_": "all"} if isinstance(plain, Mapping) else plain)
    except InstantiationException as error:
        raise InputError(_explain(error, section, key)) from error


def validate(settings: Settings) -> None:
    """Build every section once.

    Parameters
    ----------
    settings : mapping
        A whole configuration.

    Raises
    ------
    InputError
        If a section is unknown, absent or does not build; one line that names the key.
    """
    known = section_names()
    if unknown := sorted(set(settings) - known):
        raise InputError(f"{unknown[0]}: no such section; allowed are {sorted(known)}")
    if absent := sorted(known - set(settings)):
        raise InputError(f"{absent[0]}: the section is absent; run `barograph params`")
    for key in _METHODS:
        if key not in _BY_NAME:
            _check(settings[key], key, _METHODS[key])
            if _CODE in settings[key]:
                raise InputError(f"{key}.{_CODE}: no such setting; a model alone names its source")
    _check_named(settings)
    _check_values(settings)


def _check_named(settings: Settings) -> None:
    """Check the sections that describe several objects by name."""
    if not settings["models"]:
        raise InputError("models: none is left; at least one is needed")
    for name, model in settings["models"].items():
        _refuse_taken(name)
        _check(model, f"models.{name}", _METHODS["models"])
        _check_code(model.get(_CODE), f"models.{name}.{_CODE}")
    for name, strategy in settings["strategies"].items():
        if name in RESERVED or name in settings["models"]:
            raise InputError(f"strategies.{name}: the name is taken by a predictor; choose another one")
        _check(strategy, f"strategies.{name}", _METHODS["strategies"])
    for key in ("sizings", "risk", "overlays"):
        for name, section in settings[key].items():
            _check(section, f"{key}.{name}", _METHODS[key])


def _check_values(settings: Settings) -> None:
    if settings["model_names"] != list(settings["models"]):
        raise InputError(
            f"model_names: {settings['model_names']!r}; it lists the keys of models, {list(settings['models'])}"
        )
    seed = settings["seed"]
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"seed: {seed!r}; it must be a whole number, zero or more")
    for key, dependency in _PATHS.items():
        if not isinstance(settings[key], str) or not settings[key]:
            raise InputError(f"{key}: {settings[key]!r}; it must name the {dependency}")


def without_code(section: Any) -> Any:
    """Leave out the file of a model's source: DVC watches it, and it is no part of what is built or hashed."""
    return (
        {name: value for name, value in section.items() if name != _CODE} if isinstance(section, Mapping) else section
    )


def _refuse_taken(name: str) -> None:
    if name in RESERVED:
        raise InputError(f"models.{name}: the name is taken; a model may not be called one of {list(RESERVED)}")
    if name.startswith(SIGNAL_PREFIX):
        raise InputError(f"models.{name}: the name is that of a signal; a model's may not begin with {SIGNAL_PREFIX}")


def _check_code(path: Any, key: str) -> None:
    if not isinstance(path, str) or not path.endswith(".py"):
        raise InputError(f"{key}: {path!r}; it must name the Python file of the model's source, such as mine.py")


def _check(section: Any, key: str, methods: tuple[str, ...]) -> None:
    if not isinstance(section, Mapping) or "_target_" not in section:
        raise InputError(f"{key}: {section!r} describes nothing; it needs a _target_ and its settings")
    built = build(section, key)
    if methods and not any(hasattr(built, method) for method in methods):
        named = " or ".join(methods)
        raise InputError(f"{key}._target_: {section['_target_']} is not allowed here; it has no method {named}")


def section_names() -> set[str]:
    """Give the sections of a whole configuration: the groups and values that conf/config.yaml names."""
    primary = yaml.safe_load((CONF / "config.yaml").read_text())
    groups = [next(iter(entry)) for entry in primary["defaults"] if isinstance(entry, dict)]
    sections = {group.partition("@")[2].partition(".")[0] or group for group in groups}
    return (sections | set(primary)) - {"defaults", "experiment"}


def load_params(path: Path) -> dict[str, Any]:
    """Read a composed params.yaml.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Its values.

    Raises
    ------
    InputError
        If the file is missing or not YAML.
    """
    if not path.is_file():
        raise InputError(f"{path}: missing; run `barograph params`")
    try:
        loaded: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path), resolve=True)  # type: ignore[assignment]
    except (yaml.YAMLError, OmegaConfBaseException, OSError) as error:
        raise InputError(f"{path}: is not YAML: {one_line(error)}") from error
    return loaded


def dump_params(settings: Settings) -> str:
    """Give the text of params.yaml."""
    text: str = yaml.safe_dump(dict(settings), sort_keys=False, default_flow_style=False)
    return _HEADER + text


def changes(default: Settings, settings: Settings) -> dict[str, tuple[Any, Any]]:
    """List what differs between two configurations.

    Parameters
    ----------
    default, settings : mapping

    Returns
    -------
    dict of str to tuple
        The dotted key of every leaf that differs, with its value in either, None where it is absent.
    """
    ours, theirs = _leaves(default), _leaves(settings)
    keys = [*ours, *(key for key in theirs if key not in ours)]
    return {
        key: (ours.get(key), theirs.get(key))
        for key in keys
        if (key in ours) != (key in theirs) or repr(ours[key]) != repr(theirs[key])
    }


def one_line(error: BaseException) -> str:
    """Give an error's message without line breaks and without the places where Hydra looked."""
    text = str(error).partition("\nConfig search path:")[0]
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _leaves(settings: Settings, key: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in settings.items():
        place = f"{key}.{name}" if key else str(name)
        leaves |= _leaves(value, place) if isinstance(value, Mapping) and value else {place: value}
    return leaves


def _missing(section: Any, key: str) -> str | None:
    if isinstance(section, str):
        return key if section == "???" else None
    if isinstance(section, Mapping):
        return next((found for name, part in section.items() if (found := _missing(part, f"{key}.{name}"))), None)
    return None


def _explain(error: InstantiationException, section: Any, key: str) -> str:
    cause = error.__cause__
    inner = next((line[10:] for line in str(error).splitlines() if line.startswith("full_key: ")), "")
    place = [key, *inner.split(".")] if inner else [key]
    if not isinstance(cause, ValidationError):
        return _placed(".".join(place), one_line(cause or error))
    first = cause.errors()[0]
    where = ".".join([*place, *(str(part) for part in first["loc"])])
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        target = reduce(lambda part, name: part[name], inner.split(".") if inner else [], section)["_target_"]
        return f"{where}: no such setting; allowed are {_settings_of(get_class(target), first['loc'][:-1])}"
    if first["type"] in {"value_error", "missing", "missing_argument"}:
        return _placed(where, str(first["msg"]).removeprefix("Value error, "))
    if where.endswith(_OF_KEY):
        return f"{where.removesuffix(_OF_KEY)}: no such key; {first['msg']}"
    return f"{where}: {first['msg']}, found {first['input']!r}"


def _placed(place: str, message: str) -> str:
    """Put a place before a message that does not name it itself."""
    return message if message.startswith((f"{place}:", f"{place}.")) else f"{place}: {message}"


def _settings_of(holder: Any, path: tuple[int | str, ...]) -> list[str]:
    for name in path:
        # The type of a mapping's or a list's values is its last argument.
        inside = get_args(holder)
        holder = inside[-1] if inside else get_type_hints(holder)[str(name)]
    return sorted(get_type_hints(holder))
