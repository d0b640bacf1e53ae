/**
 * Shows what core knows in Micrometer. Needs micrometer-core; nothing else in core does.
 *
 * <p>Names of all modules: lower case with dots, under {@code toolkit.} and the module's name; no unit in the name (the
 * registry adds it); tags whose values the code decides, never a user. The one exception: breakers, their
 * bulkheads and their retries keep Resilience4j's names, so that its dashboards work.
 */
package io.github.scalingtoolkit.core.metrics;
