"""The runner behind the command `labs`. It knows labs, environments and machines, and nothing of houses."""
