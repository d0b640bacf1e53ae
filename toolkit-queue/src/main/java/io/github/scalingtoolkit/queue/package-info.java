/** A job queue on Redis that loses nothing. */
package io.github.scalingtoolkit.queue;
