"""Charts as SVG within the page: curves, and whether scores can be believed."""

from keras_hourglass.evaluation.report.html import Html, tag

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 150, 12, 40  # margins, for axes and legend
PERCENTS = (0, 25, 50, 75, 100)


class Axes:
    """A chart of percents above numbers from 0 to `end`."""

    def __init__(self, end: float, ticks, across: str, along: str):
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
        self.text(middle, HEIGHT - 8, across, "middle")
        turn = f"rotate(-90 10 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.text(10, middle, along, "middle", transform=turn)

    def x(self, value):
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.end

    def y(self, percent):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / 100

    def text(self, x, y, text, anchor="start", **more):
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
        self.parts.append(tag("text", text, **place, dy="0.35em", **more))

    def line(self, start, stop, kind):
        x1, y1, x2, y2 = self.x(start[0]), self.y(start[1]), *self._at(stop)
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        ends = {name: f"{value:.1f}" for name, value in ends.items()}
        self.parts.append(tag("line", **ends, class_=kind))

    def path(self, points, kind):
        said = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._at, points))
        self.parts.append(tag("polyline", points=said, class_=kind))

    def bar(self, low, high, percent, kind):
        (x1, y1), (x2, y2) = self._at((low, percent)), self._at((high, 0))
        size = {"x": x1 + 1, "y": y1, "width": x2 - x1 - 2, "height": y2 - y1}
        size = {name: f"{value:.1f}" for name, value in size.items()}
        self.parts.append(tag("rect", **size, class_=kind))

    def svg(self, says: str) -> Html:
        view = f"0 0 {WIDTH} {HEIGHT}"
        return tag("svg", *self.parts, viewBox=view, role="img", aria_label=says)

    def _at(self, point):
        return self.x(point[0]), self.y(point[1])


def curves_chart(thresholds, series: dict, says: str) -> Html:
    """Lines of percents above thresholds, each with its name at its right.

    Args:
        thresholds: In reference lengths, rising.
        series: Name -> percents, None where there is none.
        says: What the chart shows, for those who cannot see it.
    """
    ticks = [tenth / 10 for tenth in range(int(10 * thresholds[-1]) + 1)]
    plane = Axes(thresholds[-1], ticks, "threshold, reference lengths", "found, %")
    for number, (name, values) in enumerate(series.items()):
        known = [(t, v) for t, v in zip(thresholds, values) if v is not None]
        plane.path(known, f"series s{number % 6}")
        y = TOP + 10 + 18 * number
        left = WIDTH - RIGHT + 12
        dash = {"x1": left, "x2": left + 18, "y1": y, "y2": y}
        plane.parts.append(tag("line", **dash, class_=f"series s{number % 6}"))
        plane.text(left + 24, y, name)
    return plane.svg(says)


def reliability_chart(bins, says: str) -> Html:
    """Bars of how many are right above their scores; a line where both would agree."""
    plane = Axes(1, [tenth / 5 for tenth in range(6)], "score", "right, %")
    for part in bins:
        plane.bar(part["low"], part["high"], part["right"], "bar")
        middle = (part["low"] + part["high"]) / 2
        low, high = part["interval"]
        if low is not None:
            plane.line((middle, low), (middle, high), "whisker")
    plane.line((0, 0), (1, 100), "agree")
    plane.text(WIDTH - RIGHT + 12, TOP + 10, "line: scores as shares")
    return plane.svg(says)
