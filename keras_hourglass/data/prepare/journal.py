"""Journal of a prepared folder: progress on disk, so that a killed run can be resumed.

During the work, the first line of `unfinished.jsonl` holds the settings, and each other
line an entry of `annotations.json`. In the end they become that file, and the journal
is deleted.
"""

import json
from pathlib import Path

from keras_hourglass.data.readers.files import DatasetError, read_json
from keras_hourglass.utils.files import atomic_write, is_temporary

ANNOTATIONS, UNFINISHED, IMAGES = "annotations.json", "unfinished.jsonl", "images"


class Journal:
    """The people that a prepared folder holds so far.

    Args:
        folder: The folder; made if it does not exist.
        settings: Name -> value of everything that determines the output.

    Attributes:
        entries: Image -> its entry of `annotations.json`, for each complete image file.
        images: Folder of the image files.

    Raises:
        DatasetError: If the folder holds something else.
        OSError: If it cannot be written to.
    """

    def __init__(self, folder, settings: dict):
        self.folder, self.settings = Path(folder), settings
        self.images = self.folder / IMAGES
        self._unfinished = self.folder / UNFINISHED
        self._annotations = self.folder / ANNOTATIONS
        self._file, listed = None, []
        if self._unfinished.is_file():
            listed = self._read_unfinished()
        elif self._annotations.is_file():
            listed = self._read_annotations()
        elif self.folder.exists():
            self._require_empty()
        self.images.mkdir(parents=True, exist_ok=True)
        for path in filter(is_temporary, self.images.iterdir()):  # of a killed run
            path.unlink(missing_ok=True)
        written = {path.name for path in self.images.iterdir() if path.stat().st_size}
        self.entries = {e["image"]: e for e in listed if e["image"] in written}
        if self._unfinished.is_file() or len(self.entries) < max(1, len(listed)):
            self._open()

    def add(self, entry: dict):
        """Adds the entry of a person whose image is written."""
        if self._file is None:
            self._open()
        self.entries[entry["image"]] = entry
        self._file.write(_to_line(entry))

    def close(self):
        """Closes the journal; the folder stays as it is, to be resumed."""
        if self._file is not None:
            self._file.close()

    def finish(self, joint_names, skeleton=None):
        """Writes `annotations.json`, if there is anything new."""
        if self._file is None:
            return
        people = [self.entries[image] for image in sorted(self.entries)]
        contents = {"joint_names": [*joint_names], "skeleton": skeleton}
        contents["prepared"] = self.settings
        with atomic_write(self._annotations) as path:
            text = json.dumps({**contents, "people": people})
            path.write_text(text, encoding="utf-8")
        self._file.close()
        self._unfinished.unlink()

    def _open(self):
        """Writes the known entries anew, without truncated lines, to append to them."""
        with atomic_write(self._unfinished) as path:
            lines = [self.settings, *self.entries.values()]
            path.write_text("".join(map(_to_line, lines)), encoding="utf-8")
        self._file = self._unfinished.open("a", buffering=1, encoding="utf-8")

    def _read_unfinished(self):
        *lines, _ = self._unfinished.read_text(encoding="utf-8").split("\n")
        try:
            settings, *listed = map(json.loads, lines)
        except ValueError as error:
            raise DatasetError(f"{self._unfinished} is damaged: {error}") from None
        self._require_same(settings)
        return listed

    def _read_annotations(self):
        contents = read_json(self._annotations)
        settings = contents.get("prepared") if isinstance(contents, dict) else None
        if settings is None:
            raise DatasetError(
                f"`output` must be a new folder, or one that was prepared before; "
                f"{self._annotations} was not"
            )
        # What an earlier version did not write of a finished folder is not compared.
        self._require_same({**self.settings, **settings})
        return contents["people"]

    def _require_same(self, settings):
        different = [
            f"{name}: {settings.get(name)}, now {value}"
            for name, value in self.settings.items()
            if settings.get(name) != value
        ]
        if different:
            raise DatasetError(
                "`output` must be a new folder, or one that was prepared from the same "
                f"people with the same settings; in {self.folder} these differ: "
                f"{'; '.join(different)}"
            )

    def _require_empty(self):
        if not self.folder.is_dir() or any(self.folder.glob("[!.]*")):
            raise DatasetError(
                "`output` must be a new folder, or one that was prepared before. "
                f"Received: output={str(self.folder)!r}"
            )


def _to_line(value) -> str:
    return json.dumps(value) + "\n"
