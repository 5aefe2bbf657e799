"""The processes of `flask serve`: one that watches over the others, and web processes that face the network."""
