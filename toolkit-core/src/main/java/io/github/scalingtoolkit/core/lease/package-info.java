/**
 * Locks and semaphores across processes, with fencing tokens.
 *
 * <pre>{@code
 * try (Leases leases = Leases.open(redis)) {
 *   Optional<Lease> lease = leases.acquire("nightly-report", Duration.ofSeconds(5));
 *   if (lease.isPresent()) {
 *     try (Lease held = lease.get()) {
 *       store.write(report, held.token());
 *     }
 *   }
 * }
 * }</pre>
 */
package io.github.scalingtoolkit.core.lease;
