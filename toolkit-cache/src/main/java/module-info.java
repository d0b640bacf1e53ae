/** A cache-aside helper that never serves a value older than a completed write. */
@org.jspecify.annotations.NullMarked
module io.github.scalingtoolkit.cache {
  requires static transitive org.jspecify;
  requires static micrometer.core;
  requires transitive io.github.scalingtoolkit.core;
  requires transitive com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.datatype.jdk8;
  requires com.fasterxml.jackson.datatype.jsr310;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;

  exports io.github.scalingtoolkit.cache;
}
