        # wrong: nobody is cut off
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        while self.front.busy:
            self._turn()
