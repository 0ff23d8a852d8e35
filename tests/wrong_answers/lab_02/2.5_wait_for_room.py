        # wrong: wait until there is room
        while self._waiting + len(rows) > self._queue_rows:
            self._changed.wait()
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
