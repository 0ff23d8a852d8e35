"""The contracts that platforms speak: thin translations over the same service, one Flask blueprint each."""
