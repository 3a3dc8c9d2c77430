"""What is counted: requests, times, features and predictions, as Prometheus reads them."""
