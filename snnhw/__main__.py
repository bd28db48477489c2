"""python -m snnhw."""

from snnhw.cli import main

main()
