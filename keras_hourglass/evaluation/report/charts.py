"""SVG charts: curves over thresholds, and calibration of scores."""

from keras_hourglass.evaluation.report.html import Html, tag

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 150, 12, 40  # margins, for axes and legend
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
        position = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
        self.parts.append(tag("text", text, **position, dy="0.35em", **more))

    def line(self, start, stop, kind):
        """Adds a line between two points (number, percent)."""
        (x1, y1), (x2, y2) = self._to_svg(start), self._to_svg(stop)
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        ends = {name: f"{value:.1f}" for name, value in ends.items()}
        self.parts.append(tag("line", **ends, class_=kind))

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
    for number, (name, values) in enumerate(series.items()):
        known = [(t, v) for t, v in zip(thresholds, values) if v is not None]
        axes.path(known, f"series s{number % 6}")
        y = TOP + 10 + 18 * number
        left = WIDTH - RIGHT + 12
        dash = {"x1": left, "x2": left + 18, "y1": y, "y2": y}
        axes.parts.append(tag("line", **dash, class_=f"series s{number % 6}"))
        axes.text(left + 24, y, name)
    return axes.svg(description)


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
    axes.text(WIDTH - RIGHT + 12, TOP + 10, "line: calibrated")
    return axes.svg(description)
