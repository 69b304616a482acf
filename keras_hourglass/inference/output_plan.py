"""What is to be written where, told from the endings of paths."""

from dataclasses import dataclass, field
from pathlib import Path

from keras_hourglass.inference.video import CODECS
from keras_hourglass.inference.writers import ENDINGS, IMAGES, OutputNames
from keras_hourglass.utils import suggest

STDOUT = "-"
FOLDER = "joints"  # of drawings, where nobody says otherwise and there are several
DEFAULT_FORMAT = "json"
MAX_SHEET_IMAGES = 600  # pictures on a contact sheet


@dataclass
class OutputPlan:
    """What is to be written.

    Attributes:
        data: (path, or None for the standard output; kind of `FORMATS`) of each.
        folders: `Places` for a drawing of each source.
        drawings: Paths for a drawing of the only source.
        sheets: Paths for a contact sheet of all pictures.
    """

    data: list = field(default_factory=list)
    folders: list = field(default_factory=list)
    drawings: list[Path] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)

    def places(self, source) -> list[Path]:
        """Where a source is drawn to."""
        return [*self.drawings, *(folder.of(source) for folder in self.folders)]

    def needed(self) -> list[Path]:
        """The folders that must be there."""
        files = [*(path for path, _ in self.data if path), *self.drawings, *self.sheets]
        return [path.parent for path in files] + [each.folder for each in self.folders]


def plan_outputs(outputs, kind: str | None, sources) -> OutputPlan:
    """What outputs mean for what is looked at.

    Args:
        outputs: Paths, whose endings say what is meant: data (`ENDINGS`), a drawing
            or, of several pictures, a contact sheet (`IMAGES`), a drawn video
            (`CODECS`); without an ending, a folder for drawings; `-`, data on the
            standard output. Where none is for data, that is where they go; where there
            are none at all, drawings are made, too.
        kind: Of the data, whatever the ending says; None where it tells.
        sources: Everything that is looked at.

    Raises:
        ValueError: If a path means nothing, or what cannot be with these sources.
    """
    planned = OutputPlan()
    for output in outputs:
        _add(planned, output, kind, sources)
    if not outputs:
        folder = Path() if len(sources) == 1 else Path(FOLDER)
        planned.folders.append(OutputNames(folder))
    if not planned.data:
        planned.data.append((None, kind or DEFAULT_FORMAT))
    return planned


def _add(planned, output, kind, sources):
    path, ending = Path(output), Path(output).suffix.lower()
    if output == STDOUT:
        planned.data.append((None, kind or DEFAULT_FORMAT))
    elif path.is_dir() or output.endswith("/") or not ending:
        planned.folders.append(OutputNames(path))
    elif any(path.exists() and _same(path, source) for source in sources):
        raise _wrong("must not be what is looked at", output)
    elif ending in ENDINGS:
        planned.data.append((path, kind or ENDINGS[ending]))
    elif ending in IMAGES:
        if any(source.kind != "picture" for source in sources):
            raise _wrong("must be a folder or a video where videos are drawn", output)
        if len(sources) > MAX_SHEET_IMAGES:
            raise _wrong(
                f"can be a sheet of at most {MAX_SHEET_IMAGES:,} pictures", output
            )
        (planned.drawings if len(sources) == 1 else planned.sheets).append(path)
    elif ending in CODECS:
        if [source.kind == "picture" for source in sources] != [False]:
            raise _wrong("can be a video if one video alone is looked at", output)
        planned.drawings.append(path)
    else:
        known = suggest(ending, [*ENDINGS, *IMAGES, *CODECS])
        raise _wrong(f"must have a known ending, or none as a folder. {known}", output)


def _same(path, source):
    return Path(source.name).exists() and path.samefile(source.name)


def _wrong(what, output):
    return ValueError(f"`output` {what}. Received: output={output!r}")
