        # wrong: clients see that a connection is closed
        begun = time.monotonic()
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
