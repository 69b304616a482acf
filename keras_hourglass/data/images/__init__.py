"""Images: decoding, headers and safety checks."""
