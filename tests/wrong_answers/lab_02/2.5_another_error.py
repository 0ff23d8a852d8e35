        # wrong: the standard library has an error for full queues
        import queue

        if self._waiting + len(rows) > self._queue_rows:
            raise queue.Full
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
