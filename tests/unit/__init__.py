"""The parts of the package, each by itself. The folders are those of `cds_eks`."""
