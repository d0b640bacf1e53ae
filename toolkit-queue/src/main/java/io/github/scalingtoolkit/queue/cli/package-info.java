/** The command line of a queue. Not for other code: {@code QueueCli} is its main class. */
@org.jspecify.annotations.NullMarked
package io.github.scalingtoolkit.queue.cli;
