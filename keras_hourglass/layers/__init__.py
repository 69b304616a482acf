"""The layers that hourglasses are made of, in `keras` and `keras.ops` alone."""
