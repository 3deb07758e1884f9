"""What people drop into folders or upload, read in a process that can be killed."""
