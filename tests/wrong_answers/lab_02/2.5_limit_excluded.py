        # wrong: full is full
        if self._waiting + len(rows) >= self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
