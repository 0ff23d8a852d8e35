        # wrong: ask whether it is full before, and let the last one in
        if self._waiting >= self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
