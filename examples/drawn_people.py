"""Train on people that the library draws itself, with `model.fit` as ever.

python examples/drawn_people.py
"""

import keras_hourglass as kh


def main(people=2000, image_size=64, filters=64, batch_size=16, epochs=2):
    model = kh.StackedHourglass(
        stacks=1, block="separable", depth=3, filters=filters, image_size=image_size
    )
    model.compile("adam", kh.HeatmapLoss(foreground=9), metrics=[kh.PCKh()])

    drawn = kh.load_dataset("synthetic", people)
    train, val = drawn.split("train"), drawn.split("val")[:people]
    return model.fit(
        train.batches(model, batch_size, augmentation="paper", shuffle=True),
        validation_data=val.batches(model, batch_size),
        callbacks=[kh.PCKhCallback()],
        epochs=epochs,
    )


if __name__ == "__main__":
    main()
