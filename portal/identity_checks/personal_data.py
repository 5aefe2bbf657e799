"""What this domain holds about a customer: the result of a check, and for a short time its document."""
