"""Dataset specifications: `NAME[:DIR][*SHARE]`, as options and arguments take them."""

from typing import NamedTuple

from keras_hourglass.data.readers.files import DatasetError


class DatasetSpec(NamedTuple):
    """A dataset to use.

    Attributes:
        name: Key of `DATASETS`.
        root: Its folder.
        share: Share of its people that take part in an epoch, drawn anew; above 1,
            that often; 0 for a dataset that only validates.
        category: See `load_dataset`, as all that follow.
    """

    name: str
    root: str | None = None
    share: float = 1.0
    category: str | None = None
    images: str | None = None
    rescale: bool = False
    val_share: float | None = None
    min_joints: int | None = None

    def __repr__(self):
        """Leaves out defaults: a run in whose folder others are lists both."""
        given = [
            f"{name}={value!r}"
            for name, value in self._asdict().items()
            if value != self._field_defaults.get(name)
        ]
        return f"DatasetSpec({', '.join(given)})"

    @property
    def options(self) -> dict:
        """The options of reading that are given: keywords of `load_dataset`."""
        return {name: value for name, value in zip(READ_OPTIONS, self[3:]) if value}

    def options_among(self, known, purpose: str) -> dict:
        """Returns `options`, for a purpose that takes only some of them.

        Args:
            known: Names of the options that it takes.
            purpose: In words, for the message.

        Raises:
            DatasetError: If another option is given.
        """
        for name, value in self.options.items():
            if name not in known:
                raise DatasetError(
                    f"`{name}` must not be given for {purpose}. "
                    f"Received: {name}={value!r}"
                )
        return self.options

    @classmethod
    def parse(cls, text: str) -> "DatasetSpec":
        """Parses `NAME[:DIR][*SHARE]`.

        Raises:
            DatasetError: If the share is not a number of at least 0.
        """
        text, star, share = text.partition("*")
        name, colon, root = text.partition(":")
        try:
            spec = cls(name, root if colon else None, float(share) if star else 1.0)
        except ValueError:
            spec = None
        if spec is None or not 0 <= spec.share < float("inf"):
            raise DatasetError(
                "`dataset` must be NAME[:DIR][*SHARE], SHARE 0 or above. "
                f"Received: {text + star + share!r}"
            )
        return spec

    @classmethod
    def whole(cls, dataset, argument: str) -> "DatasetSpec":
        """Returns the specification of a dataset that is used as a whole.

        Args:
            dataset: A `DatasetSpec`, or the text of one.
            argument: Name of the argument, for the message.

        Raises:
            DatasetError: If it has a share.
        """
        spec = cls.parse(dataset) if isinstance(dataset, str) else dataset
        if spec.share != 1:
            raise DatasetError(
                f"`{argument}` must be a whole dataset, without a share. "
                f"Received: {argument}={dataset!r}"
            )
        return spec


READ_OPTIONS = DatasetSpec._fields[3:]
