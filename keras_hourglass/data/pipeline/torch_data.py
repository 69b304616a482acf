"""PyTorch dataset of people: single samples for a `DataLoader`."""

import torch

from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.sampler import EpochSampler


class TorchPeople(torch.utils.data.Dataset):
    """Samples of people: images `(height, width, 3)` uint8, labels `(joints, 4)`.

    Args:
        loader: Makes samples.
        sampler: Order of people in each epoch.
        first_epoch: Epoch to begin with; `set_epoch` sets the others.

    Example:

    ```python
    import keras_hourglass as kh
    from torch.utils.data import DataLoader

    people = kh.load_dataset("synthetic:20", split="train")
    samples = people.batches(64, augmentation="paper", shuffle=True, backend="torch")
    for epoch in range(2):
        samples.set_epoch(epoch)
        for images, labels in DataLoader(samples, batch_size=8):
            assert images.shape[1:] == (64, 64, 3)
    ```
    """

    def __init__(self, loader: Loader, sampler: EpochSampler, first_epoch: int = 0):
        self.loader, self.sampler = loader, sampler
        # In shared memory, so that it reaches workers that live through many epochs.
        self._epoch = torch.tensor(first_epoch).share_memory_()

    def set_epoch(self, epoch: int):
        """Sets the epoch, which decides on order and augmentation."""
        self._epoch.fill_(epoch)

    def __len__(self):
        return self.sampler.length

    def __getitem__(self, index: int):
        return self.__getitems__([index])[0]

    def __getitems__(self, indices):
        """Makes the samples of a batch, faster than one by one."""
        if not all(-len(self) <= index < len(self) for index in indices):
            raise IndexError(f"indices must be below {len(self)}. Received: {indices}")
        first = int(self._epoch) * len(self)
        places = [self.sampler.at(first + index % len(self)) for index in indices]
        images, labels = self.loader.load_batch(places)
        return [*zip(torch.from_numpy(images), torch.from_numpy(labels))]
