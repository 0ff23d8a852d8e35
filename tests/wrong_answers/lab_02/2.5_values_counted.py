        # wrong: an array knows its own size
        if self._waiting + rows.size > self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
