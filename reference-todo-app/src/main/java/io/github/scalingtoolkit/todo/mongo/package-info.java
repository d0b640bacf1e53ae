/**
 * Todos in MongoDB, one document each with its outbox inside it.
 *
 * <p>It uses only features that MongoDB 4.2, mongo-java-server and FerretDB all have: no transactions, no TTL or
 * partial index, no collation, no pipeline update.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.mongo;
