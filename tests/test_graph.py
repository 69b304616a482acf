import keras
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.callbacks.tensorboard import graph_of
from keras_hourglass.models.blocks import BLOCKS


def takes(graph):
    return {node.name: list(node.input) for node in graph.node}


def sides(node):
    (shape,) = node.attr["_output_shapes"].list.shape
    return [side.size for side in shape.dim]


@pytest.mark.parametrize("block", BLOCKS)
def test_from_the_heatmaps_every_way_leads_to_the_images(block):
    network = {"filters": 4, "stem_filters": 2, "depth": 2, "image_size": 32}
    model = StackedHourglass(stacks=2, block=block, **network)
    graph = graph_of(model)
    inputs = takes(graph)
    assert len(inputs) == len(graph.node)  # no name twice
    assert [name for name, taken in inputs.items() if not taken] == ["images"]
    assert inputs["heatmaps"] == ["stack_1_heatmaps", "stack_2_heatmaps"]
    reached, todo = set(), ["heatmaps"]
    while todo:
        name = todo.pop()
        reached.add(name)
        todo += {*inputs[name]} - reached
    assert reached == inputs.keys()
    assert any(name.startswith("stack_1/inner/inner_1/") for name in inputs)
    (last,) = [node for node in graph.node if node.name == "heatmaps"]
    assert (last.op, sides(last)) == ("StackHeatmaps", [-1, 2, 8, 8, 16])
    assert sum(node.attr["parameters"].i for node in graph.node) == model.count_params()


def test_a_graph_leaves_a_model_as_it_was():
    network = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(stacks=1, **network)
    first, again = (takes(graph_of(model)) for _ in range(2))
    assert len(first) == len(again)
    assert keras.models.clone_model(model).count_params() == model.count_params()


def test_layers_that_come_twice_or_cannot_be_looked_into_are_drawn_all_the_same():
    @keras.saving.register_keras_serializable("tests")
    class Numbers(keras.layers.Layer):
        """Has a layer inside, and takes no symbols."""

        def __init__(self):
            super().__init__(name="numbers")
            self.inner = keras.layers.Dense(3)

        def build(self, shape):
            self.inner.build(shape)

        def call(self, x):
            float("symbol") if isinstance(x, keras.KerasTensor) else None
            return x

        def compute_output_shape(self, shape):
            return shape

    x = keras.Input((3,), name="in")
    dense = keras.layers.Dense(3, name="dense")
    model = keras.Model(x, Numbers()(dense(dense(x))))
    assert takes(graph_of(model)) == {
        "in": [],
        "dense": ["in"],
        "dense_again": ["dense"],
        "numbers": ["dense_again"],
    }
