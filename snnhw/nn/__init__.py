"""Multi-level-firing networks as torch modules."""

from snnhw.nn.fused import fire_normalised
from snnhw.nn.ilif import ILIF
from snnhw.nn.models import MODELS, build
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.official import from_official, is_official, read_checkpoint
from snnhw.nn.packing import packed_spikes
from snnhw.nn.resnet import DSResNet
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.twin import relu_twin
from snnhw.nn.vgg import VGG16

__all__ = [
    "ILIF",
    "MLF",
    "MODELS",
    "VGG16",
    "DSResNet",
    "Frames",
    "MeanOverTime",
    "TDBatchNorm",
    "build",
    "fire_normalised",
    "from_official",
    "is_official",
    "packed_spikes",
    "read_checkpoint",
    "relu_twin",
]
