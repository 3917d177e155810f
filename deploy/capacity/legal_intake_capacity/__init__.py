"""The capacity model: users to sessions, slots, pods, cores, connections, storage and cost. See docs/capacity.md."""
