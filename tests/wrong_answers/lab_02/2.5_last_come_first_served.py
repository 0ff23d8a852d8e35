        # wrong: those who came last have not given up yet
        if self._waiting + len(rows) > self._queue_rows:
            raise Overloaded
        self._jobs.appendleft((rows, answer))
        self._waiting += len(rows)
