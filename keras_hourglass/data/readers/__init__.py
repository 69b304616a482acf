"""From the files of a dataset to its people: what all readers share."""
