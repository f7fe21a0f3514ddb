"""Everything on one machine: the supervisor behind `orderhub up`, and the demo that runs on it."""
