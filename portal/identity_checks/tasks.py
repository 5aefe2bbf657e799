"""The jobs of identity documents."""
