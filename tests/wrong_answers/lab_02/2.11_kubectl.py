    # wrong: kubectl can do that already
    cluster.kubectl("rollout", "undo", f"deployment/{NAME}", "--namespace", NAMESPACE)
