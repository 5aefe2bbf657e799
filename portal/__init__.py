"""A self-hosted portal where customers see and govern the personal data that a company holds about them."""
