"""Facts about the machine: devices, mounts, and who uses a disk."""
