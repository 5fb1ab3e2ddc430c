"""Small cells: what a corrected test decides, the ends of the ranking, and grey where there is too little evidence."""

import numpy as np
import pytest

from barograph.report import Results, render
from barograph.report.blocks import Chart
from barograph.report.palette import BETTER, FAINT, WORSE
from barograph.report.parts import cells

from .synthetic import field, replaced
from .test_page import content


def changed(results: Results, chosen: str, /, **values: object) -> Results:
    table = field(results, "symbols")
    rows = (table["symbol"] == chosen) & (table["predictor"] == results.headline)
    assert rows.sum() == 1
    return replaced(results, symbols=table.assign(**{name: table[name].mask(rows, to) for name, to in values.items()}))


def forest(results: Results) -> Chart:
    return cells.forest(results, cells.by_symbol(results))


def grid(results: Results) -> Chart:
    return cells.grid(results, cells.by_sector(results))


def test_the_heading_counts_what_the_corrected_test_decides_and_names_the_ends(results: Results) -> None:
    assert forest(results).heading == (
        "Skill is shown in 4 of 12 symbols, beyond volatility in 4, the regime table is better in 3, after correction "
        "for 12; strongest S00 +6.0 % [4.5, 7.5], weakest S11 \N{MINUS SIGN}5.0 % "
        "[\N{MINUS SIGN}6.5, \N{MINUS SIGN}3.5]; too little evidence in 2"
    )
    assert grid(results).heading == (
        "Skill is shown in 4 of 15 pairs of sector and regime, beyond volatility in 4, the regime table is better in "
        "3, after correction for 15; strongest Energy in low volatility +5.0 % [3.5, 6.5], weakest Utilities in high "
        "volatility \N{MINUS SIGN}4.0 % [\N{MINUS SIGN}5.5, \N{MINUS SIGN}2.5]; too little evidence in 5"
    )


def test_an_interval_alone_decides_nothing(results: Results) -> None:
    """The interval of S04 excludes zero too, but its q-value of 0.08 does not decide."""
    told = changed(results, "S00", skill_regime_prior_q_value=0.051)
    assert forest(told).heading.startswith("Skill is shown in 3 of 12 symbols")
    wide = changed(results, "S00", skill_regime_prior_low=-0.001)
    assert forest(wide).heading.startswith("Skill is shown in 3 of 12 symbols")
    none = field(results, "symbols").assign(skill_regime_prior_q_value=0.3)
    assert forest(replaced(results, symbols=none)).heading.startswith(
        "Skill is shown in none of 12 symbols, beyond volatility in 4, after correction for 12; strongest S00"
    )
    known = changed(results, "S00", skill_structural_q_value=0.051)
    assert forest(known).heading.startswith(
        "Skill is shown in 4 of 12 symbols, beyond volatility in 3, the regime table"
    )


def test_without_enough_evidence_there_is_no_strongest(results: Results) -> None:
    weak = replaced(results, symbols=field(results, "symbols").assign(sufficient=False))
    assert forest(weak).heading == "None of 14 symbols carries enough evidence"
    assert {trace["marker"]["line"]["color"] for trace in forest(weak).data} == {FAINT}
    only = field(results, "symbols").query("symbol == 'S02'")
    assert forest(replaced(results, symbols=only)).heading == (
        "Skill is shown in 1 of 1 symbol, beyond volatility in 1, after correction for 1; S02 +4.0 % [2.5, 5.5]"
    )


def test_the_forest_draws_the_five_at_either_end_of_those_with_evidence(results: Results) -> None:
    ticks = [tick.partition("<br>")[0] for tick in forest(results).layout["yaxis"]["ticktext"]]
    ends = [*(f"S{place:02}" for place in range(5)), *(f"S{place:02}" for place in range(7, 12))]
    assert ticks[:5] + ticks[6:] == ends
    assert "4 more in the table" in ticks[5]
    few = replaced(results, symbols=field(results, "symbols").query("symbol >= 'S05'"))
    ticks = [tick.partition("<br>")[0] for tick in forest(few).layout["yaxis"]["ticktext"]]
    assert ticks == [f"S{place:02}" for place in range(5, 14)]


def test_marks_lie_at_their_symbols_and_are_large_where_the_test_decides(results: Results) -> None:
    chart = forest(results)
    own = [trace for trace in chart.data if trace["meta"]["predictor"] == "ensemble"]
    against, ticks = own[0], chart.layout["yaxis"]["ticktext"]
    at = {ticks[len(ticks) - 1 - round(y - 0.24)][:3]: (x, how) for x, y, how in _points(against)}
    skills = field(results, "symbols").query("predictor == 'ensemble'").set_index("symbol")["skill_regime_prior"]
    assert {name: x for name, (x, _) in at.items()} == pytest.approx((100 * skills[list(at)]).to_dict())
    assert len(at) == 10
    large = {name for name, (_, how) in at.items() if how == 10}
    assert large == {"S00", "S01", "S02", "S03", "S09", "S10", "S11"}
    visible = {trace["meta"]["predictor"]: trace["visible"] for trace in chart.data}
    assert [name for name, seen in visible.items() if seen] == ["ensemble"]
    assert set(visible) == set(results.scored)


def _points(trace: dict) -> zip:
    return zip(trace["x"], trace["y"], trace["marker"]["size"], strict=True)


def test_the_map_is_grey_where_evidence_is_missing_and_bold_where_the_test_decides(results: Results) -> None:
    chart = grid(results)
    grey, own = chart.data[0], next(trace for trace in chart.data if trace.get("meta", {}).get("predictor"))
    assert {colour for _, colour in grey["colorscale"]} == {FAINT}
    sectors = sorted({row["gics_sector"] for row in cells.by_sector(results).rows})
    known = np.array(grey["z"], dtype=float)
    assert known.shape == (len(sectors), 4)
    assert np.isfinite(known[:, 3]).all()
    assert np.isnan(known[:, :3]).all()
    assert np.isnan(np.array(own["z"], dtype=float)[:, 3]).all()
    assert own["z"][0][:3] == pytest.approx([5.0, 4.5, 4.0])
    assert own["text"][0] == ["<b>+5.0*</b>", "<b>+4.5*</b>", "<b>+4.0*</b>", ""]
    assert own["text"][1][0] == "<b>+3.0*</b>"
    assert own["text"][1][1] == "+2.5"
    assert [colour for _, colour in own["colorscale"]][::2] == [WORSE, BETTER]
    assert own["zmin"] == -own["zmax"] == pytest.approx(-5.0)
    assert grey["customdata"][0][3] == "too few: 3 episodes, worth 2.5, 20 cases"
    assert "Grey" in chart.note


def test_a_map_without_grey_or_decided_cells_does_not_explain_them(results: Results) -> None:
    table = field(results, "sectors_by_regime").assign(sufficient=True, skill_regime_prior_q_value=0.5)
    chart = grid(replaced(results, sectors_by_regime=table))
    assert chart.note == ""
    assert all("predictor" in trace["meta"] for trace in chart.data)


def test_the_table_lists_every_symbol_and_no_number_where_evidence_is_missing(results: Results) -> None:
    listed = cells.table(results, cells.by_symbol(results))
    assert [row.name for row in listed.rows] == [f"S{place:02}" for place in range(14)]
    first, last = listed.rows[0], listed.rows[-1]
    assert [cell.text for cell in first.cells] == ["Utilities", "346", "9", "6.0", "0.020", "6.0", "6.0"]
    beyond = changed(results, "S00", skill_structural=0.01)
    assert [cell.text for cell in cells.table(beyond, cells.by_symbol(beyond)).rows[0].cells[3:]] == [
        *("6.0", "0.020", "6.0", "1.0")
    ]
    assert [cell.small for cell in first.cells[1:4]] == ["4,000 rows", "worth 8.5", "[4.5, 7.5]"]
    assert last.kind == "weak"
    assert [cell.text for cell in last.cells[3:]] == ["too few", *["\N{EN DASH}"] * 3]


def test_the_page_says_that_ends_are_selected_and_shows_both_charts(results: Results, page: str) -> None:
    assert "winner" in page
    assert {"forest-symbol", "cells-sector-regime"} <= set(content(page))
    nothing = {name: field(results, name).head(0) for name in ("symbols", "sectors_by_regime")}
    empty = content(render(replaced(results, **nothing)))
    assert not {"forest-symbol", "cells-sector-regime"} & set(empty)


def test_names_are_escaped(results: Results) -> None:
    odd = field(results, "symbols").replace({"S00": "<b>&"})
    assert "&lt;b&gt;&amp;" in forest(replaced(results, symbols=odd)).layout["yaxis"]["ticktext"][0]
