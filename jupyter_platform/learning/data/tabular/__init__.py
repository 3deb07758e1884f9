"""Tables: how they are recognised, read, prepared and judged."""
