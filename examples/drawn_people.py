"""Train on people that the library draws itself, with `model.fit` as ever.

python examples/drawn_people.py
"""

from keras_hourglass import HeatmapLoss, PCKh, PCKhCallback, StackedHourglass
from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.data.pydataset import PeopleDataset
from keras_hourglass.data.sampler import EpochSampler


def main(people=2000, image_size=64, filters=64, batch_size=16, epochs=2):
    model = StackedHourglass(
        stacks=1, block="separable", depth=3, filters=filters, image_size=image_size
    )
    model.compile("adam", HeatmapLoss(foreground=9), metrics=[PCKh()])

    drawn = load_dataset("synthetic", people)
    train, validation = drawn.split("train"), drawn.split("val")
    sizes = (image_size, image_size), model.heatmap_size
    varied = Loader(Preprocessor(train, *sizes, Augmentation()))
    as_drawn = Loader(Preprocessor(validation[:people], *sizes))
    stream = EpochSampler([len(train)], batch_size)
    return model.fit(
        PeopleDataset(varied, batch_size, stream),
        validation_data=PeopleDataset(as_drawn, batch_size),
        callbacks=[PCKhCallback()],
        epochs=epochs,
    )


if __name__ == "__main__":
    main()
