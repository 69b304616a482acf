"""SVG charts: curves over thresholds, calibration of scores, and stacked bars."""

from keras_hourglass.evaluation.report.html import Html, tag

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 12, 40  # margins, for the axes
COLORS = 6  # of series; then they come again, dashed
ROW, CHARACTER, MAX_NAME = 18, 6, 30  # pixels of a bar and a letter; letters of a name
TICKS = 5  # of the thresholds
PERCENTS = (0, 25, 50, 75, 100)


class Axes:
    """Axes of a chart: percent over numbers from 0 to `end`.

    Args:
        end: Largest number of the horizontal axis.
        ticks: Numbers to mark on it.
        xlabel, ylabel: Labels of the axes.
    """

    def __init__(self, end: float, ticks, xlabel: str, ylabel: str):
        self.end = end
        self.parts = []
        for percent in PERCENTS:
            y = self.y(percent)
            self.line((0, percent), (end, percent), "grid")
            self.text(LEFT - 6, y, percent, "end")
        for tick in ticks:
            self.line((tick, 0), (tick, 100), "grid")
            self.text(self.x(tick), HEIGHT - BOTTOM + 14, f"{tick:g}", "middle")
        middle = (self.x(0) + self.x(end)) / 2
        self.text(middle, HEIGHT - 8, xlabel, "middle")
        middle = (TOP + HEIGHT - BOTTOM) / 2
        rotation = f"rotate(-90 10 {middle:.0f})"
        self.text(10, middle, ylabel, "middle", transform=rotation)

    def x(self, value):
        """Converts a number to SVG's horizontal coordinate."""
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.end

    def y(self, percent):
        """Converts a percentage to SVG's vertical coordinate."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / 100

    def text(self, x, y, text, anchor="start", **more):
        """Adds text at SVG coordinates."""
        self.parts.append(_text(x, y, text, anchor, **more))

    def line(self, start, stop, kind):
        """Adds a line between two points (number, percent)."""
        self.parts.append(_line(*self._to_svg(start), *self._to_svg(stop), kind))

    def path(self, points, kind):
        """Adds a line through points (number, percent)."""
        written = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._to_svg, points))
        self.parts.append(tag("polyline", points=written, class_=kind))

    def bar(self, low, high, percent, kind):
        """Adds a bar over the numbers from `low` to `high`."""
        (x1, y1), (x2, y2) = self._to_svg((low, percent)), self._to_svg((high, 0))
        size = {"x": x1 + 1, "y": y1, "width": x2 - x1 - 2, "height": y2 - y1}
        size = {name: f"{value:.1f}" for name, value in size.items()}
        self.parts.append(tag("rect", **size, class_=kind))

    def svg(self, description: str) -> Html:
        """Renders the chart, with a description for screen readers."""
        view = f"0 0 {WIDTH} {HEIGHT}"
        return tag("svg", *self.parts, viewBox=view, role="img", aria_label=description)

    def _to_svg(self, point):
        return self.x(point[0]), self.y(point[1])


def curves_chart(thresholds, reference: str, series: dict, description: str) -> Html:
    """Draws lines of percentages over thresholds, with a legend.

    Args:
        thresholds: Rising.
        reference: Name of the length that they are measured in.
        series: Name -> percentages, None where unknown.
        description: The chart's content, for screen readers.
    """
    end = thresholds[-1]
    ticks = [end * step / TICKS for step in range(TICKS + 1)]
    axes = Axes(end, ticks, f"threshold, share of the {reference}", "correct, %")
    for number, values in enumerate(series.values()):
        known = [(t, v) for t, v in zip(thresholds, values) if v is not None]
        axes.path(known, series_class(number))
    entries = ((name, series_class(number)) for number, name in enumerate(series))
    return Html(axes.svg(description) + legend(entries))


def series_class(number: int) -> str:
    """Returns the CSS classes of a series' line."""
    dashed = " dashed" if number // COLORS % 2 else ""
    return f"series s{number % COLORS}{dashed}"


def legend(entries) -> Html:
    """Renders (name, CSS class of its line), below a chart: names may be long."""
    line = {"x1": 0, "y1": 4, "x2": 20, "y2": 4}
    parts = []
    for name, kind in entries:
        sample = tag("svg", tag("line", **line, class_=kind), viewBox="0 0 20 8")
        parts.append(tag("span", sample, " ", name))
    return tag("p", *parts, class_="legend")


def reliability_chart(bins, description: str) -> Html:
    """Draws the percentage of correct joints over their scores, and the diagonal."""
    axes = Axes(1, [tenth / 5 for tenth in range(6)], "score", "correct, %")
    for part in bins:
        axes.bar(part["low"], part["high"], part["correct"], "bar")
        middle = (part["low"] + part["high"]) / 2
        low, high = part["interval"]
        if low is not None:
            axes.line((middle, low), (middle, high), "whisker")
    axes.line((0, 0), (1, 100), "diagonal")
    return Html(axes.svg(description) + legend([("calibrated", "diagonal")]))


def stacked_bars_chart(rows: dict, kinds, label: str, description: str) -> Html:
    """Draws horizontal bars of percentages, one part after another.

    Args:
        rows: Name -> a percentage for each kind.
        kinds: Names of the parts, for the legend.
        label: Of the axis.
        description: The chart's content, for screen readers.
    """
    names = {name: _shorten(name) for name in rows}
    left = 12 + CHARACTER * max(map(len, names.values()), default=0)
    largest = max((sum(percents) for percents in rows.values()), default=0)
    end = next(end for end in (5, 10, 20, 50, 100) if end >= min(largest, 100))
    scale = (WIDTH - left - RIGHT) / end
    bottom = TOP + ROW * len(rows)
    parts = []
    for tick in range(TICKS + 1):
        x = left + scale * end * tick / TICKS
        parts.append(_line(x, TOP, x, bottom, "grid"))
        parts.append(_text(x, bottom + 12, f"{end * tick / TICKS:g}", "middle"))
    parts.append(_text((left + WIDTH - RIGHT) / 2, bottom + 30, label, "middle"))
    for row, (name, percents) in enumerate(rows.items()):
        x, y = left, TOP + ROW * row
        parts.append(_text(left - 6, y + ROW / 2, names[name], "end"))
        for number, percent in enumerate(percents):
            size = {"x": x, "y": y + 3, "width": scale * percent, "height": ROW - 6}
            size = {key: f"{value:.1f}" for key, value in size.items()}
            parts.append(tag("rect", **size, class_=f"f{number % COLORS}"))
            x += scale * percent
    view = f"0 0 {WIDTH} {bottom + BOTTOM}"
    chart = tag("svg", *parts, viewBox=view, role="img", aria_label=description)
    return Html(
        chart + legend((kind, f"series bold s{i}") for i, kind in enumerate(kinds))
    )


def _shorten(name):
    return (
        name
        if len(name) <= MAX_NAME
        else f"{name[: MAX_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
    )


def _text(x, y, text, anchor, **more):
    position = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
    return tag("text", text, **position, dy="0.35em", **more)


def _line(x1, y1, x2, y2, kind):
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    ends = {name: f"{value:.1f}" for name, value in ends.items()}
    return tag("line", **ends, class_=kind)
