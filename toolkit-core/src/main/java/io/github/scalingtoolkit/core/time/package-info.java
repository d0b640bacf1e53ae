/** Time that can be stepped: a clock to inject and a deadline to hand on. */
package io.github.scalingtoolkit.core.time;
