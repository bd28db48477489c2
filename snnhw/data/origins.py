"""Where the files of each data set come from, under which licence, and their MD5 as publishers or loaders give it.

MD5 says whether a download is whole, not whether somebody changed it. Those of MNIST and Fashion-MNIST are of the files
without gzip, whose wrapping differs between copies. Sources: the pages that are named; for the recordings of event
cameras the lists of SpikingJelly's loaders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Origin:
    """The source of a data set."""

    url: str
    licence: str
    md5: Mapping[str, str] = field(default_factory=dict)  # file, as it is fetched or unpacked -> MD5

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"url": self.url, "licence": self.licence, "md5": dict(self.md5)}


UNSTATED = "none stated by its authors"
_MNIST = Origin(
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "CC BY-SA 3.0 (LeCun, Cortes)",
    {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
)

ORIGINS: dict[str, Origin] = {
    "digits": Origin(
        "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        "CC BY 4.0; comes with scikit-learn",
    ),
    "mnist": _MNIST,
    "fashion": Origin(
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT (Zalando SE)",
        {
            "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
            "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
            "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
        },
    ),
    "cifar10": Origin(
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        UNSTATED,
        {
            "cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a",
            "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530",
        },
    ),
    "nmnist": Origin(
        "https://www.garrickorchard.com/datasets/n-mnist",
        "CC BY-SA 4.0 (Orchard et al. 2015)",
        {"Train.zip": "20959b8e626244a1b502305a9e6e2031", "Test.zip": "69ca8762b2fe404d9b9bad1103e97832"},
    ),
    "mnist_saccades": replace(_MNIST, licence=f"{_MNIST.licence}; simulated from its images"),
    "dvsgesture": Origin(
        "https://research.ibm.com/interactive/dvsgesture/",
        "CC BY 4.0 (Amir et al. 2017)",
        {"DvsGesture.tar.gz": "8a5c71fb11e24e5ca5b11866ca6c00a1"},
    ),
    "dvscifar10": Origin(
        "https://doi.org/10.6084/m9.figshare.4724671",
        "as its page states (Li et al. 2017)",
        {
            "airplane.zip": "0afd5c4bf9ae06af762a77b180354fdd",
            "automobile.zip": "8438dfeba3bc970c94962d995b1b9bdd",
            "bird.zip": "a9c207c91c55b9dc2002dc21c684d785",
            "cat.zip": "52c63c677c2b15fa5146a8daf4d56687",
            "deer.zip": "b6bf21f6c04d21ba4e23fc3e36c8a4a3",
            "dog.zip": "f379ebdf6703d16e0a690782e62639c3",
            "frog.zip": "cad6ed91214b1c7388a5f6ee56d08803",
            "horse.zip": "e7cbbf77bec584ffbf913f00e682782a",
            "ship.zip": "41c7bd7d6b251be82557c6cce9a7d5c9",
            "truck.zip": "89f3922fd147d9aeff89e76a2b0b70a7",
        },
    ),
}
