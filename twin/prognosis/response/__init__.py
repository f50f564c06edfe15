"""Response: who gains from which arm of a randomised trial, whether by more than chance, and what that is good for."""
