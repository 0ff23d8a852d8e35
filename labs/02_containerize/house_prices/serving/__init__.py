"""Lab 02: the model as a service, in a container and on a cluster."""
