"""An exported network behind a server, with many clients at a time."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from keras_hourglass.export.serving import publish_version

CLIENTS, ROUNDS = 4, 10
PATIENCE = 300  # seconds until a new version must answer, on the slowest of machines
WARM, MANY, GROWTH = 300, 2000, 16  # requests, requests, MB


def test_nothing_is_lost_while_versions_change(server, pictures, answers):
    """Good and bad requests of several clients, until the new version has answered."""
    grpc = pytest.importorskip("grpc")
    seen, begun = set(), time.monotonic()

    def client(number):
        count = 0
        while count < ROUNDS or (len(seen) < 2 and time.monotonic() - begun < PATIENCE):
            which = (number + count) % len(pictures)
            found, version = server.ask(image_bytes=[pictures[which]])
            np.testing.assert_allclose(found["keypoints"][0], answers[which], atol=0.05)
            seen.add(version)
            with pytest.raises(grpc.RpcError, match="JPEG or PNG"):
                server.ask(image_bytes=[b"no picture"])
            status, content = server.post({"instances": [pictures[which]]})
            assert status == 200 and len(content["predictions"]) == 1
            count += 1
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        while not seen:
            time.sleep(0.01)
        copy = partial(shutil.copytree, server.folder / "1")
        new = publish_version(server.folder, copy)
        assert all(client.result() >= ROUNDS for client in clients)
    assert len(seen) == 2 and int(new.name) in seen


@pytest.mark.slow
def test_memory_stays_flat(server, pictures):
    def one(number):
        return server.ask(image_bytes=[pictures[number % len(pictures)]])[0]

    def several(count):
        with ThreadPoolExecutor(CLIENTS) as pool:
            for found in pool.map(one, range(count)):
                assert np.isfinite(found["keypoints"]).all()

    several(WARM)
    before = resident(server.process)
    several(MANY)
    assert resident(server.process) - before < GROWTH


def resident(process) -> float:
    """MB of a process's memory."""
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
