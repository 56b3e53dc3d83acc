"""Demo data: invented people, agencies and proposals in every status. Never used in production."""
