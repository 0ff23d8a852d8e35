        # wrong: first the drain, then the grace
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        self._turn_while(lambda: self.front.busy, self.settings.grace_seconds)
