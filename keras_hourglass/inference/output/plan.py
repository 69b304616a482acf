"""Output plan: files and folders to write, from the suffixes of paths."""

import os
from dataclasses import dataclass, field
from os.path import abspath
from pathlib import Path

from keras_hourglass.inference.output.writers import (
    FORMAT_OF_SUFFIX,
    FORMATS,
    IMAGE_SUFFIXES,
    OutputNames,
)
from keras_hourglass.inference.sources import as_list
from keras_hourglass.inference.video import CODECS
from keras_hourglass.utils import suggest
from keras_hourglass.utils.files import require_writable, suffix_of

STDOUT = "-"
DEFAULT_FOLDER = "joints"  # of the drawings of several sources
DEFAULT_FORMAT = "json"
SHEET_CELL, SHEET_COLUMNS = (256, 256), 6  # pixels of an image; images in a row
MAX_SHEET_IMAGES = 600
WEBP_SIDE = 16_383  # pixels that the format holds


@dataclass
class OutputPlan:
    """The outputs of a prediction.

    Attributes:
        data: (path, or None for the standard output; key of `FORMATS`) of each file.
        folders: `OutputNames` of each folder of drawings.
        drawings: Paths for the drawing of the only source.
        sheets: Paths for a contact sheet of all images.
    """

    data: list = field(default_factory=list)
    folders: list[OutputNames] = field(default_factory=list)
    drawings: list[Path] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)

    @classmethod
    def from_paths(cls, outputs, format: str | None, sources) -> "OutputPlan":
        """Plans the outputs.

        Args:
            outputs: Paths, whose suffixes say what is written: keypoints
                (`FORMAT_OF_SUFFIX`); a drawing or, of several images, a contact sheet
                (`IMAGE_SUFFIXES`); a drawn video (`CODECS`); without a suffix, a
                folder of drawings; "-", keypoints on the standard output, which also
                is where they go if no other output takes them. Without any output,
                drawings are made, too.
            format: Of the keypoints, a key of `FORMATS`; by default that of the
                suffix.
            sources: All `InputSource`s.

        Raises:
            ValueError: If the format is unknown, or a path is given twice, or its
                suffix is unknown or does not fit the sources.
        """
        if format not in (None, *FORMATS):
            raise ValueError(
                "`format` must be a format's name. "
                f"{suggest(format, FORMATS)} Received: format={format!r}"
            )
        plan, outputs, seen = cls(), [*map(str, as_list(outputs))], set()
        for output in outputs:
            place = output if output == STDOUT else abspath(output)
            if not output or place in seen:
                problem = "must not be given twice" if output else "must not be empty"
                raise _output_error(problem, output)
            seen.add(place)
            plan._add(output, format, sources)
        if not outputs:
            folder = Path() if len(sources) == 1 else Path(DEFAULT_FOLDER)
            plan.folders.append(OutputNames(folder))
        if prints_data(outputs) and not plan.data:
            plan.data.append((None, format or DEFAULT_FORMAT))
        return plan

    def _add(self, output, format, sources):
        path, suffix = Path(output), suffix_of(output)
        if output == STDOUT:
            self.data.append((None, format or DEFAULT_FORMAT))
        elif _is_folder(output):
            self.folders.append(OutputNames(path))
        elif any(path.exists() and _is_same(path, source) for source in sources):
            raise _output_error(
                "must not be an input: delete the file, or name another", output
            )
        elif suffix in FORMAT_OF_SUFFIX:
            self.data.append((path, format or FORMAT_OF_SUFFIX[suffix]))
        elif suffix in IMAGE_SUFFIXES:
            self._add_image(path, output, sources)
        elif suffix in CODECS:
            if [source.kind == "image" for source in sources] != [False]:
                raise _output_error("can be a video only of a single video", output)
            self.drawings.append(path)
        else:
            known = suggest(suffix, [*FORMAT_OF_SUFFIX, *IMAGE_SUFFIXES, *CODECS])
            raise _output_error(
                "must have a known suffix, or none for a folder", output, known
            )

    def _add_image(self, path, output, sources):
        if any(source.kind != "image" for source in sources):
            raise _output_error("must be a folder or a video for videos", output)
        most = MAX_SHEET_IMAGES
        if suffix_of(output) == ".webp":
            most = WEBP_SIDE // SHEET_CELL[1] * SHEET_COLUMNS
        if len(sources) > most:
            raise _output_error(
                f"can be a contact sheet of at most {most:,} images", output
            )
        (self.drawings if len(sources) == 1 else self.sheets).append(path)

    def drawings_of(self, source) -> list[Path]:
        """The paths for the drawings of a source; call it once for each."""
        return [*self.drawings, *(folder.path_of(source) for folder in self.folders)]

    def make_folders(self):
        """Makes the folders of all files; those of drawings with the first of them.

        Raises:
            OSError: If an output cannot be written.
        """
        files = [path for path, _ in self.data if path]
        for path in (*files, *self.drawings, *self.sheets):
            require_writable(path)
            path.parent.mkdir(parents=True, exist_ok=True)
        for names in self.folders:
            # An error of "." would not say which folder that is.
            folder = names.folder if names.folder.parts else Path.cwd()
            require_writable(folder, folder=True)


def prints_data(outputs) -> bool:
    """Returns whether keypoints go to the standard output, and not to files alone."""
    outputs = [*map(str, outputs)]
    return STDOUT in outputs or not any(
        suffix_of(output) in FORMAT_OF_SUFFIX and not _is_folder(output)
        for output in outputs
    )


def _is_folder(output):
    path = Path(output)
    return path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix


def _is_same(path, source):
    return Path(source.name).exists() and path.samefile(source.name)


def _output_error(problem, output, known=""):
    known = known and f"{known} "
    return ValueError(f"`outputs` {problem}. {known}Received: outputs={output!r}")
