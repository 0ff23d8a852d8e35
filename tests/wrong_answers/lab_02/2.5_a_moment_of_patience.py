        # wrong: there may be room in a moment
        end = time.monotonic() + 1
        while self._waiting + len(rows) > self._queue_rows:
            if time.monotonic() > end:
                raise Overloaded
            self._changed.wait(0.1)
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
