/** Starting and stopping in order, each step with a deadline, the threads that blocking work runs on, and background loops. */
package io.github.scalingtoolkit.core.lifecycle;
