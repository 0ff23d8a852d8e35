"""Have the memory of a process stay flat, whatever it was asked."""

import ctypes

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_THRESHOLD = 2**17  # bytes; glibc's own, which it would raise by itself


def share_one_arena() -> None:
    """Have all threads take their memory from one place, and what is free there go back to the system.

    glibc gives each thread an arena of its own, and what one large request took in it comes back to that thread only:
    after sixteen of them at once a process kept 800 MiB instead of 250. Other C libraries have no such setting, and are
    left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in ((_M_ARENA_MAX, 1), (_M_TRIM_THRESHOLD, _THRESHOLD), (_M_MMAP_THRESHOLD, _THRESHOLD)):
            mallopt(setting, value)
