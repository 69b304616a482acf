"""TensorFlow's remarks at its start, which are not for users of a command."""

import os
import sys
import tempfile
from contextlib import contextmanager


@contextmanager
def silence_stderr():
    """Nothing reaches the standard error, unless what is done within fails.

    TensorFlow writes there past Python, and some of it before it heeds any setting.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.stderr is None:  # closed by the caller
        yield
        return
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(shown, said.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(shown, 2)
            os.close(shown)
