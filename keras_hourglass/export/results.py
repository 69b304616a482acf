"""Results of an export, and the table of them."""

from dataclasses import asdict, dataclass
from pathlib import Path

from keras_hourglass.utils import format_table

COLUMNS = ("format", "MB", "ms per person", "moved", "px median", "limit", "file")


@dataclass(frozen=True)
class ExportResult:
    """A format that was written, or the reason why it was not.

    Attributes:
        format: Its name, as "litert:int8".
        path: The file; of a SavedModel, the folder of the version.
        bytes: Size of the file, or of all files that belong to it.
        milliseconds: Median time for one person, in the format's own runtime on the
            CPU, decoding included.
        mean_error: Mean distance of keypoints from the model's own, of joints that the
            network is sure of, in pixels of the crops.
        max_error: The largest such distance.
        limit: The limit that was held, of `moved` and `median_error`, as "1 %, 0.05
            px".
        reason: The reason why nothing was written; None if it was. Then all but
            `format` is None.
        moved: The share of these keypoints that are more than 2 % of the window away.
        median_error: The median distance.
    """

    format: str
    path: Path | None = None
    bytes: int | None = None
    milliseconds: float | None = None
    mean_error: float | None = None
    max_error: float | None = None
    limit: str | None = None
    reason: str | None = None
    moved: float | None = None
    median_error: float | None = None

    def to_dict(self) -> dict:
        """The attributes, for JSON."""
        path = None if self.path is None else str(self.path)
        return asdict(self) | {"path": path}

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        if self.reason is not None:
            return self.format, "", "", "", "", "", f"not written: {self.reason}"
        return (
            self.format,
            f"{self.bytes / 1e6:.2f}",
            f"{self.milliseconds:.1f}",
            f"{100 * self.moved:.2f} %",
            f"{self.median_error:.4f}",
            self.limit,
            str(self.path),
        )


class ExportResults(list):
    """A list of `ExportResult`, which prints as a table.

    Attributes:
        crops: The crops that the files were verified on, as "30 of 90 images".
    """

    def __init__(self, results=(), crops: str = ""):
        super().__init__(results)
        self.crops = crops

    @property
    def failed(self) -> list[ExportResult]:
        """Those that were not written."""
        return [result for result in self if result.reason is not None]

    def __str__(self):
        table = format_table(COLUMNS, [result.cells() for result in self])
        return f"Verified on {self.crops}\n{table}"
