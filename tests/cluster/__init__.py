"""A real Kubernetes cluster for tests and the demo: programs, images, node and adapters."""
