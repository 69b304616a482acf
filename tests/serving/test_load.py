"""An exported network behind a server, with many clients at a time."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from keras_hourglass.export.saved_model.serving import publish_version

CLIENTS, ROUNDS = 4, 10
VERSION_TIMEOUT = 300  # seconds until a new version answers, on slow machines
WARM, MANY, GROWTH = 300, 2000, 16  # requests, requests, MB


def test_nothing_is_lost_while_versions_change(server, images, expected):
    """Good and bad requests of several clients, until the new version has answered."""
    grpc = pytest.importorskip("grpc")
    versions, begun = set(), time.monotonic()

    def client(number):
        count = 0
        while count < ROUNDS or (
            len(versions) < 2 and time.monotonic() - begun < VERSION_TIMEOUT
        ):
            which = (number + count) % len(images)
            outputs, version = server.predict(image_bytes=[images[which]])
            np.testing.assert_allclose(
                outputs["keypoints"][0], expected[which], atol=0.05
            )
            versions.add(version)
            with pytest.raises(grpc.RpcError, match="JPEG or PNG"):
                server.predict(image_bytes=[b"no image"])
            status, content = server.post({"instances": [images[which]]})
            assert status == 200 and len(content["predictions"]) == 1
            count += 1
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        while not versions:
            time.sleep(0.01)
        copy = partial(shutil.copytree, server.folder / "1")
        new = publish_version(server.folder, copy)
        assert all(client.result() >= ROUNDS for client in clients)
    assert len(versions) == 2 and int(new.name) in versions


@pytest.mark.slow
def test_memory_stays_flat(server, images):
    def one(number):
        return server.predict(image_bytes=[images[number % len(images)]])[0]

    def several(count):
        with ThreadPoolExecutor(CLIENTS) as pool:
            for outputs in pool.map(one, range(count)):
                assert np.isfinite(outputs["keypoints"]).all()

    several(WARM)
    before = resident(server.process)
    several(MANY)
    assert resident(server.process) - before < GROWTH


def resident(process) -> float:
    """MB of a process's memory."""
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
