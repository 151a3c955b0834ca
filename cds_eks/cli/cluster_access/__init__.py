"""How a cluster is reached: the addresses that the API tells, and the kubeconfig that its user has fetched."""
