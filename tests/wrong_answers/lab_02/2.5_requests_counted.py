        # wrong: count what is in the queue
        if len(self._jobs) >= self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
