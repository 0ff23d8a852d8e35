"""Put the service on a cluster of this machine, change it there under load, and take all of it away again."""
