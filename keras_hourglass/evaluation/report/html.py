"""HTML elements, with all text from elsewhere escaped."""

from html import escape


class Html(str):
    """Text that is HTML already."""


class TextCell(str):
    """Text of a table cell: aligned to the left, and not too narrow."""


def to_html(value) -> Html:
    """Converts a value to HTML: escaped, unless it is HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def tag(name: str, *children, **attributes) -> Html:
    """Makes an element; `class_` is written `class`, and `_` in names a hyphen."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{''.join(map(to_html, children))}</{name}>")


def table(header, rows) -> Html:
    """Makes a table; the first cell of each row is its header."""
    top = tag("tr", *(_cell("th", cell, scope="col") for cell in header))
    body = (
        tag("tr", tag("th", first, scope="row"), *(_cell("td", cell) for cell in rest))
        for first, *rest in rows
    )
    whole = tag("table", tag("thead", top), tag("tbody", *body))
    return tag("div", whole, class_="wide")


def _cell(name, value, **attributes) -> Html:
    kind = {"class_": "words"} if isinstance(value, TextCell) else {}
    return tag(name, value, **kind, **attributes)


def number(value, digits: int = 1, signed: bool = False) -> str:
    """Formats a number; None is a dash."""
    sign = "+" if signed else ""
    return "\N{EN DASH}" if value is None else f"{value:{sign}.{digits}f}"


def with_interval(value, interval, signed: bool = False) -> Html:
    """Formats a number and, smaller, its interval."""
    low, high = (number(bound, signed=signed) for bound in interval)
    small = tag("small", f"{low} to {high}")
    return Html(f"{to_html(number(value, signed=signed))} {small}")
