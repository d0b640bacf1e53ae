/** Time that can be stepped: a clock to inject and a deadline to pass on. */
package io.github.scalingtoolkit.core.time;
