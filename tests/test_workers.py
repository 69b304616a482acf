"""Processes that make batches or predict: the same as without, on every backend."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

import keras
import numpy as np
import pytest

from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people import from_rows
from keras_hourglass.skeletons import MPII

BACKEND = keras.backend.backend()
SIZE = 32


def batches(people, **changes):
    """Batches of a seed, augmented and shuffled."""
    how = {"augmentation": "modern", "shuffle": True, "seed": 3, "backend": "jax"}
    return people.batches(SIZE, 5, **how | changes)


@pytest.fixture
def processes(drawn):
    """The batches of twelve people, made by two processes."""
    dataset = batches(drawn[:12])
    dataset.workers, dataset.use_multiprocessing = 2, True
    return dataset


def assert_same_batches(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        for given, wanted in zip(one, other, strict=True):
            np.testing.assert_array_equal(np.asarray(given), np.asarray(wanted))


def test_two_processes_make_the_epochs_of_none(drawn, processes):
    alone = batches(drawn[:12])
    for _ in range(3):
        assert_same_batches(processes, alone)
    workers = [*processes._pool._processes]
    assert len(workers) == 2 and os.getpid() not in workers


@pytest.mark.parametrize("shuffle", [True, False])
def test_fit_gets_the_same_epochs_from_processes(drawn, processes, shuffle):
    """With the model not built: Keras takes a batch before the first epoch."""
    heard = {}
    for name, dataset in {"none": batches(drawn[:12]), "two": processes}.items():
        network, labels = keras.Sequential([keras.layers.GlobalMaxPooling2D()]), []

        def listen(truth, predicted, labels=labels):
            with suppress(Exception):  # where Keras asks for shapes, without values
                labels.append(np.array(keras.ops.convert_to_numpy(truth)))
            return keras.ops.mean(keras.ops.cast(predicted, "float32"))

        network.add(keras.layers.Dense(1))
        network.compile("sgd", listen, run_eagerly=True)
        network.fit(dataset, epochs=2, shuffle=shuffle, verbose=0)
        heard[name] = np.concatenate(labels)
    assert len(heard["two"]) == 24
    np.testing.assert_array_equal(heard["two"], heard["none"])


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_data_loader_with_workers_makes_the_same_epochs(drawn, method):
    torch = pytest.importorskip("torch")
    if method == "fork" and BACKEND != "torch":
        pytest.skip("the threads of another backend do not survive a fork")
    samples = batches(drawn[:12], backend="torch")
    options = {"num_workers": 2, "multiprocessing_context": method}
    alone = torch.utils.data.DataLoader(samples, batch_size=5)
    both = torch.utils.data.DataLoader(
        samples, batch_size=5, persistent_workers=True, **options
    )
    for epoch in range(2):
        samples.set_epoch(epoch)
        assert_same_batches(both, alone)


@pytest.mark.skipif(os.name != "posix", reason="needs signals between processes")
def test_ctrl_c_leaves_processes_to_the_one_that_takes_batches(drawn, processes):
    expected = [*batches(drawn[:12])]
    first = processes[0]
    for worker in processes._pool._processes:
        os.kill(worker, signal.SIGINT)
    assert_same_batches([first, processes[1], processes[2]], expected)


@pytest.mark.skipif(os.name != "posix", reason="needs signals between processes")
def test_after_the_end_of_a_process_others_make_the_batch(drawn, processes):
    processes[0]
    # Of one that is killed while it sends a batch, Python waits for the rest forever.
    for future in processes._made.values():
        future.result()
    for worker in [*processes._pool._processes]:
        os.kill(worker, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="A process that makes batches has ended"):
        while True:  # until those that were made ahead are taken
            processes[0]
    assert_same_batches([processes[1]], [batches(drawn[:12])[1]])


@pytest.fixture
def damaged(drawn, tmp_path):
    """Six people; the image files of two of them cannot be decoded."""
    paths = {number: tmp_path / f"damaged {number}.jpg" for number in (1, 4)}
    for path in paths.values():
        path.write_bytes(b"no image")
    person = {"joints": np.full((16, 2), 20.0), "weights": np.ones(16)}
    person |= {"center": [20.0, 20.0], "side": 40.0}
    rows = [
        {**person, "image": str(paths[number]), "name": f"person {number}"}
        if number in paths
        else {
            **person,
            "image": f"train {number}",
            "name": f"person {number}",
            "reader": drawn.readers[0],
        }
        for number in range(6)
    ]
    return from_rows(MPII, rows)


def test_an_image_that_cannot_be_read_raises_the_error_of_one_process(damaged):
    def error(dataset):
        with pytest.raises(ImageDecodeError) as raised:
            list(dataset)
        return str(raised.value), dataset.loader.failures

    alone = damaged.batches(SIZE, 2, backend="jax")
    both = damaged.batches(SIZE, 2, backend="jax")
    both.workers, both.use_multiprocessing = 2, True
    message, failures = error(both)
    assert message == error(alone)[0] and "person 1: " in message
    assert failures == {damaged.images[1]: message}


def test_images_that_are_skipped_by_processes_are_counted(damaged):
    alone = damaged.batches(SIZE, 2, backend="jax", broken="skip")
    both = damaged.batches(SIZE, 2, backend="jax", broken="skip")
    both.workers, both.use_multiprocessing = 2, True
    assert_same_batches(both, alone)
    assert both.loader.failures == alone.loader.failures
    assert [*both.loader.failures] == [damaged.images[1], damaged.images[4]]


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_an_error_in_a_data_loader_names_person_and_file(damaged, method):
    torch = pytest.importorskip("torch")
    if method == "fork" and BACKEND != "torch":
        pytest.skip("the threads of another backend do not survive a fork")
    samples = damaged.batches(SIZE, backend="torch")
    options = {"num_workers": 1, "multiprocessing_context": method}
    with pytest.raises(ImageDecodeError, match="person 1: .*damaged 1.jpg cannot be"):
        [*torch.utils.data.DataLoader(samples, batch_size=2, **options)]


def run_script(folder, text):
    """Runs a script of a user, and returns the words that it prints."""
    path = folder / "script.py"
    path.write_text(textwrap.dedent(text))
    run = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_processes_import_no_backend_and_start_few_threads(tmp_path):
    script = """
        import os, sys

        def state(number):
            names = "tensorflow", "jax", "torch", "keras"
            import cv2
            from keras_hourglass.data.pipeline.batch_maker import Worker
            Worker.maker(0)
            threads = len(os.listdir("/proc/self/task"))
            loaded = [name for name in names if name in sys.modules]
            return threads, loaded

        if __name__ == "__main__":
            import keras_hourglass as kh
            people = kh.load_dataset("synthetic:8").split("train")
            dataset = people.batches(32, 4, "modern", backend="jax")
            dataset.workers, dataset.use_multiprocessing = 2, True
            [*dataset]
            threads, loaded = dataset._pool.submit(state, 0).result()
            print(threads, *loaded)
    """
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("needs Linux's list of threads")
    threads, *loaded = run_script(tmp_path, script)
    assert not loaded and int(threads) <= 3


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's processes")
def test_a_kill_leaves_no_processes(tmp_path):
    script = """
        import os, signal
        import keras_hourglass as kh

        if __name__ == "__main__":
            people = kh.load_dataset("synthetic:8")
            dataset = people.batches(32, 4, backend="jax")
            dataset.workers, dataset.use_multiprocessing = 2, True
            dataset[0]
            print(*dataset._pool._processes, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    saved = {**os.environ, "TMPDIR": str(tmp_path)}
    with open(tmp_path / "printed", "w+") as printed:
        subprocess.run([sys.executable, path], stdout=printed, env=saved)
        printed.seek(0)
        workers = printed.read().split()
    assert len(workers) == 2
    end = time.monotonic() + 20
    while running := [w for w in workers if os.path.isdir(f"/proc/{w}")]:
        assert time.monotonic() < end, running
        time.sleep(0.1)
    assert not [*tmp_path.glob("batch_maker_*")]


def test_a_script_without_a_guard_ends_with_one_sentence(tmp_path):
    """With more people than a pipe holds, where a write would wait forever."""
    script = """
        import pickle
        import keras_hourglass as kh

        dataset = kh.load_dataset("synthetic:3000").batches(32, 4, backend="jax")
        dataset.workers, dataset.use_multiprocessing = 2, True
        assert len(pickle.dumps(dataset)) > 2**17
        [*dataset]
    """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    saved = tmp_path / "saved"
    saved.mkdir()
    run = subprocess.run(
        [sys.executable, path],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "TMPDIR": str(saved)},
    )
    assert run.returncode == 1
    assert run.stderr.count("A process that makes batches has ended. Scripts") == 1
    assert not [*saved.glob("batch_maker_*")]


def test_processes_predict_the_poses_of_one(tmp_path):
    script = """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        import numpy as np

        def main():
            import keras_hourglass as kh
            network = kh.StackedHourglass(
                1, filters=8, stem_filters=4, depth=2, image_size=32
            )
            estimator = kh.PoseEstimator(network, passes=1, detector=None)
            random = np.random.default_rng(0)
            images = [*random.integers(0, 256, (3, 40, 56, 3), "uint8")]
            expected = [estimator(image) for image in images]
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                poses = [*pool.map(estimator, images)]
            assert poses == expected
            with context.Pool(1) as pool:
                assert pool.map(estimator, images) == expected
            print("equal")

        if __name__ == "__main__":
            main()
    """
    assert run_script(tmp_path, script) == ["equal"]
