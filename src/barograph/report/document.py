"""An offline HTML document: a template, its words, and plotly's script once."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from barograph.report.figures import Chart


def document(template: str, content: Mapping[str, Any], charts: Iterable[Chart]) -> str:
    """Write a page that loads nothing.

    Parameters
    ----------
    template : str
        The name of a file under ``templates``.
    content : mapping
        What the template shows.
    charts : iterable of Chart
        What its script draws; plotly stands in the page once.

    Returns
    -------
    str
        A whole HTML document; the same content gives the same bytes.
    """
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("barograph.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tight"] = _tight
    environment.filters["zip"] = zip
    return environment.get_template(template).render(content, plotly=Markup(get_plotlyjs()), charts=_json(charts))


def _tight(sentence: str) -> str:
    """Keep a figure, its unit and its interval on one line."""
    whole = re.sub(r"\[[^\]]+\]", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), sentence)
    return whole.replace(" %", "\N{NO-BREAK SPACE}%")


def _json(charts: Iterable[Chart]) -> Markup:
    content = {one.id: {"data": one.data, "layout": one.layout} for one in charts}
    text = json.dumps(content, allow_nan=False, separators=(",", ":"), sort_keys=True)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)
