"""The champion: the model in production, as its promotion describes it."""

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.gate.criteria import Number
from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class Champion:
    """The predictor in production, with its figures at promotion."""

    predictor: Annotated[str, Field(min_length=1)]
    validation: dict[str, Number | int | None]
    backtest: dict[str, Number | int | None]


def read_champion(text: bytes | str, place: str) -> Champion:
    """Build the champion from JSON: ``{"predictor": ..., "validation": {...}, "backtest": {...}}``.

    Other text raises :class:`~barograph.errors.InputError`, which names the `place` that it comes from.
    """
    try:
        return TypeAdapter(Champion).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        wanted = "predictor (a name), validation and backtest (figures by name) are wanted"
        raise InputError(f"{place}: {where}: {first['msg']}; {wanted}") from error
