"""Names of nodes say which module they are of, once each."""

from torch import nn

from snnhw.tracing.names import node_name


def test_a_name_is_the_path_and_a_number_where_it_is_taken():
    network = nn.Module()
    network.body = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1)))
    assert node_name(network, "body.1.0", ()) == "body_1_0"
    assert node_name(network, "body.0", {"body_0"}) == "body_0_2"
    assert node_name(network, "body.0", {"body_0", "body_0_2"}) == "body_0_3"
    assert node_name(network.body, "0", ()) == "layer_0"


def test_containers_of_named_stages_and_wrappers_add_nothing():
    network = nn.Module()
    network.stages = nn.Sequential()
    network.stages.add_module("first", nn.Linear(1, 1))
    network.wide = nn.DataParallel(nn.Linear(1, 1))
    assert node_name(network, "stages.first", ()) == "first"
    assert node_name(network, "wide.module", ()) == "wide"
