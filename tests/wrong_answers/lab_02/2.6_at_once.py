        # wrong: SIGTERM means stop; finish what is under way
        begun = time.monotonic()
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
