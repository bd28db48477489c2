"""What others take from a report: tables and figures of a paper, references, cards, badges, traces."""
