/** A cache-aside helper that never serves a value older than a completed write. */
package io.github.scalingtoolkit.cache;
