"""The one exception that means "your input", as opposed to "our bug".

Every message is one sentence that names the place and the remedy; the command line prints it and exits with 2.
"""

from __future__ import annotations


class InputError(Exception):
    """Something the user gave (file, shape, name, value) cannot be used; the message says where and what to do."""
