"""What data are used for: purposes, the six bases in law, purposes of cookies and their trackers."""
