"""The capacity model: users to sessions, streams, slots, pods, cores, connections, storage and cost. docs/capacity.md."""
