"""Dates are days without a time zone: to convert a zone moves midnight, and so the day, without a word."""

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from barograph.errors import InputError

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def refuse_time_zones(**given: Any) -> None:
    """Refuse frames, indexes, series, arrays and moments with a time zone, also within mappings and sequences.

    Raises
    ------
    InputError
        Which names the argument, its column, and the zone.
    """
    for name, value in given.items():
        if isinstance(value, pd.DataFrame):
            _refuse(name, "the index", value.index)
            for column, dtype in zip(value.columns, value.dtypes, strict=True):
                if isinstance(dtype, pd.DatetimeTZDtype):
                    _refuse(name, str(column), value[column])
        elif isinstance(value, Mapping):
            refuse_time_zones(**{f"{name}[{key}]": each for key, each in value.items()})
        elif isinstance(value, list | tuple):
            refuse_time_zones(**{f"{name}[{place}]": each for place, each in enumerate(value)})
        elif isinstance(value, datetime):
            _refuse(name, "", pd.Series([value]))
        else:
            _refuse(name, "", value)


def without_time_zones(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Let a function refuse arguments that :func:`refuse_time_zones` refuses, before it does anything."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        refuse_time_zones(**{n: v for n, v in signature.bind(*args, **kwargs).arguments.items() if n != "self"})
        return function(*args, **kwargs)

    return checked


def _refuse(name: str, part: str, values: Any) -> None:
    levels = values.levels if isinstance(values, pd.MultiIndex) else [values]
    for each in levels:
        if isinstance(dtype := getattr(each, "dtype", None), pd.DatetimeTZDtype):
            where = f"{name}: {part}" if part else name
            raise InputError(f"{where} has the time zone {dtype.tz}; allowed: days without a time zone")
