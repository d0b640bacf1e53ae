package io.github.scalingtoolkit.benchmarks.report;

/**
 * Where it was measured, taken down by program.
 *
 * @param date UTC, to the minute
 * @param commit the checkout's, with "+" if it had changes
 * @param command what was run
 * @param system kernel and architecture
 * @param cpu the model
 * @param cores as the JVM sees them
 * @param memoryMiB of the machine
 * @param java that of the service and of the generator
 * @param node that of peers on Node
 * @param mongo the store on MongoDB's wire
 * @param redis the Redis
 * @param settings what the service was given beyond its defaults
 * @param loadBefore load average of a minute before it began: what else ran; each slice has the share of others
 */
public record Environment(
    String date,
    String commit,
    String command,
    String system,
    String cpu,
    int cores,
    long memoryMiB,
    String java,
    String node,
    String mongo,
    String redis,
    String settings,
    double loadBefore) {}
