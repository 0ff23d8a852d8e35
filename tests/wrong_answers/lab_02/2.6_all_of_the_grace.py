        # wrong: the platform has given us so many seconds, so use them
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: True, left)
