"""When what runs, and who is told: jobs, sensors, alerts."""
