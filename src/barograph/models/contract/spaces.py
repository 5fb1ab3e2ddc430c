"""The parameters that a model fixes, and the space of the others, which tuning may search."""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, NotRequired, Protocol, TypeAlias, TypeVar, final, get_type_hints

from pydantic import ConfigDict, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

Value: TypeAlias = bool | int | float | str | None
Params: TypeAlias = Mapping[str, Any]


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise PydanticCustomError("number", "Input should be a finite number")
    return value


def _plain(value: object) -> Value:
    if not isinstance(value, bool | int | float | str | None):
        raise PydanticCustomError("plain", "Input should be a number, a string, true, false or null")
    return value


@final
class Range(TypedDict):
    """An interval, ends included; of whole numbers where both ends and the start are."""

    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]

    low: Annotated[int | float, PlainValidator(_number)]
    high: Annotated[int | float, PlainValidator(_number)]
    log: NotRequired[bool]
    start: Annotated[int | float, PlainValidator(_number)]


@final
class Choices(TypedDict):
    """A list of values."""

    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]

    choices: list[Annotated[Value, PlainValidator(_plain)]]
    start: Annotated[Value, PlainValidator(_plain)]


def _space(value: object) -> Range | Choices:
    if not isinstance(value, Mapping):
        raise PydanticCustomError("space", "Input should hold low, high and start, or choices and start")
    kind: Any = Choices if "choices" in value else Range
    allowed = sorted(get_type_hints(kind))
    for key in value:
        if key not in allowed:
            raise _refusal((str(key),), f"no such setting; allowed are {allowed}")
    space: Range | Choices = TypeAdapter(kind).validate_python(value)
    return space


Sweep: TypeAlias = dict[str, Annotated[Range | Choices, PlainValidator(_space)]]


class Tunable(Protocol):
    """A model that has parameters and says which of them may be searched."""

    @property
    def params(self) -> Params:
        """The fixed parameters."""

    @property
    def sweep(self) -> Sweep:
        """The search space of those that are not fixed."""


_Tunable = TypeVar("_Tunable", bound=Tunable)


def searched(model: object) -> Sweep:
    """Give the part of a model's search space that its parameters leave open; empty for a model without one."""
    fixed = getattr(model, "params", {})
    return {name: space for name, space in getattr(model, "sweep", {}).items() if name not in fixed}


def settled(model: Tunable) -> dict[str, Any]:
    """Give the parameters to fit with: the fixed ones, and the start of the search for the others."""
    given = starts(model) | dict(model.params)
    # A start of 1 for a share is 1.0: scikit-learn reads the whole number as a count.
    typed = TypeAdapter(get_type_hints(type(model))["params"]).validate_python(given)
    return {name: typed[name] for name in given}


def starts(model: object) -> dict[str, Value]:
    """Give where the search begins, for every parameter that is searched."""
    return {name: space["start"] for name, space in searched(model).items()}


def whole(space: Range) -> bool:
    """Tell whether an interval consists of whole numbers alone, as its ends and its start do."""
    return all(isinstance(number, int) for number in (space["low"], space["high"], space["start"]))


def contains(space: Range | Choices, value: object) -> bool:
    """Tell whether a value lies in a search space."""
    if "choices" in space:
        return value in space["choices"]
    if isinstance(value, bool) or not isinstance(value, int if whole(space) else int | float):
        return False
    return bool(space["low"] <= value <= space["high"])


def within_range(model: _Tunable) -> _Tunable:
    """Refuse, for pydantic, a space of an unknown parameter, an empty one, and one with values that are not allowed."""
    allowed = get_type_hints(get_type_hints(type(model))["params"], include_extras=True)
    for name, space in model.sweep.items():
        if name not in allowed:
            raise _refusal(("sweep", name), f"no such parameter; allowed are {sorted(allowed)}")
        _check_space(name, space)
        for place, value in _values(space):
            try:
                TypeAdapter(allowed[name], config=ConfigDict(strict=True)).validate_python(value)
            except ValidationError as error:
                message = f"{error.errors()[0]['msg']}, found {value!r}"
                raise _refusal(("sweep", name, place), message) from error
    return model


def _check_space(name: str, space: Range | Choices) -> None:
    start = space["start"]
    if "choices" in space:
        if start not in space["choices"]:
            raise _refusal(("sweep", name, "start"), f"{start!r} is not among the choices {space['choices']}")
        return
    low, high = space["low"], space["high"]
    if not low < high:
        raise _refusal(("sweep", name, "low"), f"{low} must be less than high, which is {high}")
    if not contains(space, start):
        raise _refusal(("sweep", name, "start"), f"{start} lies outside {low} to {high}")
    if space.get("log", False) and low <= 0:
        raise _refusal(("sweep", name, "low"), f"{low} given; on a logarithmic scale it must be positive")


def _values(space: Range | Choices) -> list[tuple[str, Value]]:
    if "choices" in space:
        return [(f"choices.{i}", value) for i, value in enumerate(space["choices"])]
    return [("low", space["low"]), ("high", space["high"]), ("start", space["start"])]


def _refusal(place: tuple[str, ...], message: str) -> ValidationError:
    """Say it as pydantic does, so that the place becomes part of the key that the user reads."""
    error = InitErrorDetails(type=PydanticCustomError("value_error", message), loc=place, input=None)
    return ValidationError.from_exception_data("search space", [error])
