"""Running graphs: the reference engines, the record they leave, and comparing records; none changes a graph."""
