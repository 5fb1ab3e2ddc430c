"""One offline HTML page of sections: navigation, blocks, and plotly's script once."""

import json
import re
from collections.abc import Iterable, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from barograph.report import palette
from barograph.report.blocks import Chart, Section, charts
from barograph.report.results import Results
from barograph.report.sections import SECTIONS


def render(results: Results) -> str:
    """Write the report, a whole HTML document that loads nothing; the same results give the same bytes."""
    return page(palette.title(results.headline), [section(results) for section in SECTIONS])


def page(title: str, sections: Sequence[Section]) -> str:
    """Write sections as one document: plotly's script is in it once, and its security policy forbids the network."""
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("barograph.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"tight": _tight, "code": _code, "zip": zip, "kind": lambda block: type(block).__name__}
    drawn = charts(block for section in sections for block in section.blocks)
    content = {"title": title, "sections": sections, "plotly": Markup(get_plotlyjs()), "charts": _json(drawn)}
    return environment.get_template("page.html").render(content)


def _tight(sentence: str) -> Markup:
    """Keep a figure, its unit and its interval on one line."""
    whole = re.sub(r"\[[^\]]+\]", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), sentence)
    return _code(whole.replace(" %", "\N{NO-BREAK SPACE}%"))


def _code(text: str) -> Markup:
    """Escape a text, and mark as code whatever is between backticks."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _json(drawn: Iterable[Chart]) -> Markup:
    content = {chart.id: {"data": chart.data, "layout": chart.layout} for chart in drawn}
    text = json.dumps(content, allow_nan=False, separators=(",", ":"), sort_keys=True)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)
