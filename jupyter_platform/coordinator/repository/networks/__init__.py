"""Networks: descriptions, tags and weights, import and export."""
