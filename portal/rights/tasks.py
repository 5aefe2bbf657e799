"""The jobs of rights requests."""
