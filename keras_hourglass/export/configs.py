"""Files that a server is started with, beside the versions of a network."""

from pathlib import Path

from keras_hourglass.replacing import replacing

BATCHES = (1, 2, 4, 8, 16)  # sizes that a server makes of requests, and warms up
BATCHING = """\
# tensorflow_model_server --enable_batching --batching_parameters_file=THIS
# Requests that come at the same time run together. On a CPU leave out the lines with
# allowed_batch_sizes: what fills a batch up is work, too.
max_batch_size {{ value: {largest} }}
batch_timeout_micros {{ value: 2000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
{sizes}
"""
MODELS = """\
# tensorflow_model_server --model_config_file=THIS
model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    # Two versions at once, say, to go back to the one before without a pause:
    # model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  }}
}}
"""


def write(directory):
    """Writes those that are not there: what somebody has changed stays as it is."""
    directory = Path(directory)
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in BATCHES)
    texts = {
        "batching.config": BATCHING.format(largest=max(BATCHES), sizes=sizes),
        "models.config": MODELS.format(name=directory.resolve().name),
    }
    for name, text in texts.items():
        if not (directory / name).exists():
            with replacing(directory / name) as beside:
                beside.write_text(text)
