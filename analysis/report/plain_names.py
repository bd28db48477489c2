"""What profiles are called in sentences for readers who know none of them: Loihi 1 in place of loihi1-davies2018.

Takes the titles of all profiles of a report; gives a name each that tells it apart from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


def plain_names(titles: Mapping[str, str]) -> dict[str, str]:
    """By profile: its title up to the first comma, the rest in brackets where another one begins alike.

    Args:
        titles: by profile; one without a title, or with the title of another, keeps its own name.
    """
    heads = Counter(_parts(title)[0] for title in titles.values())
    whole = Counter(titles.values())
    found = {}
    for name, title in titles.items():
        head, rest = _parts(title)
        if not head or whole[title] > 1:
            found[name] = name
        else:
            found[name] = f"{head} ({rest})" if heads[head] > 1 and rest else head
    return found


def _parts(title: str) -> tuple[str, str]:
    head, _, rest = title.partition(", ")
    return head, rest
