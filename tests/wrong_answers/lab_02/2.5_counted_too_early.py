        # wrong: count, and then look
        self._waiting += len(rows)
        if self._waiting > self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
