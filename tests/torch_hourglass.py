"""The hourglass network in PyTorch, for the tests of conversion.

By the description of Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose
Estimation, ECCV 2016. Modules have the names of the published checkpoints.
"""

import torch
from torch import nn
from torch.nn import functional

MEAN = (0.4404, 0.4440, 0.4327)  # of red, green and blue, 0 to 1


class Block(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        half = filters // 2
        sizes = [(channels, half, 1), (half, half, 3), (half, filters, 1)]
        for i, (before, after, side) in enumerate(sizes, 1):
            self.add_module(f"bn{i}", nn.BatchNorm2d(before))
            conv = nn.Conv2d(before, after, side, padding=side // 2)
            self.add_module(f"conv{i}", conv)
        if channels != filters:
            self.downsample = nn.Sequential(nn.Conv2d(channels, filters, 1))

    def forward(self, x):
        y = self.conv1(self.bn1(x).relu())
        y = self.conv2(self.bn2(y).relu())
        y = self.conv3(self.bn3(y).relu())
        return y + (self.downsample(x) if hasattr(self, "downsample") else x)


def chain(blocks, filters):
    return nn.Sequential(*[Block(filters, filters) for _ in range(blocks)])


class Hourglass(nn.Module):
    def __init__(self, depth, blocks, filters):
        super().__init__()
        # Up, down and back at each level, from the innermost, which has `inner` too.
        self.hg = nn.ModuleList(
            nn.ModuleList(chain(blocks, filters) for _ in range(3 if level else 4))
            for level in range(depth)
        )

    def forward(self, x, level=None):
        level = len(self.hg) - 1 if level is None else level
        up, down, back, *inner = self.hg[level]
        y = down(functional.max_pool2d(x, 2))
        y = back(inner[0](y) if inner else self(y, level - 1))
        return up(x) + functional.interpolate(y, scale_factor=2, mode="nearest")


class Network(nn.Module):
    """`(batch, height, width, 3)` uint8 -> `(batch, stacks, h / 4, w / 4, joints)`."""

    def __init__(self, stacks, blocks, filters, stem_filters, depth, joints=16):
        super().__init__()
        each, between, c = range(stacks), range(stacks - 1), stem_filters
        self.conv1 = nn.Conv2d(3, c, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(c)
        self.layer1 = nn.Sequential(Block(c, 2 * c))
        self.layer2 = nn.Sequential(Block(2 * c, 4 * c))
        self.layer3 = nn.Sequential(Block(4 * c, filters))

        def pointwise(before, after, places):
            return nn.ModuleList(nn.Conv2d(before, after, 1) for _ in places)

        self.hg = nn.ModuleList(Hourglass(depth, blocks, filters) for _ in each)
        self.res = nn.ModuleList(chain(blocks, filters) for _ in each)
        self.fc = nn.ModuleList(
            nn.Sequential(nn.Conv2d(filters, filters, 1), nn.BatchNorm2d(filters))
            for _ in each
        )
        self.score = pointwise(filters, joints, each)
        self.fc_ = pointwise(filters, filters, between)
        self.score_ = pointwise(joints, filters, between)

    def forward(self, images):
        x = torch.as_tensor(images).float() / 255 - torch.tensor(MEAN)
        x = self.bn1(self.conv1(x.permute(0, 3, 1, 2))).relu()
        x = functional.max_pool2d(self.layer1(x), 2)
        x = self.layer3(self.layer2(x))
        heatmaps = []
        for i in range(len(self.hg)):
            y = self.fc[i](self.res[i](self.hg[i](x))).relu()
            heatmaps.append(self.score[i](y))
            if i < len(self.fc_):
                x = x + self.fc_[i](y) + self.score_[i](heatmaps[-1])
        return torch.stack(heatmaps, 1).permute(0, 1, 3, 4, 2)


def trained(**sizes):
    """A network with random weights and statistics, as uneven as after training."""
    torch.manual_seed(0)
    network = Network(**sizes).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            module.num_batches_tracked.fill_(7)
    return network
