"""What this domain holds about a customer: drafts, requests, their history and decisions."""
