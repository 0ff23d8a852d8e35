        # wrong: an empty queue has room for anything
        if self._waiting and self._waiting + len(rows) > self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
