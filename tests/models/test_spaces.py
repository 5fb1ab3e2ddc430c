"""Search spaces: what they hold, where they start, what they refuse."""

from typing import Annotated, Literal

import pytest
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.spaces import Sweep, contains, searched, settled, starts, whole, within_range


class Params(TypedDict, total=False):
    """A count, a share and a word."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    depth: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt"]
    kind: Literal["flat", "steep"]


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class Tree:
    """A model without a fit."""

    params: Params
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)


SWEEP = {
    "depth": {"low": 2, "high": 8, "log": True, "start": 4},
    "share": {"low": 0.1, "high": 1, "start": 1},
    "kind": {"choices": ["flat", "steep"], "start": "steep"},
}


def test_what_is_fixed_is_not_searched():
    tree = Tree(params={"depth": 3}, sweep=SWEEP)
    assert set(searched(tree)) == {"share", "kind"}
    assert starts(tree) == {"share": 1, "kind": "steep"}
    assert settled(tree) == {"depth": 3, "share": 1.0, "kind": "steep"}


def test_a_whole_start_of_a_share_becomes_a_share():
    assert isinstance(settled(Tree(params={}, sweep=SWEEP))["share"], float)
    chosen = Tree(params={}, sweep={"share": {"choices": [0.5, 1], "start": 1}})
    assert isinstance(settled(chosen)["share"], float)


def test_a_model_without_a_search_space_searches_nothing():
    assert searched(object()) == {}


@pytest.mark.parametrize(
    ("space", "is_whole"),
    [
        ({"low": 1, "high": 9, "start": 3}, True),
        ({"low": 0.2, "high": 9, "start": 3}, False),
        ({"low": 1, "high": 9.0, "start": 3}, False),
        ({"low": 1, "high": 9, "start": 3.0}, False),
    ],
)
def test_an_interval_is_of_whole_numbers_where_all_its_numbers_are(space, is_whole):
    assert whole(space) is is_whole
    assert contains(space, 2.5) is not is_whole


@pytest.mark.parametrize(
    ("space", "inside", "outside"),
    [
        ({"low": 1, "high": 9, "start": 3}, [1, 9], [0, 10, 2.5, True, "2", None]),
        ({"low": 0.5, "high": 2.0, "start": 1.0}, [0.5, 1, 2.0], [0.49, 2.01, float("nan"), "1"]),
        ({"choices": [None, "a", 3], "start": 3}, [None, "a", 3], ["b", 4]),
    ],
)
def test_what_a_space_contains(space, inside, outside):
    assert all(contains(space, value) for value in inside)
    assert not any(contains(space, value) for value in outside)


@pytest.mark.parametrize(
    ("name", "space", "place", "message"),
    [
        ("depth", {"low": 0, "high": 8, "start": 4}, "depth.low", "greater than or equal to 1, found 0"),
        ("depth", {"low": 2, "high": 8.5, "start": 4}, "depth.high", "valid integer, found 8.5"),
        ("depth", {"low": 8, "high": 8, "start": 8}, "depth.low", "must be less than high"),
        ("depth", {"low": 2, "high": 8, "start": 9}, "depth.start", "9 lies outside 2 to 8"),
        ("depth", {"low": "a", "high": 8, "start": 4}, "depth.low", "finite number"),
        ("depth", {"low": True, "high": 8, "start": 4}, "depth.low", "finite number"),
        ("share", {"low": 0.1, "high": float("inf"), "start": 0.5}, "share.high", "finite number"),
        ("share", {"low": -0.1, "high": 1.0, "log": True, "start": 0.5}, "share.low", "must be positive"),
        ("share", {"low": 0.1, "high": 1.0, "log": "yes", "start": 0.5}, "share.log", "valid boolean"),
        ("share", {"low": 0.1, "high": 1.0}, "share.start", "required"),
        ("share", {"low": 0.1, "hihg": 1.0, "start": 1.0}, "share.hihg", r"allowed are \['high', 'log', 'low', 'st"),
        ("share", 0.5, "share", "low, high and start, or choices and start"),
        ("kind", {"choices": ["flat", "round"], "start": "flat"}, "kind.choices.1", "found 'round'"),
        ("kind", {"choices": ["flat"], "start": "steep"}, "kind.start", "not among the choices"),
        ("kind", {"choices": [["flat"]], "start": "flat"}, "kind.choices.0", "number, a string"),
        ("kind", {"choices": "flat", "start": "flat"}, "kind.choices", "valid list"),
        ("colour", {"choices": ["red"], "start": "red"}, "colour", r"no such parameter; allowed are \['depth'"),
    ],
)
def test_a_bad_space_is_refused_at_its_place(name, space, place, message):
    with pytest.raises(ValidationError, match=message) as caught:
        Tree(params={}, sweep={name: space})
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == f"sweep.{place}"
