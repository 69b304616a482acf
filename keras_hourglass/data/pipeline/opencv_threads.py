"""Threads of OpenCV: one for each call, where calls run in parallel already."""

import os
from threading import Lock

import cv2


class OneOpenCVThread:
    """Lets OpenCV use one thread in a block; afterwards as many as before.

    The number is one for the whole process. So blocks may overlap, in several threads:
    the last that ends restores it.
    """

    def __init__(self):
        self._lock, self._blocks, self._before = Lock(), 0, 1

    def __enter__(self):
        with self._lock:
            if not self._blocks:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._blocks += 1

    def __exit__(self, *error):
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                cv2.setNumThreads(self._before)


ONE_OPENCV_THREAD = OneOpenCVThread()
if hasattr(os, "register_at_fork"):  # the threads that were in blocks stay behind
    os.register_at_fork(after_in_child=ONE_OPENCV_THREAD.__init__)
