/** Starting and stopping in order, each step with a deadline, and the threads that blocking work runs on. */
package io.github.scalingtoolkit.core.lifecycle;
