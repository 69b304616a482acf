"""MPII, from the download (http://human-pose.mpi-inf.mpg.de) to the score.

python examples/mpii.py FOLDER, with images/ and mpii_human_pose_v1_u12_1.mat in it
"""

import sys

import keras

import keras_hourglass as kh


def main(root, dataset="mpii", output="best.keras", epochs=30, **network):
    people = kh.load_dataset(dataset, root)
    train, val = people.split("train"), people.split("val")
    model = kh.StackedHourglass(**network)
    model.compile(keras.optimizers.Adam(1e-3), kh.HeatmapLoss(), metrics=[kh.PCKh()])
    batches = train.batches(model, 16, augmentation="modern", shuffle=True)
    best = keras.callbacks.ModelCheckpoint(
        output, monitor="val_pckh", mode="max", save_best_only=True
    )
    val_batches, callbacks = val.batches(model, 16), [kh.PCKhCallback(), best]
    model.fit(batches, validation_data=val_batches, epochs=epochs, callbacks=callbacks)
    print(result := kh.evaluate(output, val, flip=True))
    return result


if __name__ == "__main__":
    main(sys.argv[1], stacks=2, block="multidilated")
