"""Quality and speed, measured on real data: what `nextep evaluate` and `nextep bench` run."""
