"""Work as the planner sees it: attempts, ranks, leases, plans; no word of what it is for."""
