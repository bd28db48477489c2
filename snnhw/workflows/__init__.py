"""One public function for each verb of the command line; nothing here prints."""
