"""The pipeline of training: from people to batches."""
