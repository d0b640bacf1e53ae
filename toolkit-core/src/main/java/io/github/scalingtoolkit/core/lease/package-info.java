/**
 * Locks and semaphores across processes, with fencing tokens.
 *
 * <pre>{@code
 * try (Leases leases = Leases.open(redis)) {
 *   boolean ran = leases.run("nightly-report", Duration.ofSeconds(5),
 *       lease -> store.write(report, lease.token()));
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.lease;
