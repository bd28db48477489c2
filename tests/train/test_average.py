import pytest
import torch
from torch import nn

from snnhw.train.average import Average


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


@pytest.mark.parametrize("decay", [0.05, 0.5, 0.999])
def test_the_average_is_its_formula(decay):
    net = network()
    average = Average(net, decay)
    expected = {name: value.clone().double() for name, value in net.state_dict().items()}
    for step in range(12):
        with torch.no_grad():
            for value in net.state_dict().values():
                value.add_(torch.ones_like(value) * (1 + step))
        average.begin(step)
        average.update()
        d = min(decay, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            expected[name] = d * expected[name] + (1 - d) * value
    for name, value in average.values.items():
        whole = name.endswith("num_batches_tracked")
        wanted = net.state_dict()[name].double() if whole else expected[name]
        torch.testing.assert_close(value.double(), wanted.double(), rtol=1e-5, atol=1e-5)


def test_the_network_with_the_average_is_the_same_memory_and_gets_its_own_weights_back():
    net = network()
    average = Average(net, 0.9)
    own = {name: value.clone() for name, value in net.state_dict().items()}
    for value in average.values.values():
        value.add_(5)
    places = [p.data_ptr() for p in net.parameters()]
    with pytest.raises(KeyError), average.in_place():
        assert all(torch.equal(value, average.values[name]) for name, value in net.state_dict().items())
        raise KeyError
    assert all(torch.equal(value, own[name]) for name, value in net.state_dict().items())
    assert places == [p.data_ptr() for p in net.parameters()]


def test_an_average_goes_on_from_given_values():
    net = network()
    given = {name: torch.full_like(value, 3) for name, value in net.state_dict().items()}
    average = Average(net, 0.9, given)
    assert all(torch.equal(value, given[name]) for name, value in average.values.items())
    assert all(value is not given[name] for name, value in average.values.items())
