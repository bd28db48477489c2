"""Every data set has a source and a licence, and checksums that are some."""

import re

from snnhw.data.datasets import NAMES
from snnhw.data.origins import ORIGINS


def test_every_data_set_says_where_it_is_from():
    assert tuple(ORIGINS) == NAMES
    for origin in ORIGINS.values():
        assert origin.url.startswith("https://") and origin.licence
        assert all(re.fullmatch("[0-9a-f]{32}", md5) for md5 in origin.md5.values())
        assert len(set(origin.md5.values())) == len(origin.md5)
        assert origin.to_dict() == {"url": origin.url, "licence": origin.licence, "md5": origin.md5}
