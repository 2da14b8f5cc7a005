"""What two editions say differently, and what that makes of cases."""
