"""Images by name, where a file and a command line write their paths in two ways."""

from os.path import abspath

from keras_hourglass.data.readers.paths import parts_of


class ImageNames:
    """Values by the names of images, found by the images' paths.

    A path fits a name if one ends with the other: `b/c.jpg` and `a/b/c.jpg`. The
    longest name that the path ends with counts; of a path, the current folder is a
    part. Backslashes separate folders, too.
    """

    def __init__(self):
        self._values = {}  # parts of a name -> values
        self._longer = {}  # parts of an end of a longer name -> values

    def add(self, name: str, value):
        """Adds a value; a name may have several."""
        parts = parts_of(name)
        self._values.setdefault(parts, []).append(value)
        for start in range(1, len(parts)):
            self._longer.setdefault(parts[start:], []).append(value)

    def find(self, path: str) -> list:
        """Returns the values that fit a path equally well; an empty list for none."""
        typed, whole = parts_of(path), parts_of(abspath(path))
        ends = [typed, *(whole[start:] for start in range(len(whole)))]
        for end in sorted(ends, key=len, reverse=True):
            if end in self._values:
                return self._values[end]
        return self._longer.get(typed, [])
