"""Train on synthetic people, which need no download, with `model.fit`.

python examples/synthetic_people.py
"""

import keras_hourglass as kh


def main(people=2000, image_size=64, filters=64, batch_size=16, epochs=2):
    model = kh.StackedHourglass(
        stacks=1, block="separable", depth=3, filters=filters, image_size=image_size
    )
    model.compile("adam", kh.HeatmapLoss(foreground=9), metrics=[kh.PCKh()])

    dataset = kh.load_dataset("synthetic", people)
    train, val = dataset.split("train"), dataset.split("val")[:people]
    return model.fit(
        train.batches(model, batch_size, augmentation="paper", shuffle=True),
        validation_data=val.batches(model, batch_size),
        callbacks=[kh.PCKhCallback()],
        epochs=epochs,
    )


if __name__ == "__main__":
    main()
