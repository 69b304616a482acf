"""Training in 16 bits: what it needs for results in 32 bits to be good."""
