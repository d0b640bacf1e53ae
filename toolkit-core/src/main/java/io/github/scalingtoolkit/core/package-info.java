/**
 * The two functional types that the other packages take: {@link io.github.scalingtoolkit.core.Action} and its like.
 *
 * <p>Metrics are in the package of what they measure, in classes whose names end in {@code Metrics}: these need
 * micrometer-core, and nothing else does. Names of all modules: lower case with dots, under {@code toolkit.} and the area's
 * name; no unit in the name (the registry adds it); tags whose values the code decides, never a user. The one exception:
 * breakers, their bulkheads and their retries keep Resilience4j's names, so that its dashboards work.
 */
package io.github.scalingtoolkit.core;
