"""HTML in which whatever comes from elsewhere is escaped."""

from html import escape


class Html(str):
    """Text that is HTML already."""


def safe(value) -> str:
    """A value as HTML: escaped, unless it is HTML."""
    return value if isinstance(value, Html) else escape(str(value))


def tag(name: str, *children, **attributes) -> Html:
    """An element; `class_` is written `class`, and `_` in names a hyphen."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{said}>{''.join(map(safe, children))}</{name}>")


def table(header, rows) -> Html:
    """A table; the first cell of each row names it."""
    top = tag("tr", *(_cell("th", cell, scope="col") for cell in header))
    body = (
        tag("tr", tag("th", first, scope="row"), *(_cell("td", cell) for cell in rest))
        for first, *rest in rows
    )
    whole = tag("table", tag("thead", top), tag("tbody", *body))
    return tag("div", whole, class_="wide")


class TextCell(str):
    """What stands in a cell as words: on the left, and not too narrow."""


def _cell(name, value, **attributes) -> Html:
    words = {"class_": "words"} if isinstance(value, TextCell) else {}
    return tag(name, value, **words, **attributes)


def number(value, digits: int = 1, signed: bool = False) -> str:
    """A number, or a dash where there is none."""
    sign = "+" if signed else ""
    return "\N{EN DASH}" if value is None else f"{value:{sign}.{digits}f}"


def with_interval(value, interval, signed: bool = False) -> Html:
    """A number and, smaller, the interval that it lies in."""
    low, high = (number(bound, signed=signed) for bound in interval)
    said = tag("small", f"{low} to {high}")
    return Html(f"{safe(number(value, signed=signed))} {said}")
