"""Run folders of networks that are not trained."""

import torch

from snnhw.nn import build
from snnhw.train.card import Card
from snnhw.train.run import save_run


def run_of(folder, model="digits_ds_resnet8", relu=True, **arguments):
    torch.manual_seed(1)
    network = build(model, relu=relu, **arguments)
    about = {"parameters": 0, "input_shape": (1, 8, 8), "timesteps": 1, "classes": 10, "data": "digits"}
    about |= {"data_checksum": "", "test_checksum": "", "accuracy": 0.0, "validation_accuracy": None, "seed": 1}
    card = Card(model=model, arguments=arguments, relu=relu, seconds=0.0, command="", recipe={}, **about)
    save_run(folder, network, card, [])
    return folder
