"""The report of a run: facts, verdicts, charts, pages and files."""
