        # wrong: the drain is long enough for everybody
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
