//! Asks edge and API after a change whether they have it.
