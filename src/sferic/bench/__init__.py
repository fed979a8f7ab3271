"""What this machine can do: `sferic bench`, in one process and without a network."""
