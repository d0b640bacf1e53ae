/**
 * The role {@code cluster}: a supervisor that owns ports, data and stores, and N workers behind its balancer.
 *
 * <p>{@link io.github.scalingtoolkit.todo.cluster.Supervisor} is the process that was started. It starts each worker by
 * the same command with another environment, and holds the other end of its standard input: a worker whose input ends
 * has lost its supervisor and ends too. A worker tells its two ports by one line of its standard output.
 */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.todo.cluster;
