//! The queues, the bus and the event source mappings of the local stack.
