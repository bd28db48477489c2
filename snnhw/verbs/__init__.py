"""The verbs of the command line by the part of the pipeline they drive; each calls one public function."""
