"""The parts of the speed benchmarks: a stub of the services, contenders in processes of their own, and the figures."""
