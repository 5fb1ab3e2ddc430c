"""What was kept: counts by family and fold, what stands for what was dropped, and what is said where all is kept."""

from typing import Any

import pandas as pd
import pytest

from barograph.report import Results, render
from barograph.report.parts import kept
from barograph.report.parts.kept import catalogue_rows, left_out

from .synthetic import replaced
from .synthetic_why import catalogue

FAMILIES = {
    "vol_1": "volatility",
    "vol_2": "volatility",
    "vol_3": "volatility",
    "ret_1": "momentum",
    "ret_2": "momentum",
}
GONE = {
    (0, "vol_2"): "near duplicate of vol_1",
    (1, "vol_2"): "near duplicate of vol_1",
    (1, "vol_3"): "near duplicate of vol_1",
    (1, "ret_2"): "constant",
    (2, "vol_1"): "near duplicate of vol_2",
}


def selected(results: Results, gone: dict[tuple[int, str], str] = GONE, **changes: Any) -> Results:
    rows = [(fold, name, gone.get((fold, name), "kept")) for fold in range(3) for name in FAMILIES]
    table = pd.DataFrame(rows, columns=["fold", "feature", "reason"])
    table = table.assign(kept=table["reason"] == "kept")
    return replaced(
        results, **({"selection": table, "catalogue": catalogue(FAMILIES), "selection_stability": 0.714} | changes)
    )


def test_the_heading_counts_and_says_how_stable(results: Results) -> None:
    assert kept.heading(selected(results)) == (
        "A fold keeps 2 to 4 of 5 features; 1 are kept in every fold (stability 0.71)"
    )
    same = {(fold, "vol_2"): "eliminated" for fold in range(3)}
    assert kept.heading(selected(results, same, selection_stability=None)) == (
        "A fold keeps 4 of 5 features; 4 are kept in every fold"
    )
    assert kept.heading(selected(results, {}, selection_stability=None)) == "Every fold keeps all 5 features"


def test_cells_count_what_a_fold_keeps_of_a_family(results: Results) -> None:
    chart = kept.families(selected(results))
    assert chart.layout["yaxis"]["ticktext"] == ["All features (5)", "Momentum (2)", "Volatility (3)"]
    assert chart.layout["xaxis"]["ticktext"] == ["2003", "2004", "2005"]
    assert chart.data[0]["text"] == [["4", "2", "4"], ["2", "1", "2"], ["2", "1", "2"]]
    assert chart.data[0]["z"] == [
        [20, 60, 20],
        [0, 50, 0],
        [pytest.approx(100 / 3, abs=0.01), pytest.approx(200 / 3, abs=0.01), pytest.approx(100 / 3, abs=0.01)],
    ]
    assert chart.heading == "Volatility features go most often: a fold keeps 2 of 3 (median)"


def test_a_family_that_loses_all_is_still_there(results: Results) -> None:
    none = {(fold, name): "missing" for fold in range(3) for name in ("ret_1", "ret_2")}
    chart = kept.families(selected(results, none))
    assert chart.data[0]["text"][1] == ["0", "0", "0"]
    assert chart.heading == "Momentum features go most often: a fold keeps 0 of 2 (median)"


def test_what_was_dropped_stands_by_what_is_kept_for_it(results: Results) -> None:
    assert kept.dropped(selected(results)) == [
        ("", "constant", "ret_2 (1)"),
        ("vol_1", "", "vol_2 (2), vol_3 (1)"),
        ("vol_2", "", "vol_1 (1)"),
    ]


def test_long_lists_are_cut_and_say_so(results: Results) -> None:
    names = [f"f_{place:02}" for place in range(40)]
    best = pd.DataFrame({"fold": 0, "feature": names, "kept": False, "reason": "not among the k best"})
    ((_, _, features),) = kept.dropped(replaced(results, selection=best))
    assert features.endswith("f_11 (1) and 28 more")
    pairs = best.assign(reason=[f"near duplicate of g_{place}" for place in range(40)])
    assert "The first 15 of 40 rows; data/selection.parquet has all." in render(replaced(results, selection=pairs))
    assert "The first 15" not in render(selected(results))


def test_the_page_shows_it_and_nothing_where_all_is_kept(results: Results) -> None:
    page = render(selected(results))
    assert 'data-sort="vol_1"><code>vol_1</code></th>\n<td>vol_2 (2), vol_3 (1)</td>' in page
    assert ">none: constant</th>\n<td>ret_2 (1)</td>" in page
    everything = render(selected(results, {}, selection_stability=None))
    assert "Every fold keeps all 5 features" in everything
    assert "kept-families" not in everything
    assert "dropped-caption" not in everything


def test_the_catalogue_says_what_each_feature_is_and_how_often_it_was_kept(results: Results) -> None:
    told = selected(results, catalogue=catalogue(FAMILIES | {"unselected": "momentum"}))
    table = {row.name: [cell.text for cell in row.cells] for row in catalogue_rows(told)}
    assert table["vol_2"] == ["Volatility", "ln(C_t / C_(t-1))", "", "20", "33"]
    assert table["vol_1"][-1] == "67"
    assert table["unselected"][-1] == "\N{EN DASH}"
    page = render(told)
    assert "What each feature is" in page
    assert f"{len(FAMILIES) + 1} features, as computed" in page


def test_features_that_were_left_out_are_grouped_by_what_the_source_lacks(results: Results) -> None:
    lacks = {"natr_14": "high low", "mfi_14": "high low volume", "parkinson_5": "high low"}
    assert left_out(replaced(results, left_out=lacks)) == [
        ("high low", ["natr_14", "parkinson_5"]),
        ("high low volume", ["mfi_14"]),
    ]
    assert "Features left out" not in render(replaced(results, left_out={}))
