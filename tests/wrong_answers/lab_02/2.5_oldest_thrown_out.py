        # wrong: the newest request is the most important one
        while self._waiting + len(rows) > self._queue_rows and self._jobs:
            old, waiting = self._jobs.popleft()
            self._waiting -= len(old)
            waiting.set_exception(Overloaded())
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
