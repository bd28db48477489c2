"""What two runs differ in, layer by layer, and the runs of a folder by date, both read from reports."""
