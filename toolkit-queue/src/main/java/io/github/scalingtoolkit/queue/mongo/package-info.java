/**
 * The outbox and the records of side effects in MongoDB, beside the data that they belong to. Needs mongodb-driver-sync.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.queue.mongo;
