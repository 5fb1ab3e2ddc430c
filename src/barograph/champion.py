"""The champion: the model in production, as its promotion describes it."""

import datetime
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.names import PROBABILITIES
from barograph.tables import DATE, FLOAT, TEXT, Table
from barograph.typing import STRICT

Number = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]


CHAMPION: Final = "models/champion/metrics.json"
# What the model in production says of the days since its promotion; without rows where there is none.
CHAMPION_PREDICTIONS: Final = Table(
    "data/champion/predictions.parquet",
    ("symbol", "date"),
    {"symbol": TEXT, "date": DATE} | dict.fromkeys(PROBABILITIES, FLOAT),
)
# Why there are no such predictions, if there are none.
CHAMPION_STATUS: Final = "data/champion/status.json"


@dataclass(frozen=True, config=STRICT)
class Champion:
    """The predictor in production.

    Parameters
    ----------
    predictor : str
        A model or the ensemble.
    version : str
        As `barograph model list` names it.
    since : datetime.date
        The newest date that the promotion knew: later dates are compared.
    files : dict of str to str
        What its predictions are made with: MD5 hashes by path, as dvc.lock has them.
    validation, backtest : dict of str to float
        Its figures at promotion.
    """

    predictor: Name
    version: Name
    since: datetime.date
    files: dict[str, str]
    validation: dict[str, Number | int | None]
    backtest: dict[str, Number | int | None]

    @property
    def name(self) -> str:
        """Its name for a person."""
        return f"{self.predictor} of {self.version}"


def read_champion(text: bytes | str, place: str) -> Champion:
    """Build the champion from JSON: an object with the parameters of :class:`Champion`.

    Other text raises :class:`~barograph.errors.InputError`, which names the `place` that it comes from.
    """
    try:
        return TypeAdapter(Champion).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        wanted = "predictor, version, since (a date), files (hashes by path), validation and backtest are wanted"
        raise InputError(f"{place}: {where}: {first['msg']}; {wanted}") from error
