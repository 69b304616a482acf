"""Callbacks for any `fit`: PCKh, diagnostics, TensorBoard and progress."""
