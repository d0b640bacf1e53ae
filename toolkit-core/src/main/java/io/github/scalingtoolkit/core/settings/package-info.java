/** Settings from the environment, read once and reported together when wrong; secrets that never print. */
package io.github.scalingtoolkit.core.settings;
