//! DynamoDB Streams to the cache: every change raises its floor.
