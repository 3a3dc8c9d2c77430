"""Input and output: the cluster, the metrics, and making decisions true."""
