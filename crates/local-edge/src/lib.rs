//! The edge of the local stack: an HTTP cache in front of any origin, and CloudFront's invalidation API.
