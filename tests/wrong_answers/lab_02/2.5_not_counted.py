        # wrong: the queue knows itself how long it is
        if self._waiting + len(rows) > self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
